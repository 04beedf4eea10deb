"""Multiplication that does as another does; those that differ in one respect say only that."""

from __future__ import annotations

from torch import Tensor

from models.protocols import Params, Synapse


class Through:
    """As the synapse it goes through."""

    def __init__(self, synapse: Synapse) -> None:
        self._synapse = synapse

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W."""
        return self._synapse.linear(x_NMS, weight_NSU, base, address, own)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x."""
        return self._synapse.conv(x, weight, base, stride_pad, address, own)

    def carry(self, state: Tensor, step: int) -> Tensor:
        """What a time step receives of the one before it."""
        return self._synapse.carry(state, step)

    def spike(self, potential: Tensor) -> Tensor:
        """1 where the potential is above 0, else 0."""
        return self._synapse.spike(potential)
