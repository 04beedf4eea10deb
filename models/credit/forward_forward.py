"""Two passes forward and none back: areas answer strongly where picture and label belong together, weakly elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.credit.disturbed import Pushed
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Area, Moment, Params, Pass, Synapse, Variation
from models.specs.credit.broadcast import ForwardForwardSpec


@final
class ForwardForward:
    """Every area tells pictures shown with their label from pictures shown with another, by how strongly it answers.

    Update:      label lines of the first areas add y L to their drive; positive: y the label; negative: another, drawn
                 by what the output takes for likely without a label, or evenly; G_l the mean (sum) over units of h_l^2;
                 dW_l = -rate * w d/dW_l mean_b (log(1 + exp(-k (G_l^+ - theta))) + log(1 + exp(k (G_l^- - theta)))),
                 inputs detached, k the sharpness, w the weight of the cost; the output gets the gradient of a pass
                 in which y is 1 / K for every class, as it is whenever nobody is told a label
    Information: the presynaptic rate, its own area's rates, and whether this pass is to be learned or unlearned
    Shapes:      L (N, K, U), K units of the output, at first N(0, 1 / K); G (N, B, T). What areas hear of others of
                 the circuit has a mean square of 1, so that the next does not see the G of the last
    Units:       G and theta rate^2, k per rate^2
    Exactness:   none below the output; for k -> 0 rates grow where the label is right and shrink where it is not
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Hinton (2022) arXiv:2212.13345, 2 for lengths, 3.3 for labels as input, the pass without one that is
                 read out, and wrong labels by its softmax; comparing G class by class is the slower way to answer
    """

    cuts = True

    def __init__(self, spec: ForwardForwardSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
        self._spec = spec
        self._circuit = circuit
        self._exact = exact
        self._hidden = circuit.below[self._end]
        self._first = tuple(area for area in self._hidden if not circuit.below[area])

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Label lines of the first areas; they learn."""
        classes, learned = math.prod(self._circuit.units[self._end]), {}
        for area in self._first:
            address, units = _address(area), math.prod(self._circuit.units[area])
            learned[address] = draw.at("rule", address).normal(classes, units) / math.sqrt(classes)
        return learned, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def run(self, area: str, member: Area, inputs: Mapping[str, Tensor], by: Pass) -> Tensor:
        """Rates (N, B, T, U) of inputs whose length says nothing; those of the first areas hear all labels alike."""
        inside = self._circuit.areas
        inputs = {source: _level(each) if source in inside else each for source, each in inputs.items()}
        if area in self._first:
            even = _even(by.own[_address(area)])
            by = replace(by, synapse=Pushed(by.synapse, lambda _, z: z + even))
        return member.apply(inputs, member.start(next(iter(inputs.values()))), by)[0]

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """The costs at the output, and what every area below it has of its own."""
        label = judge.target(moment)
        right, wrong = self._told(label, moment), self._told(self._another(label, moment), moment)
        total = judge(moment)
        for area in self._hidden:
            loss = self._surprise(right.rate[area], -1.0) + self._surprise(wrong.rate[area], 1.0)
            total = total + weight_N * loss.mean(dim=(1, 2))
        return total

    def _surprise(self, rate: Tensor, side: float) -> Tensor:
        """How wrong the strength of an area's answer is, (N, B, T); side 1: it should be weak, -1: strong."""
        square = rate.flatten(3).square()
        goodness = square.mean(dim=3) if self._spec.goodness == "mean_square" else square.sum(dim=3)
        z = side * self._spec.sharpness * (goodness - self._spec.threshold)
        return z.clamp(min=0.0) + torch.log1p(torch.exp(-z.abs()))

    def _told(self, label_NBT: Tensor, moment: Moment) -> Moment:
        """The same items with these labels."""
        classes = math.prod(self._circuit.units[self._end])
        y_NMK = functional.one_hot(label_NBT, classes).flatten(1, 2).float()
        synapse: dict[str, Synapse] = {}
        for area in self._first:
            lines = moment.own[_address(area)]
            lines = torch.bmm(y_NMK, lines) - _even(lines)
            synapse[area] = Pushed(self._exact, lambda _, z, lines=lines: z + lines)  # type: ignore[misc]
        return moment.again(Variation(synapse=synapse))

    def _another(self, label_NBT: Tensor, moment: Moment) -> Tensor:
        """A wrong label for each item, (N, B, T)."""
        answer = moment.rate[self._end].detach()
        share = torch.softmax(answer, dim=3) + _LEAST if self._spec.negatives == "likely" else torch.ones_like(answer)
        share = share.scatter(3, label_NBT.unsqueeze(3), 0.0)
        below = share.cumsum(dim=3)
        place = moment.draw.at("rule", f"area/{self._end}/negative").uniform(answer.shape[2], 1) * below[..., -1:]
        return (below < place).sum(dim=3)


_LEAST = 1e-6
"""Added to what the output takes a class for, so that there always is another."""


def _level(rate: Tensor) -> Tensor:
    """Rates (N, B, T, ...) brought to a mean square of 1 over units; silence stays."""
    flat = rate.flatten(3)
    size = flat.square().mean(dim=3, keepdim=True).sqrt()
    return torch.where(size > 0, flat / size, flat).reshape(rate.shape)


def _even(lines_NKU: Tensor) -> Tensor:
    """What label lines bring where every class is as likely as every other, (N, 1, U)."""
    return lines_NKU.mean(dim=1, keepdim=True)


def _address(area: str) -> str:
    return f"rule/area/{area}/label"
