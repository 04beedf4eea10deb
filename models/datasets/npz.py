"""Arrays of numpy: npz files with items and labels, or one npy file of items."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from models.datasets.parts import MOST_BYTES, Array, Part, Unreadable, Whole

_ITEMS = ("x", "images", "items", "data")
_LABELS = ("y", "labels", "label", "targets", "target")
_SPLITS = ("train", "valid", "test")


def read_npz(path: Path, items: str | None = None, labels: str | None = None) -> Whole:
    """Items and labels by the names of their arrays: x_train, y_train, x_test, ...; or x and y; or those given."""
    arrays = _checked(path)
    with np.load(path, allow_pickle=False) as kept:
        if items is not None:
            keys = {"all": (items, labels)}
        else:
            keys = {split: pair for split in (*_SPLITS, "all") if (pair := _pair(arrays, split, labels))}
        if not keys:
            raise Unreadable(
                path, f"arrays {', '.join(arrays)}: none is called x, images, x_train, ...", "say --items NAME"
            )
        read = {name: _one(path, kept, name, arrays) for pair in keys.values() for name in pair if name is not None}
    parts = {
        split: Part(_shaped(read[first]), None if second is None else read[second])
        for split, (first, second) in keys.items()
    }
    return Whole("npz", _channel(parts), parts)


def read_npy(path: Path) -> Whole:
    """Items without labels."""
    with path.open("rb") as file:
        _examine(path, file, path.stat().st_size)
    parts = {"all": Part(_shaped(np.load(path, allow_pickle=False)))}
    return Whole("npz", _channel(parts), parts)


def _checked(path: Path) -> list[str]:
    """Names of the arrays, after a look at what they would take, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [each for each in archive.infolist() if each.filename.endswith(".npy")]
            size = sum(each.file_size for each in inside)
            if size > MOST_BYTES:
                told = f"unpacks to {size / 2**30:.1f} GiB, at most {MOST_BYTES >> 30} are taken"
                raise Unreadable(path, told, "make it smaller")
            for each in inside:
                with archive.open(each) as file:
                    _examine(f"{path}: {each.filename}", file, each.file_size)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise Unreadable(path, f"no whole npz file ({error})", "write it with numpy.savez") from error
    return [each.filename.removesuffix(".npy") for each in inside]


def _examine(place: Path | str, file: IO[bytes], size: int) -> None:
    """Unreadable if the head of an array is none, promises objects, or other than the bytes that there are."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    except ValueError as error:
        raise Unreadable(place, f"no array ({error})", "write it with numpy.save") from error
    if dtype.hasobject:
        raise Unreadable(place, "holds pickled objects, which are never read", "write arrays of numbers")
    if math.prod(shape) * dtype.itemsize != size - file.tell():
        raise Unreadable(place, f"its head promises {list(shape)} {dtype}, it holds other bytes", "get the file again")
    if size > MOST_BYTES:
        raise Unreadable(place, f"is {size / 2**30:.1f} GiB, at most {MOST_BYTES >> 30} are taken", "make it smaller")


def _one(path: Path, kept: Mapping[str, Array], name: str, known: list[str]) -> Array:
    """One array, unpacked once."""
    if name not in known:
        raise Unreadable(path, f"there is no array {name}", f"there are {', '.join(known)}")
    try:
        return kept[name]
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise Unreadable(path, f"array {name} cannot be read ({error})", "get the file again") from error


def _pair(arrays: list[str], split: str, labels: str | None) -> tuple[str, str | None] | None:
    """Names of the items and labels of a split; None if it has no items."""

    def called(words: tuple[str, ...]) -> str | None:
        forms = words if split == "all" else [form for w in words for form in (f"{w}_{split}", f"{split}_{w}")]
        return next((name for name in forms if name in arrays), None)

    first = called(_ITEMS)
    return None if first is None else (first, labels or called(_LABELS))


def _shaped(items: Array) -> Array:
    """Pictures have their channels first; colours that come last are brought there."""
    if items.ndim == 0:
        raise Unreadable("items", "a single number", "give one row for each item")
    if items.ndim == 1:
        return items[:, None]
    if items.ndim == 3:
        return items[:, None]
    if items.ndim == 4 and items.shape[3] in (1, 3, 4) and items.shape[1] not in (1, 3, 4):
        return np.ascontiguousarray(items.transpose(0, 3, 1, 2))
    return items


def _channel(parts: Mapping[str, Part]) -> str:
    return "image" if next(iter(parts.values())).items.ndim > 2 else "x"
