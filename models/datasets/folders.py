"""Folders of files, one sub-folder for each class; above them, if there are splits, one for each split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from models.datasets.parts import Array, Part, Unreadable, Whole, afford
from models.specs.worlds.dataset import MAX_CLASSES, MAX_ITEMS

_SPLITS = {"train": "train", "valid": "valid", "val": "valid", "test": "test"}


def read_folder(
    root: Path, endings: tuple[str, ...], form: tuple[str, str], read: Callable[[Path], Array], like: Array
) -> Whole:
    """All files with these endings, each read into an array like the given one; classes in the order of their names."""
    splits = {_SPLITS[each.name]: each for each in _folders(root) if each.name in _SPLITS} or {"all": root}
    classes = sorted({each.name for place in splits.values() for each in _folders(place)})
    if not classes:
        raise Unreadable(root, "has no sub-folders", "make one for each class")
    if len(classes) > MAX_CLASSES:
        raise Unreadable(root, f"{len(classes)} classes", f"at most {MAX_CLASSES} are taken")
    parts = {split: _part(place, classes, endings, read, like) for split, place in splits.items()}
    return Whole(*form, parts, tuple(classes))


def _part(
    place: Path, classes: list[str], endings: tuple[str, ...], read: Callable[[Path], Array], like: Array
) -> Part:
    found = [(path, index) for index, name in enumerate(classes) for path in _files(place / name, endings)]
    if not found:
        raise Unreadable(place, f"no file in its sub-folders ends in {', '.join(endings)}", "give another folder")
    if len(found) > MAX_ITEMS:
        raise Unreadable(place, f"{len(found)} files", f"at most {MAX_ITEMS} are taken")
    afford(place, (len(found), *like.shape), like.dtype.itemsize)
    items = np.empty((len(found), *like.shape), like.dtype)
    for row, (path, _) in enumerate(found):
        items[row] = read(path)
    return Part(items, np.array([index for _, index in found], np.int64))


def _folders(place: Path) -> Iterator[Path]:
    return (each for each in sorted(place.iterdir()) if each.is_dir() and not each.is_symlink() and each.name[0] != ".")


def _files(place: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """Plain files, in the order of their names; links are passed over, they may lead anywhere."""
    if not place.is_dir():
        return
    for path in sorted(place.iterdir()):
        if path.suffix.lower() in endings and path.is_file() and not path.is_symlink():
            yield path
