"""What must stand in the environment before torch loads, so that one numerics class means one set of bits.

OpenMP, MKL and ATen read these variables once, when the library is loaded: set later, they change nothing and say
nothing. So this module is imported first, and a process that already holds torch under other settings is refused.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

BEFORE_TORCH = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MKL_CBWR": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
"""One thread (1 and 2 give different sums); the same kernels of MKL for odd shapes and on every CPU with AVX2."""


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _LARGEST = -1, -3, 2**30
"""Of malloc.h, and up to how many bytes it is obeyed."""

_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


class TooLate(RuntimeError):
    """Torch was loaded before its environment was settled; what it computes belongs to no declared class."""


def settle() -> None:
    """Set the variables; TooLate if torch is loaded and saw others. Safe to call again."""
    differing = sorted(name for name, value in BEFORE_TORCH.items() if os.environ.get(name) != value)
    if differing and "torch" in sys.modules:
        names = ", ".join(differing)
        raise TooLate(f"torch is already loaded without {names}; call workers.environment.settle() before importing it")
    os.environ.update(BEFORE_TORCH)
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Have glibc keep what is freed: an update asks for the same megabytes again, and fresh pages cost a third of it.

    Other C libraries have no such switch and need none here.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def resident_mib() -> float:
    """Memory this process occupies."""
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * _PAGE_MIB


def private_temporary_folder(home: Path, name: str) -> None:
    """Point this process's temporary files at a folder of its own that nobody else may read."""
    folder = home / "tmp" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = str(folder)
