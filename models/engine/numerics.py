"""The numerics class: which bits this process makes.

One thread, deterministic kernels, one instruction set. `MKL_CBWR=AVX2`, `ATEN_CPU_CAPABILITY=avx2` and
`OMP_NUM_THREADS=1` must be in the environment before torch is loaded; whoever starts the process sees to that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from models.errors import SnapshotMismatch
from models.specs.numerics import ENGINE_VERSION, NumericsSpec

_ENVIRONMENT = {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "1"}


def numerics_class() -> dict[str, Any]:
    """The class of this process, as `NumericsSpec` writes it."""
    spec = NumericsSpec(
        device="cpu",
        torch=torch.__version__.split("+")[0],
        capability=torch.backends.cpu.get_cpu_capability().lower(),
        engine=ENGINE_VERSION,
        compiled=False,
    )
    return spec.model_dump(mode="json")


def configure() -> None:
    """Make this process compute as its class says; SnapshotMismatch if it was started otherwise."""
    wrong = {name: os.environ.get(name) for name, value in _ENVIRONMENT.items() if os.environ.get(name) != value}
    if wrong:
        wanted = ", ".join(f"{name}={_ENVIRONMENT[name]}" for name in wrong)
        raise SnapshotMismatch(f"the process was started without {wanted}: set them before torch is loaded")
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


@contextmanager
def arithmetic() -> Iterator[None]:
    """Subnormal numbers count as 0 inside.

    Moments of silent units decay into the subnormal range and would slow every update down many times. Only inside,
    because the setting belongs to the thread, and other libraries rely on subnormal numbers.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
