"""The nets that are trained, as documents for us and as widths for the peers; and what they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from models.datasets.keeping import register
from models.datasets.parts import Part, Whole
from models.specs.worlds import dataset

BATCH = 64
LR = 0.05
ITEMS = 4096
"""Items that are shown in passes, each life in an order of its own."""


@dataclass(frozen=True)
class Net:
    """Rectified units below a linear head with cross entropy, under plain gradient descent."""

    sense: tuple[int, int, int]
    hidden: tuple[int, ...]
    """Units of fully connected areas, or maps of convolutional ones."""
    conv: bool = False
    """3 x 3 kernels, then the maximum over 2 x 2 tiles."""

    @property
    def inputs(self) -> int:
        """Numbers of an item."""
        return int(np.prod(self.sense))


SMALL = Net((1, 8, 8), (128, 128))
MEDIUM = Net((1, 28, 28), (256, 256))
CONV = Net((1, 28, 28), (16, 32), conv=True)


def items(net: Net) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Items (ITEMS, *sense) of numbers in [0, 1], and their classes: what they are does not change the pace."""
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (ITEMS, *net.sense), dtype=np.uint8), draw.integers(0, 10, ITEMS)


def registered(folder: Path) -> None:
    """The items as data sets that documents name."""
    dataset.look_under(folder)
    for net in (SMALL, MEDIUM):
        pixels, classes = items(net)
        few = Part(pixels[:64], classes[:64])
        parts = {"train": Part(pixels, classes), "valid": few, "test": few}
        register(folder, f"items-{net.inputs}", Whole("npz", "retina", parts))


def document(net: Net, lives: int, rule: str | None = None) -> dict[str, Any]:
    """So many lives of a net, for as long as they are asked to go on."""
    kind = {"kind": "conv", "kernel": 3, "pool": 2} if net.conv else {"kind": "linear"}
    size = "channels" if net.conv else "size"
    areas = {f"hidden{i}": {**kind, size: units, "act": "relu"} for i, units in enumerate(net.hidden)}
    areas["head"] = {"kind": "linear", "size": 10, "act": "none"}
    organism: dict[str, Any] = {
        "senses": {"retina": {"shape": list(net.sense)}},
        "areas": areas,
        "pathways": [{"from": low, "to": high} for low, high in pairwise(["retina", *areas])],
        "optimizer": {"kind": "sgd", "lr": LR},
    }
    if rule is not None:
        organism["credit"] = [{"areas": list(areas), "rule": rule}]
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "pace",
        "seeds": {"start": 0, "count": lives},
        "clock": {"batch": BATCH},
        "organism": organism,
        "worlds": {"day": {"source": {"kind": "dataset", "name": f"items-{net.inputs}"}}},
        "costs": {"naming": {"kind": "cross_entropy", "at": "head"}},
        "stages": [{"name": "day", "world": "day", "costs": {"naming": 1.0}, "until": {"after": "100Msp"}}],
    }
