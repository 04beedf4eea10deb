"""The cataract study as a plain script: arm by arm and seed by seed, every life from its birth.

`python -m benchmarks.study.plain ITEMS.npz UNIT SEEDS PART PARTS`: UNIT is the passes that stand for 20 of the example;
this process trains every PARTS-th life from PART on and prints {arm: {seed: final accuracy}}.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

BATCH = 100
LAYERS = (0, 2, 4)


@dataclass(frozen=True)
class Arm:
    """When and how sight is spoilt; lengths in passes."""

    name: str
    onset: float
    duration: float
    kind: str
    half_life: float | None = None
    restart: float | None = None


def arms(unit: float) -> list[Arm]:
    """All arms; `unit` is 20 passes of the example."""
    grid = product((0, 1, 2, 4, 6), (0, 1, 3), ("blur", "flip"))
    found = [
        Arm(f"onset={onset * unit:g}ep,duration={length * unit:g}ep,kind={kind}", onset * unit, length * unit, kind)
        for onset, length, kind in grid
    ]
    half = 1.15 * unit
    return [
        *found,
        Arm("blur-60-decaying-rate", 0, 3 * unit, "blur", half),
        Arm("blur-60-decay-restarted", 0, 3 * unit, "blur", half, 3 * unit),
        Arm("flip-60-decaying-rate", 0, 3 * unit, "flip", half),
        Arm("clean-decaying-rate", 0, 0, "blur", half),
    ]


class Life:
    """One net and what it is shown."""

    def __init__(self, arm: Arm, seed: int, data: dict[str, Tensor], unit: float) -> None:
        torch.manual_seed(seed)
        self.arm = arm
        self.data = data
        self.passes = round(arm.onset + arm.duration + 5 * unit)
        self.model = nn.Sequential(nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
        for index in LAYERS:
            layer = self.model[index]
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="linear" if index == LAYERS[-1] else "relu")
            nn.init.zeros_(layer.bias)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005)
        self.losses: list[float] = []
        self.accuracies: list[tuple[int, float]] = []
        self.ranks: list[float] = []
        self.fishers: list[list[float]] = []

    def grow(self, read: int, look: int, window: float) -> float:
        """Train to the end; the mean accuracy of the last so many passes."""
        for number in range(self.passes):
            self.one_pass(number)
            if (number + 1) % read == 0:
                self.accuracies.append((number + 1, self.accuracy()))
            if (number + 1) % look == 0:
                self.ranks.append(self.rank())
                self.fishers.append(self.fisher())
        last = [value for number, value in self.accuracies if number > self.passes - window]
        return float(np.mean(last))

    def one_pass(self, number: int) -> None:
        """All items once."""
        x, y = self.data["x"], self.data["y"]
        order = torch.randperm(len(x))
        spoilt = self.arm.onset <= number < self.arm.onset + self.arm.duration
        for start in range(0, len(x), BATCH):
            index = order[start : start + BATCH]
            shown = x[index]
            if spoilt:
                shown = shown @ self.data["blur"] if self.arm.kind == "blur" else shown.flip(-1)
            loss = functional.cross_entropy(self.model(shown), y[index])
            self.optimizer.param_groups[0]["lr"] = 0.1 * self.plasticity(number + start / len(x))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())

    def plasticity(self, age: float) -> float:
        """Of the rate, at an age in passes."""
        if self.arm.half_life is None:
            return 1.0
        since = age - self.arm.restart if self.arm.restart is not None and age >= self.arm.restart else age
        return float(0.5 ** (since / self.arm.half_life))

    @torch.no_grad()
    def accuracy(self) -> float:
        """On the test items."""
        return float((self.model(self.data["test_x"]).argmax(1) == self.data["test_y"]).float().mean())

    @torch.no_grad()
    def rank(self) -> float:
        """Effective rank of the first layer's rates on the test items."""
        rate = torch.relu(self.model[0](self.data["test_x"])).double()
        size = torch.linalg.svdvals(rate - rate.mean(0))
        share = size / size.sum()
        return float(torch.exp(-torch.xlogy(share, share).sum()))

    def fisher(self) -> list[float]:
        """Trace of the Fisher information of each layer, of answers drawn from what the net says."""
        params = {name: value.detach() for name, value in self.model.named_parameters()}
        x = self.data["x"][:500]
        with torch.no_grad():
            answers = torch.distributions.Categorical(logits=self.model(x)).sample()

        def loss(params: dict[str, Tensor], one: Tensor, answer: Tensor) -> Tensor:
            return functional.cross_entropy(functional_call(self.model, params, (one,)), answer)

        grads = vmap(grad(loss), in_dims=(None, 0, 0))(params, x, answers)
        squares = {name: each.flatten(1).square().sum(1).mean() for name, each in grads.items()}
        return [float(squares[f"{index}.weight"] + squares[f"{index}.bias"]) for index in LAYERS]


def main() -> None:
    """Train this process's share."""
    torch.set_num_threads(1)
    path, unit, seeds, part, parts = sys.argv[1], *map(float, sys.argv[2:])
    with np.load(path) as kept:
        data = {name: torch.from_numpy(kept[name]) for name in kept.files}
    lives = [(arm, seed) for arm in arms(unit) for seed in range(int(seeds))]
    read, look = max(1, round(unit / 10)), max(1, round(unit / 2))
    found: dict[str, dict[int, float]] = {}
    for arm, seed in lives[int(part) :: int(parts)]:
        found.setdefault(arm.name, {})[seed] = Life(arm, seed, data, unit).grow(read, look, unit / 2)
    print(json.dumps(found))


def told(text: str) -> dict[str, Any]:
    """What a process printed."""
    return dict(json.loads(text.splitlines()[-1]))


if __name__ == "__main__":
    main()
