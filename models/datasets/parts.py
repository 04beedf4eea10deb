"""What a reader makes of files, and how it becomes a data set of three splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.specs.worlds.dataset import MAX_CLASSES, MAX_ITEMS, Content, Sizes

MOST_BYTES = 2 << 30
SPLITS = ("train", "valid", "test")

Array = npt.NDArray[np.generic]


class Unreadable(ValueError):
    """A file that is no data set, or not a whole one: where, what, what to do."""

    def __init__(self, place: Path | str, what: str, remedy: str) -> None:
        super().__init__(f"{place}: {what}; {remedy}")


@dataclass(frozen=True)
class Part:
    """Items of one split, or of a set that is not split yet, with their labels."""

    items: Array
    """(items, *shape)."""
    labels: Array | None = None
    """(items,) classes, (items, D) numbers."""


@dataclass(frozen=True)
class Whole:
    """All that was read: parts by split, `all` if there are no splits."""

    form: str
    channel: str
    parts: Mapping[str, Part]
    names: tuple[str, ...] = ()
    """Of the classes."""


def afford(place: Path | str, shape: tuple[int, ...], width: int) -> None:
    """Unreadable if so many numbers of so many bytes are more than a data set may have; asked before they are read."""
    if any(extent < 1 for extent in shape):
        raise Unreadable(place, f"shape {list(shape)} holds nothing", "leave it out")
    if prod(shape) * width > MOST_BYTES:
        size = f"{prod(shape) * width / 2**30:.1f} GiB"
        raise Unreadable(
            place, f"shape {list(shape)} is {size}, at most {MOST_BYTES >> 30} are taken", "make it smaller"
        )


def assembled(whole: Whole) -> dict[str, Part]:
    """Train, valid and test with plain types, checked; the missing ones cut from what there is.

    Of a set without splits every fifth item is test, of a train part without valid every seventh is valid, both by a
    fixed permutation, so that a set that lies sorted by class is not cut by class.
    """
    parts = {name: _plain(name, part) for name, part in whole.parts.items()}
    if "all" in parts:
        parts["train"], parts["test"] = _cut(parts.pop("all"), 5)
    if "train" not in parts or "test" not in parts:
        raise Unreadable(", ".join(parts), "a train and a test part are wanted, or one part for all", "give both")
    if "valid" not in parts:
        parts["train"], parts["valid"] = _cut(parts["train"], 7)
    chosen = {name: parts[name] for name in SPLITS}
    _agree(chosen)
    afford("all parts", (sum(part.items.size * part.items.itemsize for part in chosen.values()),), 1)
    return chosen


def content_of(whole: Whole, parts: Mapping[str, Part]) -> Content:
    """What the assembled parts hold."""
    labels = [part.labels for part in parts.values() if part.labels is not None]
    classes = numbers = None
    if labels and labels[0].dtype == np.int64:
        classes = max(len(whole.names), 1 + max(int(each.max()) for each in labels))
    elif labels:
        numbers = labels[0].shape[1]
    return Content(
        digest=digest_of(parts),
        channel=whole.channel,
        shape=parts["train"].items.shape[1:],
        classes=classes,
        numbers=numbers,
        sizes=Sizes(**{name: len(part.items) for name, part in parts.items()}),
    )


def digest_of(parts: Mapping[str, Part]) -> str:
    """SHA-256 over every array in order: its name, type, shape and bytes."""
    found = hashlib.sha256()
    for name, array in arrays_of(parts).items():
        found.update(f"{name} {array.dtype.str} {list(array.shape)}\n".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def arrays_of(parts: Mapping[str, Part]) -> dict[str, Array]:
    """The arrays by the names they are kept under."""
    arrays: dict[str, Array] = {}
    for split in SPLITS:
        arrays[f"{split}_items"] = parts[split].items
        labels = parts[split].labels
        if labels is not None:
            arrays[f"{split}_labels"] = labels
    return arrays


def _plain(name: str, part: Part) -> Part:
    """Items as uint8 or float32, labels as int64 or float32; Unreadable if they are neither, or not finite."""
    if not 1 <= len(part.items) <= MAX_ITEMS:
        raise Unreadable(name, f"{len(part.items)} items", f"at least one and at most {MAX_ITEMS} are taken")
    items, labels = _numbers(f"items of {name}", part.items), part.labels
    if labels is None:
        return Part(items)
    if len(labels) != len(items):
        raise Unreadable(name, f"{len(items)} items but {len(labels)} labels", "give one label for each item")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind not in "iub":
        numbers = _numbers(f"labels of {name}", labels).astype(np.float32)
        return Part(items, numbers.reshape(len(numbers), -1))
    if labels.ndim != 1:
        raise Unreadable(f"labels of {name}", f"whole numbers of shape {list(labels.shape)}", "give one class an item")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= MAX_CLASSES:
        raise Unreadable(
            f"labels of {name}", f"classes {low} to {high}", f"number them from 0 to at most {MAX_CLASSES - 1}"
        )
    return Part(items, labels.astype(np.int64))


def _numbers(place: str, given: Array) -> Array:
    if given.dtype == np.uint8:
        return given
    if given.dtype == np.bool_:
        return given.astype(np.uint8) * np.uint8(255)
    if given.dtype.kind not in "iuf" or given.dtype.itemsize > 8:
        raise Unreadable(place, f"type {given.dtype}", "give uint8, other whole numbers or floats")
    with np.errstate(over="ignore"):
        found = given.astype(np.float32)
    if not np.isfinite(found).all():
        raise Unreadable(place, "numbers that are not finite", "replace or drop them")
    return found


def _cut(part: Part, one_in: int) -> tuple[Part, Part]:
    """The part without, and with, one in so many items; both in the order they had."""
    count = len(part.items)
    if count < 2 * one_in:
        raise Unreadable("all parts", f"{count} items are too few to set aside one in {one_in}", "give more items")
    taken = np.zeros(count, dtype=bool)
    taken[_permutation(count)[: count // one_in]] = True
    return _chosen(part, ~taken), _chosen(part, taken)


def _chosen(part: Part, which: npt.NDArray[np.bool_]) -> Part:
    return Part(part.items[which], None if part.labels is None else part.labels[which])


def _permutation(count: int) -> npt.NDArray[np.int64]:
    """The same for every set of this many items, on every machine: order of the splitmix64 hashes of the positions."""
    with np.errstate(over="ignore"):
        mixed = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")


def _agree(parts: Mapping[str, Part]) -> None:
    """Unreadable if parts differ in more than their length."""
    first = parts["train"]
    for name, part in parts.items():
        for what, one, other in (("items", first.items, part.items), ("labels", first.labels, part.labels)):
            if (one is None) != (other is None):
                raise Unreadable(
                    f"{what} of {name}", "there, but not in every part", "give labels for all parts or for none"
                )
            if one is not None and other is not None and (one.dtype, one.shape[1:]) != (other.dtype, other.shape[1:]):
                told = f"{other.dtype} {list(other.shape[1:])}, in train {one.dtype} {list(one.shape[1:])}"
                raise Unreadable(f"{what} of {name}", told, "give all parts the same type and shape")
