"""Every area has a read-out of its own, and learns what lowers the cost there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.broadcast import LocalErrorSpec


@final
class LocalError:
    """Each area below the output minimises the costs of the output at a linear head of its own; no error passes areas.

    Update:      dW_l = -rate * d C(h_l H_l) / dW_l, dH_l = -rate * d C(h_l H_l) / dH_l; C all costs at the output,
                 at their weights; the input of every area is detached
    Information: the presynaptic rate, its own area's head and derivative, the target of the cost; layers inside an
                 area of several share its head, joined by the gradient
    Shapes:      H_l (N, U, O), O the units of the output, at first N(0, 1 / U)
    Units:       cost per unit of weight
    Exactness:   the output area gets the gradient; the others that of their own heads' costs
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Belilovsky, Eickenberg & Oyallon (2019) ICML 97:583; Nokland & Eidnes (2019) ICML 97:4839, here the
                 prediction cost alone, without similarity matching
    """

    cuts = True

    def __init__(self, spec: LocalErrorSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
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
        """The costs at the output, and the same costs at every head."""
        total = judge(moment)
        for area in self._circuit.below[self._end]:
            rate = moment.rate[area]
            head = torch.bmm(rate.flatten(3).flatten(1, 2), moment.own[_address(area)])
            told = head.reshape(*rate.shape[:3], *self._circuit.units[self._end])
            total = total + judge(replace(moment, rate={**moment.rate, self._end: told}))
        return total


def _address(area: str) -> str:
    return f"rule/area/{area}/head"
