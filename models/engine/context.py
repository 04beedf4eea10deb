"""What areas carry from one time step of an item to the next, where a deficit takes it away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.credit.through import Through
from models.protocols import Synapse


@dataclass(frozen=True, eq=False)
class Context:
    """A reset at every so many time steps, which leaves a share (N,) of the state."""

    every: int
    left_N: Tensor


def forgetful(synapse: Synapse, contexts: Iterable[Context]) -> Synapse:
    """The synapse with what it carries in time reset."""
    for context in contexts:
        synapse = _Forgetful(synapse, context)
    return synapse


class _Forgetful(Through):
    """Multiplies as another; carries less where a reset falls."""

    def __init__(self, synapse: Synapse, context: Context) -> None:
        super().__init__(synapse)
        self._context = context

    def carry(self, state: Tensor, step: int) -> Tensor:
        """The state, or what the reset before this step leaves of it; where that is nothing no error goes back."""
        carried = super().carry(state, step)
        if step % self._context.every:
            return carried
        left = self._context.left_N.reshape(-1, *[1] * (carried.dim() - 1))
        return torch.where(left > 0, carried * left, 0.0)
