"""The numerics class: which bits this process makes.

One thread, deterministic kernels, one instruction set but for oneDNN and OpenBLAS. `MKL_CBWR=AVX2`,
`ATEN_CPU_CAPABILITY=avx2` and `OMP_NUM_THREADS=1` must be in the environment before torch is loaded; whoever starts the
process sees to that.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from threadpoolctl import threadpool_limits
from torch.nn import functional

from models.credit import products
from models.draw import Draw
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


def arithmetic_digest() -> str:
    """Names the bits that this machine makes: a hash of products, convolutions and elementary functions.

    Processors of one class can differ: MKL chooses kernels by more than the instruction set it is told, oneDNN, which
    takes convolutions, and OpenBLAS, which takes thin and large products, by what the processor has. Two machines whose
    digests differ do not continue each other's lives bit for bit.
    """
    said = hashlib.sha256()
    draw = Draw(torch.arange(3)).at("arithmetic")
    for rows, inner, columns in ((1, 7, 5), (5, 33, 65), (20, 64, 20), (33, 127, 10), (50, 784, 33)):
        left = draw.at("left", str(inner)).uniform(rows, inner) - 0.5
        right = draw.at("right", str(inner)).uniform(inner, columns) - 0.5
        for product in (torch.bmm(left, right), torch.bmm(right.mT, left.mT), torch.bmm(left[:1], right[:1])):
            said.update(product.contiguous().numpy().tobytes())
    x = (draw.at("argument").uniform(1027) - 0.5) * 8.0
    for form in (torch.tanh, torch.exp, torch.erf, lambda x: torch.log(x.abs()), lambda x: x.softmax(dim=-1)):
        said.update(form(x).numpy().tobytes())
    said.update(draw.at("normal").normal(1001).numpy().tobytes())
    for rows, inner, columns in ((64, 784, 256), (64, 128, 128), (64, 64, 128), (64, 128, 10), (33, 7, 40)):
        x, weight = draw.at("many").uniform(rows, inner), draw.at("weight").uniform(inner, columns)
        found = products.product(x, weight)
        for each in (found, products.paired(x, found), products.product(found, weight.mT)):
            said.update(each.numpy().tobytes())
    # Small convolutions have the same bits with and without AVX-512, larger ones have not.
    for items, maps, side, kernels in ((5, 3, 9, 7), (64, 16, 14, 32)):
        image = draw.at("image").uniform(items, maps, side, side)
        kernel = draw.at("kernel").uniform(kernels, maps, 3, 3)
        convolved = [functional.conv2d(*each) for each in zip(image, kernel, strict=True)]
        said.update(torch.stack(convolved).numpy().tobytes())
    return said.hexdigest()[:16]


def configure() -> None:
    """Make this process compute as its class says; SnapshotMismatch if it was started otherwise."""
    wrong = {name: os.environ.get(name) for name, value in _ENVIRONMENT.items() if os.environ.get(name) != value}
    if wrong:
        wanted = ", ".join(f"{name}={_ENVIRONMENT[name]}" for name in wrong)
        raise SnapshotMismatch(f"the process was started without {wanted}: set them before torch is loaded")
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    _leave_one_thread()
    torch.use_deterministic_algorithms(True)
    # Whoever asks for an empty buffer fills all of it; filling it before costs a tenth of an update of convolutions.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


@cache
def _leave_one_thread() -> None:
    """Of numpy's BLAS, which read the environment when numpy was loaded: perhaps before it was settled."""
    threadpool_limits(limits=1, user_api="blas")


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
