"""What areas carry from one time step of an item to the next, where a deficit or a new episode takes it away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.credit.through import Through
from models.protocols import Synapse


class Reset(Protocol):
    """Something that takes away of a state."""

    def left(self, state: Tensor, step: int) -> Tensor:
        """What time step `step` receives of the state; where that is nothing no error goes back."""
        ...


@dataclass(frozen=True, eq=False)
class Context:
    """A reset at every so many time steps, which leaves a share (N,) of the state."""

    every: int
    left_N: Tensor

    def left(self, state: Tensor, step: int) -> Tensor:
        """The state, or a share of it."""
        if step % self.every:
            return state
        left = self.left_N.reshape(-1, *[1] * (state.dim() - 1))
        return torch.where(left > 0, state * left, 0.0)


@dataclass(frozen=True, eq=False)
class Begun:
    """Resets where episodes begin."""

    began_NBT: Tensor

    def left(self, state: Tensor, step: int) -> Tensor:
        """The state of items whose episode goes on."""
        return anew(state, self.began_NBT[:, :, step])


def anew(state: Tensor, began_NB: Tensor) -> Tensor:
    """The state (N, B, ...), as at first where something began: every area's first state is 0."""
    return torch.where(began_NB.reshape(*began_NB.shape, *[1] * (state.dim() - 2)), 0.0, state)


def forgetful(synapse: Synapse, contexts: Iterable[Reset]) -> Synapse:
    """The synapse with what it carries in time reset."""
    for context in contexts:
        synapse = _Forgetful(synapse, context)
    return synapse


class _Forgetful(Through):
    """Multiplies as another; carries less where a reset falls."""

    def __init__(self, synapse: Synapse, context: Reset) -> None:
        super().__init__(synapse)
        self._context = context

    def carry(self, state: Tensor, step: int) -> Tensor:
        """The state, or what the reset before this step leaves of it."""
        return self._context.left(super().carry(state, step), step)
