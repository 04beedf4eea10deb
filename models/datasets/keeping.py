"""Data sets as they are kept: NAME.json tells what a name stands for, DIGEST.npz holds it."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from models.datasets.parts import SPLITS, Array, Part, Unreadable, Whole, arrays_of, assembled, content_of, digest_of
from models.specs.worlds import dataset
from models.specs.worlds.dataset import Content, Registered

_HEADS = 1 << 16
"""Most bytes that a kept file has beside its numbers."""


def register(folder: Path, name: str, whole: Whole, licence: str = "", *, replace: bool = False) -> Registered:
    """Keep what was read under a name; Unreadable if it is no data set, or the name has other content already."""
    parts = assembled(whole)
    content = content_of(whole, parts)
    size = sum(array.nbytes for array in arrays_of(parts).values())
    entry = Registered(name=name, content=content, form=whole.form, labels=whole.names, licence=licence, bytes=size)
    before = folder / f"{name}.json"
    if before.exists() and not replace:
        known = Registered.model_validate_json(before.read_bytes())
        if known.content != content:
            told = f"is registered already, with other content ({known.content.digest[:12]})"
            raise Unreadable(f"data set {name}", told, "choose another name, or say --replace")
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, content)
    if not place.exists():
        arrays = arrays_of(parts)
        _write(place, lambda file: np.savez(file, allow_pickle=False, **arrays))
    _write(before, lambda file: file.write(entry.model_dump_json(indent=1).encode()))
    return entry


def remove(folder: Path, name: str) -> bool:
    """Forget a name, and what it stood for if no other name does; whether there was such a name."""
    entry = dataset.registered(name)
    if entry is None:
        return False
    (folder / f"{name}.json").unlink()
    others = (dataset.registered(other) for other in dataset.names())
    if not any(other is not None and other.content.digest == entry.content.digest for other in others):
        _place(folder, entry.content).unlink(missing_ok=True)
    return True


def load(folder: Path, content: Content) -> dict[str, Part]:
    """The parts of a content, to the bit; Unreadable if they are not there or not what they were."""
    path, place = _place(folder, content), f"content {content.digest[:12]}"
    try:
        if path.stat().st_size > _expected(content) + _HEADS:
            raise Unreadable(place, "is longer than what was registered", "register the data set again")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays: dict[str, Array] = {name: kept[name] for name in kept.files}
    except FileNotFoundError as error:
        raise Unreadable(place, "is not in the folder of data sets", "register the data set again") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise Unreadable(place, f"cannot be read ({error})", "register the data set again") from error
    if not {f"{split}_items" for split in SPLITS} <= arrays.keys():
        raise Unreadable(place, "lacks a split", "register the data set again")
    parts = {split: Part(arrays[f"{split}_items"], arrays.get(f"{split}_labels")) for split in SPLITS}
    if digest_of(parts) != content.digest:
        raise Unreadable(place, "has changed since it was registered", "register the data set again")
    return parts


def _expected(content: Content) -> int:
    """Most bytes that the numbers of a content take."""
    one = 4 * int(np.prod(content.shape)) + 4 * (content.numbers or 2)
    return one * (content.sizes.train + content.sizes.valid + content.sizes.test)


def _place(folder: Path, content: Content) -> Path:
    return folder / f"{content.digest}.npz"


def _write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """All of a file or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
