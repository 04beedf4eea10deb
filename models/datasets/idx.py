"""The idx format of MNIST, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np

from models.datasets.parts import Array, Part, Unreadable, Whole, afford

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_REMEDY = "get the file again"


def is_idx(path: Path) -> bool:
    """Whether a file is called as idx files are."""
    name = path.name.removesuffix(".gz")
    return name.endswith((".idx", "-ubyte")) or ".idx" in name


def read_idx(paths: Sequence[Path]) -> Whole:
    """Pairs of items and labels: train, valid and test (or t10k) by their names; a pair without such a name is all."""
    found: dict[str, dict[str, Array]] = {}
    for path in paths:
        array = read_array(path)
        split, kind = _split(path.name), "labels" if array.ndim == 1 else "items"
        if kind in found.setdefault(split, {}):
            raise Unreadable(path, f"a second file of {kind} of {split}", "name files train..., valid..., test...")
        found[split][kind] = array
    parts = {split: _paired(split, arrays) for split, arrays in found.items()}
    image = next(iter(parts.values())).items.ndim > 2
    return Whole("idx", "image" if image else "x", parts)


def read_array(path: Path) -> Array:
    """The array of one file; Unreadable if it is no idx file, or not as long as it says."""
    opened = gzip.open if path.name.endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            return _array(path, cast(IO[bytes], file))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(path, f"no whole gzip file ({error})", _REMEDY) from error


def _array(path: Path, file: IO[bytes]) -> Array:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 4:
        raise Unreadable(
            path, f"begins with {head.hex(' ')}, which is not how idx files begin (00 00 type dimensions)", _REMEDY
        )
    dtype = np.dtype(_TYPES[head[2]])
    shape = tuple(np.frombuffer(_exactly(path, file, 4 * head[3]), ">u4").tolist())
    afford(path, shape, dtype.itemsize)
    data = _exactly(path, file, prod(shape) * dtype.itemsize)
    if file.read(1):
        raise Unreadable(path, f"goes on behind the {len(data)} bytes that its head promises", _REMEDY)
    array = np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    return array[:, None] if array.ndim == 3 else array


def _exactly(path: Path, file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise Unreadable(path, f"ends {count - len(data)} bytes before it should", _REMEDY)
    return data


def _split(name: str) -> str:
    for split, words in {"test": ("t10k", "test"), "valid": ("valid",), "train": ("train",)}.items():
        if any(word in name for word in words):
            return split
    return "all"


def _paired(split: str, arrays: Mapping[str, Array]) -> Part:
    if "items" not in arrays:
        raise Unreadable(f"{split} labels", "labels without items", "add the file of items")
    return Part(arrays["items"], arrays.get("labels"))
