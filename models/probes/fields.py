"""Receptive fields of units in a sense: what they weigh, and where."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from models.probes.ridge import Ridge

_RIDGE = 1e-4


def fields_of(sense: Tensor, rate: Tensor) -> Tensor:
    """Weights (N, P, U) of the numbers of a sense (N, B, T, ...) in the rates of units (N, B, T, ...).

    Ridge regression over items and steps, lambda 1e-4, on standardised numbers; 0 for units that never vary.
    """
    x, rate = (each.flatten(3).flatten(1, 2).double() for each in (sense, rate))
    found = Ridge.fit(x, rate, torch.full((len(x),), _RIDGE))
    spread = (rate - rate.mean(dim=1, keepdim=True)).square().mean(dim=1, keepdim=True)
    return torch.where(spread > 1e-18, found.weight / found.sd.transpose(1, 2), 0.0)


def shares_of(field: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Share (N, places, U) of a unit's squared weights, summed over maps, at each place of a frame; which units (N, U)
    have any. `shape` is that of the sense; its places are those of its last two axes, or of its only one.
    """
    energy = field.square().reshape(len(field), -1, prod(_frame(shape)), field.shape[2]).sum(dim=1)
    whole = energy.sum(dim=1)
    some = whole > 1e-300
    return energy / torch.where(some, whole, 1.0)[:, None], some


def places_of(shape: tuple[int, ...]) -> Tensor:
    """Where the places of a frame are (places, axes), in half frames."""
    axes = [(2.0 * torch.arange(side, dtype=torch.float64) + 1.0) / side - 1.0 for side in _frame(shape)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)


def _frame(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[-min(2, len(shape)) :]
