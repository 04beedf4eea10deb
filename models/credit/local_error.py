"""Every area has a read-out of its own, and learns what lowers the cost there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.broadcast import LocalErrorSpec

_TINY = 1e-12
"""Added to squared lengths, so that silence has a direction: none."""


@final
class LocalError:
    """Each area below the output minimises the costs of the output at a linear head of its own; no error passes areas.

    Update:      dW_l = -rate * d J_l / dW_l, dH_l = -rate * d J_l / dH_l, the input of every area detached;
                 J_l = (1 - similarity) C(h_l H_l) + similarity * w mean_ij (S_ij(h_l) - S_ij(y))^2; C all costs at the
                 output at their weights, w the sum of those, y the target, S_ij the cosine between items i and j of a
                 batch, each less its mean over units
    Information: the presynaptic rate, its own area's head and derivative, the target of the cost; with similarity what
                 the area did for the other items of the batch; layers inside an area of several share its head, joined
                 by the gradient
    Shapes:      H_l (N, U, O), O the units of the output, at first N(0, 1 / U); S (N, M, M), M folds samples and time
    Units:       cost per unit of weight; S dimensionless, so similarity weighs squared cosines against the cost
    Exactness:   the output area gets the gradient; the others that of their own J
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Belilovsky, Eickenberg & Oyallon (2019) ICML 97:583; Nokland & Eidnes (2019) ICML 97:4839; there
                 the similarity of what a further layer makes of the rates, here of the rates themselves
    """

    cuts = True

    def __init__(self, spec: LocalErrorSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
        self._similarity = spec.similarity
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One head for every area below the output; it learns."""
        outputs, learned = math.prod(self._circuit.units[self._end]), {}
        for area in self._circuit.below[self._end]:
            address, units = _address(area), math.prod(self._circuit.units[area])
            learned[address] = draw.at("rule", address).normal(units, outputs) / math.sqrt(units)
        return learned, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """The costs at the output, and what every area has of its own."""
        total, share = judge(moment), self._similarity
        for area in self._circuit.below[self._end]:
            rate_NMU = moment.rate[area].flatten(3).flatten(1, 2)
            head = torch.bmm(rate_NMU, moment.own[_address(area)])
            told = head.reshape(*moment.rate[area].shape[:3], *self._circuit.units[self._end])
            own = judge(replace(moment, rate={**moment.rate, self._end: told}))
            if share:
                apart = _similar(rate_NMU) - _similar(self._wanted(judge.target(moment)))
                own = (1.0 - share) * own + share * weight_N * apart.square().mean(dim=(1, 2))
            total = total + own
        return total

    def _wanted(self, target: Tensor) -> Tensor:
        """The target as values (N, M, O): classes are one-hot."""
        width = math.prod(self._circuit.units[self._end])
        values = functional.one_hot(target, width) if target.dim() == 3 else target
        return values.flatten(3).flatten(1, 2).float()


def _similar(x_NMU: Tensor) -> Tensor:
    """Cosines (N, M, M) between items, each less its mean over units; 0 where one is the same in all units."""
    x_NMU = x_NMU - x_NMU.mean(dim=2, keepdim=True)
    x_NMU = x_NMU / (x_NMU.square().sum(dim=2, keepdim=True) + _TINY).sqrt()
    return torch.bmm(x_NMU, x_NMU.mT)


def _address(area: str) -> str:
    return f"rule/area/{area}/head"
