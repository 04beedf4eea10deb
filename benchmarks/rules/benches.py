"""The tasks: what is shown, to which net, how it is moved, for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Bench:
    """A net, its optimizer, what it is shown and for how long it is trained."""

    name: str
    hidden: tuple[int, ...]
    optimizer: Mapping[str, Any]
    batch: int
    passes: int
    quick: int
    """Passes of the quick form."""
    world: Mapping[str, Any] = field(default_factory=lambda: {"source": "digits"})
    frame: tuple[int, ...] = (1, 8, 8)
    items: tuple[int, int] = (1200, 397)
    """To train and to test."""
    area: Mapping[str, Any] = field(default_factory=lambda: {"kind": "linear", "act": "tanh"})
    """What hidden areas are."""
    output: str = "none"
    """Activation of the head."""
    cost: str = "cross_entropy"
    weight: float = 1.0
    """Of the cost."""
    mode: str = "forward"
    """Of the pathways between areas."""
    gain: float = 1.0
    """By which the weights of the lowest area are multiplied at birth."""
    sweeps: int = 1
    """Time steps for which an item is held."""

    def at(self, lr: float, passes: int | None = None, quick: int | None = None) -> Bench:
        """The same at another rate, and perhaps for longer."""
        given = {**self.optimizer, "lr": lr}
        return replace(self, optimizer=given, passes=passes or self.passes, quick=quick or self.quick)


A = Bench("A", (20, 20), {"kind": "sgd", "lr": 0.1}, 20, 60, 15, world={"source": "digits", "normalise": "centred"})
B = Bench("B", (128, 64), {"kind": "adam", "lr": 1e-3}, 64, 20, 8)
MOMENTUM = replace(B, optimizer={"kind": "sgd", "lr": 0.05, "momentum": 0.9}, passes=40)
TWO = replace(
    B.at(2e-3), area={"kind": "linear", "act": "sigmoid4"}, output="sigmoid4", cost="mse", weight=5.0, mode="symmetric"
)
"""Of rules of two phases; at this weight the error of mse, a mean over ten units, is the output less the label."""
SHALLOW = replace(TWO, hidden=(128,))
HELD = replace(SHALLOW.at(5e-4), passes=16)
"""Of those that hold the output at the label."""
RECTIFIED = {"kind": "linear", "act": "relu"}
STRONG, STRONG_B = replace(A, area=RECTIFIED), replace(B.at(3e-3, 40, 8), area=RECTIFIED)
"""Of rules that ask how strongly areas answer."""
BURSTS = replace(B.at(3e-3, passes=32), area={"kind": "linear", "act": "sigmoid"})
PLAIN = replace(B, optimizer={"kind": "sgd", "lr": 0.1}, passes=40, quick=16)
RATES = replace(
    B.at(1e-3, passes=10, quick=3), name="T", hidden=(128,), sweeps=12, area={"kind": "recurrent", "leak": 0.5}
)
"""Recurrent units with a leak; every scan held for 12 steps."""
SPIKES = replace(RATES.at(2e-3, passes=20), area={"kind": "recurrent", "act": "lif"}, gain=3.0)
MNIST = Bench(
    "MNIST",
    (256, 256),
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    64,
    2,
    2,
    world={"source": {"kind": "dataset", "name": "mnist"}},
    frame=(1, 28, 28),
    items=(51429, 10000),
)
"""In the full form only."""
