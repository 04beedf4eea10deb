"""The target, broadcast to every area through fixed random weights: what the output makes of it is not waited for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.broadcast import DirectRandomTargetSpec


@final
class DirectRandomTarget:
    """Each area below the output is pushed towards a random image of the target, whatever the output says.

    Update:      dW_l = +rate * w h_{l-1}^T ((y D_l) * f'), batch means, w the weight of the cost; the output gets the
                 gradient
    Information: the presynaptic rate, its own area's derivative, the target; neither the output nor any synapse above
    Shapes:      y (N, B, T, K) one-hot or values; D_l (N, K, U), entries N(0, gain^2 / K)
    Units:       cost per unit of weight, as far as the cost's error is of the size of its target
    Exactness:   none below the output; for outputs that are all alike the error is the target but for a constant
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Frenkel, Lefebvre & Bol (2021) Front. Neurosci. 15:629892
    """

    cuts = True

    def __init__(self, spec: DirectRandomTargetSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One D for every area below the output."""
        width, own = math.prod(self._circuit.units[self._end]), {}
        for area in self._circuit.below[self._end]:
            address, units = _address(area), math.prod(self._circuit.units[area])
            own[address] = draw.at("rule", address).normal(width, units) * (self._spec.gain / math.sqrt(width))
        return {}, own

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """The costs at the output, and how far each area below is from its random target."""
        target = judge.target(moment)
        width = math.prod(self._circuit.units[self._end])
        y_NMK = (functional.one_hot(target, width) if target.dim() == 3 else target).flatten(1, 2).float()
        total = judge(moment)
        for area in self._circuit.below[self._end]:
            pull_NMU = torch.bmm(y_NMK, moment.own[_address(area)])
            rate_NMU = moment.rate[area].flatten(3).flatten(1, 2)
            total = total - weight_N * (pull_NMU * rate_NMU).sum(dim=2).mean(dim=1)
        return total


def _address(area: str) -> str:
    return f"rule/area/{area}/target"
