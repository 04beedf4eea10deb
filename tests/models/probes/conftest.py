"""A toy organism to measure: `retina` -> `V1` (tanh) -> `head`, with lives whose parameters are drawn by address."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Batch, Episodes, Moment, Params, ProbeView

SENSE, UNITS, CLASSES = 6, 5, 4
V1, V1_BIAS, HEAD, HEAD_BIAS = (
    "area/V1/from/retina/weight",
    "area/V1/bias",
    "area/head/from/V1/weight",
    "area/head/bias",
)


@dataclass
class Toy:
    """Measures itself, as the engine would."""

    params: Params
    batch: Batch
    draw: Draw
    twist: float = 0.0
    """Share of a fixed direction in what the toy's rule returns."""

    def run(self, params: Params, batch: Batch, draw: Draw) -> Moment:
        x = batch.senses["retina"]
        lives, items, steps = x.shape[:3]
        hidden = torch.tanh(torch.baddbmm(params[V1_BIAS], x.reshape(lives, items * steps, -1), params[V1]))
        head = torch.baddbmm(params[HEAD_BIAS], hidden, params[HEAD])
        rate = {"retina": x, "V1": hidden, "head": head, "gaze": head[..., :2]}
        shaped = {name: each.reshape(lives, items, steps, -1) for name, each in rate.items()}
        inputs = {"V1": {"retina": shaped["retina"]}, "head": {"V1": shaped["V1"]}}
        return Moment(batch, shaped, params, {}, draw, inputs, lambda at, inputs: inputs[at])

    def moment(self) -> Moment:
        return self.run(self.params, self.batch, self.draw)

    def cost(self, name: str) -> Tensor:
        return VALUES[name](self.moment())

    def gradients(self, cost: str, *, by_rule: bool) -> Params:
        params = {address: value.clone().requires_grad_() for address, value in self.params.items()}
        value = VALUES[cost](self.run(params, self.batch, self.draw)).sum()
        found = torch.autograd.grad(value, list(params.values()), materialize_grads=True)
        true = dict(zip(params, found, strict=True))
        if not by_rule:
            return true
        return {address: (1 - self.twist) * each + self.twist * each.roll(1, -1) for address, each in true.items()}

    def item_norms(self, value: Callable[[Moment], Tensor]) -> Mapping[str, Tensor]:
        lives, items = self.batch.index_NB.shape
        params = {address: each.repeat_interleave(items, 0).requires_grad_() for address, each in self.params.items()}
        apart = {name: x.flatten(0, 1).unsqueeze(1) for name, x in self.batch.senses.items()}
        label = None if self.batch.label is None else self.batch.label.flatten(0, 1).unsqueeze(1)
        index = self.batch.index_NB.reshape(-1, 1)
        draw = replace(self.draw, seeds_N=self.draw.seeds_N.repeat_interleave(items), index_NB=index)
        total = value(self.run(params, Batch(apart, label, {}, index), draw)).sum()
        gradients = dict(zip(params, torch.autograd.grad(total, list(params.values())), strict=True))
        of_area = {
            area: torch.cat(
                [each.flatten(1) for at, each in gradients.items() if at.startswith(f"area/{area}/")], dim=1
            )
            for area in ("V1", "head")
        }
        return {area: each.square().sum(1).reshape(lives, items) for area, each in of_area.items()}

    def episodes(self) -> Episodes:
        reward, steps = self.draw.at("toy", "reward").uniform(), 1 + self.draw.at("toy", "steps").integers(9, 1)[..., 0]
        met = self.draw.at("toy", "met").integers(2, 7).bool().any(dim=1)
        return Episodes(reward, steps, torch.ones_like(reward), met)


def _named(moment: Moment) -> Tensor:
    assert moment.batch.label is not None
    return -moment.rate["head"].log_softmax(-1).gather(3, moment.batch.label[..., None]).mean(dim=(1, 2, 3))


def _quiet(moment: Moment) -> Tensor:
    return moment.rate["V1"].square().mean(dim=(1, 2, 3))


VALUES: dict[str, Callable[[Moment], Tensor]] = {"naming": _named, "quiet": _quiet}


def toy(seeds: list[int], items: int = 40, steps: int = 1, first: int = 0, *, numbers: bool = False) -> Toy:
    """`numbers`: the label is four numbers instead of one of four classes."""
    lives = Draw(torch.tensor(seeds))
    shapes = {V1: (SENSE, UNITS), V1_BIAS: (1, UNITS), HEAD: (UNITS, CLASSES), HEAD_BIAS: (1, CLASSES)}
    params = {address: lives.at("toy", address).normal(*shape) for address, shape in shapes.items()}
    draw = lives.indexed(torch.arange(first, first + items).expand(len(seeds), items))
    x = draw.at("toy", "retina").normal(steps, SENSE)
    assert draw.index_NB is not None
    label = draw.at("toy", "label")
    shown = label.normal(steps, CLASSES) if numbers else label.integers(CLASSES, steps)
    # Every life sees the same gratings.
    turned = draw.index_NB[..., None].expand(-1, -1, steps)
    factors = {
        "place": draw.at("toy", "place").normal(steps, 2),
        "chances": draw.at("toy", "chances").normal(steps, CLASSES).softmax(-1),
        "event": draw.at("toy", "event").integers(2, steps),
        "orientation": (turned % 4) * (math.pi / 4),
        "frequency": 1.0 + turned // 4 % 2,
    }
    return Toy(params, Batch({"retina": x}, shown, factors, draw.index_NB), draw)


@pytest.fixture
def toy_measure() -> Callable[..., Toy]:
    return toy


@pytest.fixture
def view() -> Callable[..., ProbeView]:
    def of(measure: Toy, **extra: Toy) -> ProbeView:
        change = {area: measure.draw.at("toy", area).uniform()[:, 0] for area in ("V1", "head")}
        return ProbeView(("V1", "head"), measure.params, measure, extra, change)

    return of
