"""Hebb's rule with the output held at the label, and its opposite with the output free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.credit.settling import Clamped, Field, Rates, less, products
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Pass, Synapse
from models.specs.credit.phases import ContrastiveHebbianSpec


@final
class ContrastiveHebbian:
    """The circuit comes to rest by itself, and again with its output held at the label; products of rates are compared.

    Update:      free: s_a <- f(s_{a-1} W_a + b_a + gamma s_{a+1} W_{a+1}^T), all areas at once, from 0; clamped: from
                 there on with the output held at the label (classes one-hot); dW_a = +rate * weight of the cost *
                 gamma^-d mean_b (s_{a-1}^T s_a clamped - the same free), d the pathways from a up to the output
    Information: the two rates that meet at the synapse, in two phases
    Shapes:      s (N, B T, U), every time step of an item an item of its own; no parameters of its own
    Units:       squared units of rate; of the cost its weight counts, not its formula
    Exactness:   as gamma -> 0 below the output that of backprop from the output's difference to the label, along the
                 shortest ways; at 1 holding the output is a large push: the more areas, the more it depends on the seed
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Movellan (1991) Connectionist Models: Proc. 1990 Summer School 10; gamma: Xie & Seung (2003) Neural
                 Comput. 15:441
    """

    cuts = True

    def __init__(self, spec: ContrastiveHebbianSpec, circuit: Circuit, exact: Synapse) -> None:
        self._clamped = Clamped(spec, circuit, exact)
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
        """The difference of the two phases, weighed as the costs are."""
        return weight_N * self._clamped.compared(judge.target(moment), moment, _contrast)


def _contrast(field: Field, free: Rates, clamped: Rates) -> Field:
    share = 1.0 / next(iter(free.values())).shape[1]
    return less(products(field, free, share), products(field, clamped, share))
