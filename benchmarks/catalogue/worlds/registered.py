"""Data sets of the operator: the same content from every format, none that has changed, and how fast it is shown."""

from __future__ import annotations

import gzip
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace
from models.datasets.keeping import load, register
from models.datasets.parts import Array, Unreadable
from models.datasets.reading import read
from models.specs.worlds import dataset

NAME = "scans"
MNIST = "mnist"


def scans() -> tuple[Array, Array]:
    """scikit-learn's digits in 8 bits, (1797, 8, 8), and their classes: what the example of the kind is made of."""
    pixels, classes = load_digits(return_X_y=True)
    return (pixels * 15).astype(np.uint8).reshape(-1, 8, 8), classes.astype(np.uint8)


@contextmanager
def folder_of(place: Path) -> Iterator[Path]:
    """A folder in which data sets are looked for meanwhile."""
    before = dataset.folder()
    dataset.look_under(place)
    yield place
    if before is not None:
        dataset.look_under(before)


@contextmanager
def kept_scans() -> Iterator[Path]:
    """A folder with the scans under their name."""
    with tempfile.TemporaryDirectory() as place, folder_of(Path(place)) as folder:
        _write_npz(folder / "given.npz")
        register(folder, NAME, read([folder / "given.npz"]))
        yield folder


def _write_npz(path: Path) -> list[Path]:
    items, classes = scans()
    np.savez_compressed(path, x=items, y=classes)
    return [path]


def _write_idx(place: Path, ending: str) -> list[Path]:
    paths = []
    for array in scans():
        data = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
        paths.append(place / f"{array.ndim}.idx{ending}")
        paths[-1].write_bytes(gzip.compress(data) if ending else data)
    return paths


def _formats(quick: bool) -> Iterator[Figure]:
    with kept_scans() as folder:
        files = (folder / "given.npz").parent
        sets = [_write_npz(files / "a.npz"), _write_idx(files, ""), _write_idx(files, ".gz")]
        digests = [register(folder, "other", read(paths), replace=True).content.digest for paths in sets]
        yield Figure("formats", float(len(set(digests))), "contents", "== 1", "npz, idx, idx.gz of the same numbers")
        path = folder / f"{digests[0]}.npz"
        content, refused, tried = register(folder, "other", read(sets[0]), replace=True).content, 0, 20
        kept = path.read_bytes()
        for at in np.linspace(200, len(kept) - 2000, tried).astype(int):
            path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
            try:
                load(folder, content)
            except Unreadable:
                refused += 1
        yield Figure("control", refused / tried, "share", "== 1", "files with one changed bit that are refused")


def _floor(quick: bool) -> Iterator[Figure]:
    with kept_scans():
        train, test = (_split(NAME, split) for split in ("train", "test"))
        yield Figure("logistic", readers.logistic(train, test), "share", "within 0.89 0.98", "8 x 8 digits")
    own = Path(os.environ.get("ONTOGENY_DATA", "."))
    with folder_of(own):
        if MNIST in dataset.names() and not quick:
            x, label = _split(MNIST, "train")
            found = readers.logistic((x[:5000], label[:5000]), _split(MNIST, "test"))
            yield Figure("mnist_logistic", found, "share", "within 0.88 0.92", "5,000 labels, raw pixels")


def _split(name: str, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    channels, label, _ = readers.items({"kind": "dataset", "name": name}, split=split)
    assert label is not None
    return channels["image"][0, :, 0].flatten(1), label[0, :, 0]


def _pace(quick: bool) -> Iterator[Figure]:
    with kept_scans():
        yield from pace("dataset")(quick)


ENTRIES = (entry("dataset", _formats, _floor, _pace),)
