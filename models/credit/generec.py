"""Every unit learns what holding the output at the label changed it by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import final

import torch
from torch import Tensor

from models.credit.settling import Clamped, Field, Rates
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Pass, Synapse
from models.specs.credit.phases import GenerecSpec


@final
class Generec:
    """The circuit comes to rest by itself, and again with its output held at the label; units learn their difference.

    Update:      free and clamped as under contrastive_hebbian; D_a = s_a clamped - s_a free, p_a = s_a free, midpoint:
                 (s_a free + s_a clamped) / 2; dW_a = +rate * weight of the cost * gamma^-d mean_b (p_{a-1}^T D_a +
                 D_{a-1}^T p_a), d the pathways from a up to the output: a weight used both ways learns what both its
                 ends ask for; a weight from outside, dW = mean_b x^T D_a
    Information: the rate before the synapse and that after it, in two phases
    Shapes:      s (N, B T, U), every time step of an item an item of its own; no parameters of its own
    Units:       squared units of rate; of the cost its weight counts, not its formula
    Exactness:   with midpoint it is contrastive_hebbian; without, that less the product of the two differences
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   O'Reilly (1996) Neural Comput. 8:895; there each direction of a pathway has a weight of its own, held
                 alike by averaging; here both share one, and what they ask for is added
    """

    cuts = True

    def __init__(self, spec: GenerecSpec, circuit: Circuit, exact: Synapse) -> None:
        self._clamped = Clamped(spec, circuit, exact)
        self._rule = partial(_differences, 0.5 if spec.midpoint else 0.0)
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def settle(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass, draw: Draw) -> Mapping[str, Tensor]:
        """The free state."""
        return self._clamped.settle(inputs, by, draw)

    def residual(self, moment: Moment) -> Params:
        """How far the free phase is from rest."""
        return self._clamped.residual(moment)

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """What units changed by, weighed as the costs are."""
        return weight_N * self._clamped.compared(judge.target(moment), moment, self._rule)


def _differences(on: float, field: Field, free: Rates, clamped: Rates) -> Field:
    """Directions, the rate before a synapse taken a share `on` of the way from the free to the clamped state."""
    share = 1.0 / next(iter(free.values())).shape[1]
    lost = {area: (free[area] - clamped[area]) * share for area in field.drive}
    heard = {area: free[area] + on * (clamped[area] - free[area]) for area in field.drive} if on else free
    weight = {
        (low, high): torch.bmm(heard[low].mT, lost[high]) + torch.bmm(lost[low].mT, heard[high])
        for low, high in field.weight
    }
    return Field(lost, weight)
