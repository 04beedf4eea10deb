"""Attractors: units that come to rest at patterns they have met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params, Pass, State
from models.specs.areas import HopfieldSpec


@final
class Hopfield:
    """Units that hear all others by weights that keep every pattern they were shown.

    Dynamics:   x_0 = f(c), x_{k+1} = f(1/U x_k W), r = x_sweeps, with c what the inputs bring, joined unit by unit;
                f = sgn, where a unit that hears exactly 0 stays as it is, or f = tanh(gain .). All units at once; every
                time step of an item starts anew.
                After an update W <- W + eta sum_m x_0m x_0m^T without the diagonal, over its items and steps m, eta the
                plasticity of the area; silence (c = 0) leaves nothing
    Parameters: none; kept/A/weight (N, U, U), 0 at first, outlasts items and is in the snapshot
    Shapes:     inputs (N, B, T, *source units), U units in all -> (N, B, T, U)
    Units:      rates in [-1, 1]; of the n patterns that U units can keep, about 0.138 U: below it each is a point of
                rest near itself, above it none
    Rules:      none teaches it, it keeps what it meets; errors pass below by backprop and bptt if it has a gain
    Reference:  Hopfield (1982) PNAS 79:2554, there one unit after another; graded: Hopfield (1984) PNAS 81:3088;
                capacity: Amit, Gutfreund & Sompolinsky (1985) Phys. Rev. Lett. 55:1530
    """

    def __init__(self, name: str, spec: HopfieldSpec, sources: tuple[str, ...]) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._name = name
        self._spec = spec
        self._sources = sources
        self._weight = f"kept/{name}/weight"

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def contents(self, draw: Draw) -> Params:
        """Weights 0: no pattern met."""
        return {self._weight: torch.zeros(draw.seeds_N.shape[0], self._spec.size, self._spec.size)}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        cue = self._joined(inputs)
        x = self._first(cue).flatten(1, 2)
        weight_NUU = by.own[self._weight].to(x.dtype)
        base = x.new_zeros(x.shape[0], 1, self._spec.size)
        for _ in range(self._spec.sweeps):
            heard = by.synapse.linear(x, weight_NUU, base, self._weight, by.own)
            x = self._answer(heard / self._spec.size, x)
        return x.reshape(cue.shape), state

    def remember(self, moment: Moment) -> Params:
        """The weights with what was met."""
        met = self._first(self._joined(moment.inputs[self._name])).detach().flatten(1, 2)
        pace = moment.pace[self._name].reshape(-1, 1, 1)
        between = 1.0 - torch.eye(self._spec.size)
        return {self._weight: moment.own[self._weight] + pace * torch.bmm(met.mT, met) * between}

    def _joined(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([inputs[source].flatten(3) for source in self._sources], dim=-1)

    def _first(self, cue: Tensor) -> Tensor:
        return self._answer(cue, torch.zeros_like(cue))

    def _answer(self, heard: Tensor, before: Tensor) -> Tensor:
        if self._spec.gain is not None:
            return torch.tanh(self._spec.gain * heard)
        return torch.where(heard == 0, before, torch.sign(heard)).detach()
