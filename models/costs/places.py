"""Maps of activity read as places, and followed in time.

A map is what an area gives in rows and columns; a vector of units is a square of them, row by row. Places are in half
frames from the middle, x right, y down.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LEAST = 1e-6


def sheet(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of an area's units; ValueError where they fill no square."""
    if len(shape) == 3:
        return shape[1], shape[2]
    side = math.isqrt(math.prod(shape))
    if side * side != math.prod(shape):
        raise ValueError(f"{list(shape)} units fill no square")
    return side, side


def centre(rate: Tensor) -> Tensor:
    """Centre of mass (N, B, T, 2) of the positive part of a map (N, B, T, *units); the middle where nothing is on."""
    weight = torch.relu(_together(rate)).flatten(3)
    return weight @ _places(rate) / (weight.sum(dim=3, keepdim=True) + _LEAST)


def direction(rate: Tensor) -> Tensor:
    """Unit vector (N, B, T, 2) from the middle to the centre of mass; 0 where that is in the middle."""
    there = centre(rate)
    return there / (there.square().sum(dim=3, keepdim=True) + _LEAST**2).sqrt()


def largest(rate: Tensor) -> Tensor:
    """Place (N, B, T, 2) of the largest value of a map; the middle where all are alike."""
    heights = _together(rate).flatten(3)
    alike = heights.amax(dim=3, keepdim=True) == heights.amin(dim=3, keepdim=True)
    return torch.where(alike, 0.0, _places(rate)[heights.argmax(dim=3)])


def carried(rate: Tensor, horizon: int, reach: int) -> Tensor:
    """Maps of so many steps before, moved to where what was largest in them has gone; the same shape.

    The largest place of a map is followed step by step: to the largest within `reach` rows and columns of where it was.
    The map as it was at first moves with it, 0 comes in at the borders. Early steps look back to the first.
    """
    whole = _together(rate)
    rows, columns = whole.shape[3:]
    steps = torch.arange(rate.shape[2])
    since = (steps - horizon).clamp(min=0)
    first = whole[:, :, since].flatten(3).argmax(dim=3)
    place = first
    around = torch.cartesian_prod(*2 * (torch.arange(-reach, reach + 1),))
    for passed in range(1, horizon + 1):
        now = (since + passed).clamp(max=rate.shape[2] - 1)
        near_row = place[..., None] // columns + around[:, 0]
        near_column = place[..., None] % columns + around[:, 1]
        inside = (near_row >= 0) & (near_row < rows) & (near_column >= 0) & (near_column < columns)
        near = near_row.clamp(0, rows - 1) * columns + near_column.clamp(0, columns - 1)
        there = torch.where(inside, whole[:, :, now].flatten(3).gather(3, near), -torch.inf)
        onward = near.gather(3, there.argmax(dim=3, keepdim=True)).squeeze(3)
        place = torch.where(since + passed <= steps, onward, place)
    return _moved(rate[:, :, since], place // columns - first // columns, place % columns - first % columns)


def _moved(rate: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Maps moved by rows and columns (N, B, T)."""
    rows, columns = sheet(tuple(rate.shape[3:]))
    maps = rate.reshape(*rate.shape[:3], -1, rows * columns)
    from_row = torch.arange(rows) - down[..., None]
    from_column = torch.arange(columns) - right[..., None]
    inside = ((from_row >= 0) & (from_row < rows))[..., :, None] & ((from_column >= 0) & (from_column < columns))[
        ..., None, :
    ]
    source = from_row.clamp(0, rows - 1)[..., :, None] * columns + from_column.clamp(0, columns - 1)[..., None, :]
    index = source.flatten(3).unsqueeze(3).expand_as(maps)
    return torch.where(inside.flatten(3).unsqueeze(3), maps.gather(4, index), 0.0).reshape(rate.shape)


def _together(rate: Tensor) -> Tensor:
    """The sum of an area's maps (N, B, T, rows, columns)."""
    rows, columns = sheet(tuple(rate.shape[3:]))
    return rate.reshape(*rate.shape[:3], -1, rows, columns).sum(dim=3)


def _places(rate: Tensor) -> Tensor:
    """Middles (rows x columns, 2) of the fields."""
    rows, columns = sheet(tuple(rate.shape[3:]))
    y = (2.0 * torch.arange(rows) + 1.0) / rows - 1.0
    x = (2.0 * torch.arange(columns) + 1.0) / columns - 1.0
    return torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)], dim=-1).flatten(0, 1).to(rate.dtype)
