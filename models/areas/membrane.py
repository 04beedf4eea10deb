"""From drive to rate: an activation, or units that integrate their drive in time and spike."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.areas.activation import FORMS
from models.protocols import Pass, State
from models.specs.areas import AreaSpec, leak_of

THRESHOLD = 1.0
"""Potential above which a lif unit spikes; a spike takes as much from it."""


@final
class Membrane:
    """What the units of an area make of their drive z.

    An activation: r_t = f(z_t). binary: r_t = [z_t > 0]. lif: v_t = leak v_{t-1} + z_t - r_{t-1}, r_t = [v_t > 1];
    no error goes back through what a spike takes from the potential.
    """

    def __init__(self, spec: AreaSpec) -> None:
        self.spikes = spec.act == "lif"
        self._leak = leak_of(spec)
        self._form = FORMS.get(spec.act)

    def start(self, like: Tensor, shape: tuple[int, ...]) -> State:
        """Potential and last spikes (N, B, *shape) at rest; nothing where units have no state."""
        return tuple(like.new_zeros(*like.shape[:2], *shape) for _ in range(2)) if self.spikes else ()

    def fire(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, *shape) of a drive (N, B, T, *shape), and the state left."""
        if self._form is not None:
            return self._form(drive), state
        if not self.spikes:
            return by.synapse.spike(drive), state
        fired = []
        for step, each in enumerate(drive.unbind(2)):
            rate, state = self.beat(each, state if step == 0 else carried(state, step, by), by)
            fired.append(rate)
        return torch.stack(fired, dim=2), state

    def beat(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        """One step of units that spike: (N, B, *shape)."""
        potential, spike = state
        potential = self._leak * potential + drive - spike.detach()
        spike = by.synapse.spike(potential - THRESHOLD)
        return spike, (potential, spike)


def carried(state: State, step: int, by: Pass) -> State:
    """A state as the next step receives it."""
    return tuple(by.synapse.carry(each, step) for each in state)
