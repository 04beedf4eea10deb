"""A window that moves over what is seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Params, Pass, State
from models.specs.structures import ShifterSpec


@final
class Shifter:
    """What is seen through a window, its place chosen by a unit for each.

    Dynamics:   r_i = sum_k c_k x_{i + reach + k}, k from -reach to reach, on maps along both axes, c what the control
                says, row by row, or its softmax at `gain`: where one c is 1 and the others 0, r is x moved by k
    Parameters: none
    Shapes:     control (N, B, T, *shifts), x (N, B, T, S) -> (N, B, T, S - 2 reach); maps (N, B, T, maps, h, w) ->
                (N, B, T, maps, h - 2 reach, w - 2 reach)
    Units:      those of x times those of c
    Rules:      none teaches it; errors pass to what is seen and to the control by backprop and bptt
    Reference:  Olshausen, Anderson & Van Essen (1993) J. Neurosci. 13:4700; here in one stage, without scaling
    """

    def __init__(self, spec: ShifterSpec, inputs: Mapping[str, tuple[int, ...]], shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._spec = spec
        (self._seen,) = (source for source in inputs if source != spec.control)
        self._axes = 1 if len(shape) == 1 else 2

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, *shape)."""
        x, chosen = inputs[self._seen], inputs[self._spec.control].flatten(3)
        if self._spec.gain is not None:
            chosen = torch.softmax(self._spec.gain * chosen, dim=-1)
        chosen = chosen.reshape(*chosen.shape, *[1] * len(self.shape))
        rate = x.new_zeros(*x.shape[:3], *self.shape)
        for number, place in enumerate(itertools.product(range(2 * self._spec.reach + 1), repeat=self._axes)):
            window = x
            for axis, first in zip(range(-self._axes, 0), place, strict=True):
                window = window.narrow(axis, first, self.shape[axis])
            rate = rate + chosen[:, :, :, number] * window
        return rate, state
