"""What several probes look at: the truth about items, and patterns of activity."""

from __future__ import annotations

import torch
from torch import Tensor

from models.protocols import Moment


def truth_of(moment: Moment, name: str | None) -> Tensor:
    """A factor, or the label if none is named: classes (N, B, T) int64, numbers (N, B, T) or (N, B, T, D)."""
    truth = moment.batch.label if name is None else moment.batch.factors.get(name)
    if truth is None:
        raise ValueError(f"the world of this probe tells no {name or 'label'}")
    return truth


def numbers_of(moment: Moment, name: str | None) -> Tensor:
    """A factor of numbers, (N, B, T, D) float64."""
    truth = truth_of(moment, name).double()
    return truth if truth.dim() == 4 else truth[..., None]


def patterns_of(moment: Moment, name: str) -> Tensor:
    """What an area or sense does for each item, all steps in one row: (N, B, T U) float64."""
    rate: Tensor = moment.rate[name].double()
    return rate.flatten(2)


def share_of(part: Tensor, whole: Tensor, otherwise: float = 0.0) -> Tensor:
    """The ratio in single precision; where the whole is 0, another number."""
    some = whole.abs() > 1e-300
    return torch.where(some, part / torch.where(some, whole, 1.0), otherwise).float()
