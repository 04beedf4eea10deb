"""Weights learn what differs between a circuit at rest and the same circuit with its output pushed a little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from models.credit.settling import Couplings, Field, Rates, asking, less, products
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Pass, Synapse
from models.specs.credit.phases import EquilibriumPropagationSpec

Errors = Callable[[Rates], Rates]
"""From rates to the errors there, of the mean over items."""


@final
class EquilibriumPropagation:
    """The circuit comes to rest by itself, and again pushed by the error; the products of rates that meet are compared.

    Update:      free: s_a <- f(s_{a-1} W_a + b_a + s_{a+1} W_{a+1}^T), all areas at once, from 0; nudged: from there on
                 with -beta e added to the drive, e = n dJ/ds the error of an item; centred:
                 dW_a = +rate * (s_{a-1}^T s_a at +beta - the same at -beta) / (2 beta n); positive: (at +beta - free) /
                 (beta n); random_sign: the same with beta of either sign, another for every item
    Information: the two rates that meet at the synapse, in two phases
    Shapes:      s (N, B T, U), every time step of an item an item of its own; no parameters of its own
    Units:       beta in units of drive per unit of error; n items of the batch times steps
    Exactness:   tends to the gradient of J at the free state as beta -> 0, with beta^2 where centred, with beta where
                 not, if both phases come to rest; fixed: of J linear around the free state
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Scellier & Bengio (2017) Front. Comput. Neurosci. 11:24; centred, and fixed: Laborieux et al. (2021)
                 Front. Neurosci. 15:633674; there one random sign for a batch
    """

    cuts = True

    def __init__(self, spec: EquilibriumPropagationSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._ends = circuit.ends
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

        def heard(field: Field, free: Rates, errors: Rates) -> Field:
            return self._learned(field, free, lambda _: errors, draw)

        return self._couplings.settle(inputs, by, draw, heard)

    def residual(self, moment: Moment) -> Params:
        """How far the free phase is from rest."""
        return self._couplings.residual(moment)

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """The costs themselves, or a value whose gradient is what pushes that follow the costs ask for."""
        if self._spec.force == "fixed":
            return judge(moment)

        def errors(rates: Rates) -> Rates:
            leaves = {end: rates[end].reshape(moment.rate[end].shape).requires_grad_() for end in self._ends}
            with torch.enable_grad():
                value = judge(replace(moment, rate={**moment.rate, **leaves}))
                found = torch.autograd.grad(value.sum(), list(leaves.values()), allow_unused=True)
            return {end: each.flatten(1, 2) for end, each in zip(leaves, found, strict=True) if each is not None}

        field, free = self._couplings.of(moment)
        with torch.no_grad():
            down = self._learned(field, free, errors, moment.draw)
        return asking(field, down)

    def _learned(self, field: Field, free: Rates, errors: Errors, draw: Draw) -> Field:
        """Directions of the field from the two phases."""
        beta_n = self._spec.beta * next(iter(free.values())).shape[1]

        def pushed(side: float | Tensor) -> Rates:
            rates = free
            for _ in range(self._spec.nudged_steps):
                push = {area: each * (-beta_n * side) for area, each in errors(rates).items()}
                rates = self._couplings.step(rates, field, push)
            return rates

        if self._spec.nudge == "centred":
            scale = 0.5 / beta_n
            return less(products(field, pushed(-1.0), scale), products(field, pushed(1.0), scale))
        side = 1.0 if self._spec.nudge == "positive" else self._signs(draw, free)
        return less(products(field, free, side / beta_n), products(field, pushed(side), side / beta_n))

    def _signs(self, draw: Draw, like: Rates) -> Tensor:
        """1 or -1 for each item, (N, M, 1)."""
        bits_NB = draw.at("rule", f"area/{self._ends[-1]}/sign").bits(1)[..., 0] >> 31
        steps = like[self._ends[-1]].shape[1] // bits_NB.shape[1]
        sign_NM = (1 - 2 * bits_NB).repeat_interleave(steps, dim=1)
        return sign_NM.unsqueeze(2).to(like[self._ends[-1]].dtype)
