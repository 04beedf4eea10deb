"""Weights follow the rate before the synapse times how fast the rate after it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.settling import Couplings, Field, Rates, less
from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Moment, Params, Pass, Synapse
from models.specs.credit.phases import TemporalDerivativeSpec


@final
class TemporalDerivative:
    """The circuit comes to rest by itself; while the error pushes it on, weights follow one rate and another's change.

    Update:      nudged as under equilibrium_propagation, D_a(t) = s_a(t+1) - s_a(t): dW_a = +rate / (beta n)
                 sum_t s_{a-1}(t)^T D_a(t) + D_{a-1}(t)^T s_a(t), a weight used both ways learning at both its ends;
                 centred: half of that pushed down the error less half of that pushed up
    Information: the rate before the synapse and the change of that after it, at one time, in one phase
    Shapes:      s (N, B T, U), every time step of an item an item of its own; no parameters of its own
    Units:       beta in units of drive per unit of error; n items of the batch times steps
    Exactness:   equilibrium_propagation but for products of two changes, which fall with beta^2 where centred, with
                 beta where not; in a chain without damp neighbours never change at once, and the two are one
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Xie & Seung (2000) NeurIPS 12:199; Bengio, Mesnard, Fischer, Zhang & Wu (2017) Neural Comput. 29:555,
                 who derive the curve of spike timing from it
    """

    def __init__(self, spec: TemporalDerivativeSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._couplings = Couplings(spec, circuit, exact)
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def settle(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass, draw: Draw) -> Mapping[str, Tensor]:
        """The free state; errors at any area of the circuit push it."""
        return self._couplings.settle(inputs, by, draw, self._learned)

    def residual(self, moment: Moment) -> Params:
        """How far the free phase is from rest."""
        return self._couplings.residual(moment)

    def _learned(self, field: Field, free: Rates, errors: Rates) -> Field:
        """Directions of the field while it is pushed."""
        beta_n = self._spec.beta * next(iter(free.values())).shape[1]
        ways = {side: {area: each * (-side * beta_n) for area, each in errors.items()} for side in (1.0, -1.0)}
        if self._spec.nudge == "positive":
            return self._followed(field, free, ways[1.0], -1.0 / beta_n)
        down, up = (self._followed(field, free, push, -0.5 / beta_n) for push in ways.values())
        return less(down, up)

    def _followed(self, field: Field, free: Rates, push: Rates, share: float) -> Field:
        """A share of all rates times changes on the way from the free state under a push."""
        rates, total = free, {pathway: torch.zeros_like(weight) for pathway, weight in field.weight.items()}
        for _ in range(self._spec.nudged_steps):
            after = self._couplings.step(rates, field, push)
            for (low, high), so_far in total.items():
                both = torch.baddbmm(so_far, rates[low].mT, after[high] - rates[high])
                total[low, high] = torch.baddbmm(both, (after[low] - rates[low]).mT, rates[high])
            rates = after
        drive = {area: (rates[area] - free[area]) * share for area in free}
        return Field(drive, {pathway: each * share for pathway, each in total.items()})
