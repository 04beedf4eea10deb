"""Small data sets, written and registered as an operator would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from build import tiny_schedule
from sklearn.datasets import load_digits

from models.datasets.keeping import register
from models.datasets.reading import read
from models.specs.worlds.dataset import Registered


def write_scans(path: Path) -> Path:
    """The file that the example of `dataset` tells of."""
    x, y = load_digits(return_X_y=True)
    np.savez(path, x=(x * 15).astype("uint8").reshape(-1, 8, 8), y=y)
    return path


def register_scans(folder: Path, name: str = "scans", *, inverted: bool = False) -> Registered:
    """The data set of the example; `inverted`: another one for the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = write_scans(folder / "given.npz")
    if inverted:
        with np.load(path) as kept:
            np.savez(path, x=255 - kept["x"], y=kept["y"])
    entry = register(folder, name, read([path]), replace=True)
    path.unlink()
    return entry


def register_colours(folder: Path) -> Registered:
    """The data set of the example of `desaturate`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "given.npz"
    x, y = load_digits(return_X_y=True)
    grey = (x * 15).astype("uint8").reshape(-1, 8, 8)
    np.savez(path, x=np.stack([grey, 255 - grey, grey // 2], 3), y=y)
    entry = register(folder, "colours", read([path]), replace=True)
    path.unlink()
    return entry


def schooled(source: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The tiny schedule on a data set."""
    document = tiny_schedule(**changes)
    for world in document["worlds"].values():
        world["source"] = dict(source)
    return document
