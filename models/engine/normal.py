"""Mean and standard deviation that a world's channels are shown by, taken once of clean items and then held."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from models.specs.worlds.sources import SourceSpec
from models.worlds import build_world

ITEMS = 4096
_AT_ONCE = 128

Scale = tuple[float, float]
"""Mean and standard deviation."""


@cache
def clean_scales(source: SourceSpec, steps: int) -> dict[str, Scale]:
    """Of each channel, over all numbers of the first 4096 training items, before transforms and deficits."""
    world = build_world(source, "train", steps)
    count = min(ITEMS, world.size or ITEMS)
    sums: dict[str, Tensor] = {}
    for index in torch.split(torch.arange(count), _AT_ONCE):
        channels, _, _ = world.sample(torch.zeros(1, dtype=torch.int64), index[None])
        for name, x in channels.items():
            moments = torch.stack([x.double().mean(), x.double().square().mean()]) * len(index)
            sums[name] = sums.get(name, torch.zeros(2, dtype=torch.float64)) + moments
    return {name: _scale(*(total / count).tolist()) for name, total in sums.items()}


def _scale(mean: float, square: float) -> Scale:
    """A channel that never changes is shown as it is, less its mean."""
    variance = square - mean * mean
    return mean, variance**0.5 if variance > 1e-12 else 1.0
