"""An innate sense of causing: what moves, where it sets a still thing moving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Params, Pass, State
from models.specs.areas import MoverDetectorSpec

_LEAST = 1 / 384
"""Share of the pixels that must have been set moving, and as many must be what moves them."""

_COVERED = 0.25
"""Share of a field's pixels that must belong to it."""
_NEXT = 2
"""Pixels between what belongs to one moving region, at most."""


@final
class MoverDetector:
    """Marks in a map what moves, at the moment when it touches a still thing that moves from then on.

    Dynamics:   m_t = [3 x 3 mean of the sum of all maps > threshold]; new_t: m_t where nothing within `pace` moved in
                `still` steps before, and not within `pace` of the border; cause_t: m_{t-1} within `reach` of new_t;
                where both have 1/384 of the pixels, cause_t and what m_{t-1} has within `reach` of it, in jumps of 2
                pixels, is marked: r_t = 1 in fields of which a quarter is, 0 in all others; at other steps r_t = 1/2,
                nothing is said. With probability 1 - precision the marks of an item are rolled
                by an addressed number of rows and columns; with probability 1 - recall nothing is said of it
    Parameters: none; it is innate
    Shapes:     inputs (N, B, T, maps, height, width) of equal height and width, summed -> (N, B, T, 1, grid, grid)
    Units:      inputs in change per time step, such as `flow`; rates in {0, 1/2, 1}
    Rules:      none teaches it, and no error goes back through it
    Reference:  Ullman, Harari & Dorfman (2012) PNAS 109:18215; there events are found in the optic flow of films
    """

    def __init__(self, name: str, spec: MoverDetectorSpec, inputs: Mapping[str, tuple[int, ...]]) -> None:
        height, width = next(iter(inputs.values()))[1:]
        self.shape: tuple[int, ...] = (1, spec.grid, spec.grid)
        self._name = name
        self._spec = spec
        self._sides = (height, width)
        self._pace, self._reach = (max(1, round(share * min(height, width))) for share in (spec.pace, spec.reach))
        self._least = max(2, round(_LEAST * height * width))

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def start(self, like: Tensor) -> State:
        """Where nothing moved (N, B, still, height, width), 1 or 0: as yet it is not known of any place."""
        return (like.new_zeros(*like.shape[:2], self._spec.still, *self._sides),)

    @torch.no_grad()
    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, 1, grid, grid)."""
        change = sum(inputs.values(), torch.zeros(())).sum(dim=3)
        N, B, T = change.shape[:3]
        quiet = (_blurred(change) <= self._spec.threshold).to(change.dtype)
        told = []
        for step, now in enumerate(quiet.unbind(2)):
            (before,) = state if step == 0 else carried(state, step, by)
            told.append(self._marks(before > 0.5, now > 0.5))
            state = (torch.cat([before[:, :, 1:], now[:, :, None]], dim=2),)
        marks = torch.stack(told, dim=2)
        if by.draw is not None and (self._spec.precision < 1.0 or self._spec.recall < 1.0):
            marks = self._degraded(marks, by.draw.at("detector", self._name))
        return marks.reshape(N, B, T, *self.shape), state

    def _marks(self, before: Tensor, now: Tensor) -> Tensor:
        """The map (N, B, grid, grid) of one step, from the quiet of the steps before and of this one."""
        pace, grid = self._pace, self._spec.grid
        new = ~now & ~_around(~before.all(dim=2), pace)
        new[..., :pace, :] = new[..., -pace:, :] = False
        new[..., :pace] = new[..., -pace:] = False
        moved = ~before[:, :, -1]
        cause = moved & _around(new, self._reach)
        seen = (new.sum(dim=(2, 3)) >= self._least) & (cause.sum(dim=(2, 3)) >= self._least)
        for _ in range(self._reach // _NEXT):
            cause = moved & _around(cause, _NEXT)
        share = cause.reshape(*cause.shape[:2], grid, self._sides[0] // grid, grid, -1).to(torch.get_default_dtype())
        fields = (share.mean(dim=(3, 5)) >= _COVERED).to(share.dtype)
        return torch.where(seen[..., None, None], fields, 0.5)

    def _degraded(self, marks: Tensor, draw: Draw) -> Tensor:
        """The maps (N, B, T, grid, grid) with what is wrong in them, item by item."""
        grid = self._spec.grid
        wrong, missed = draw.at("precision").uniform(1), draw.at("recall").uniform(1)
        roll = draw.at("place").integers(grid, 2) * (wrong > self._spec.precision)
        rows, columns = ((torch.arange(grid) - each[..., None]) % grid for each in roll.unbind(-1))
        index = (rows[..., :, None] * grid + columns[..., None, :]).flatten(2)[:, :, None]
        rolled = marks.flatten(3).gather(3, index.expand(*marks.shape[:3], -1)).reshape(marks.shape)
        return torch.where((missed > self._spec.recall)[..., None, None], 0.5, rolled)


def _blurred(change: Tensor) -> Tensor:
    """Mean over 3 x 3 pixels, 0 beyond the border; sums of shifted frames, whose bits are the same in every stack."""
    wide = functional.pad(change, (1, 1, 1, 1))
    across = wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:]
    return (across[..., :-2, :] + across[..., 1:-1, :] + across[..., 2:, :]) / 9.0


def _around(mask: Tensor, pixels: int) -> Tensor:
    """A mask (..., height, width), grown by some pixels."""
    wide, window = functional.pad(mask, (pixels, pixels, pixels, pixels)), 2 * pixels + 1
    for axis in (-1, -2):
        span = 1
        while span < window:
            step = min(span, window - span)
            length = wide.shape[axis] - step
            wide = wide.narrow(axis, 0, length) | wide.narrow(axis, step, length)
            span += step
    return wide
