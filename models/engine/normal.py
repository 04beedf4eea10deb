"""Means and standard deviations that a world's channels are shown by, taken once of clean items and then held."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor

from models.specs.worlds.sources import SourceSpec
from models.worlds import build_world

ITEMS = 4096
_AT_ONCE = 128

Scale = tuple[Tensor, float]
"""What is subtracted, one number or shaped like the channel, and what is divided by."""


def clean_scales(source: SourceSpec, steps: int, normalise: str) -> dict[str, Scale]:
    """By channel; none where nothing is normalised."""
    match normalise:
        case "frozen":
            return _standard(source, steps)
        case "centred":
            return _centred(source, steps)
        case _:
            return {}


@cache
def _standard(source: SourceSpec, steps: int) -> dict[str, Scale]:
    """Over all numbers of a channel; one that never changes is shown as it is, less its mean."""
    count, sums = 0, dict[str, Tensor]()
    for channels in _clean(source, steps):
        count += len(next(iter(channels.values())))
        for name, x in channels.items():
            moments = torch.stack([x.mean(), x.square().mean()]) * len(x)
            sums[name] = sums.get(name, torch.zeros(2, dtype=torch.float64)) + moments
    scales = {}
    for name, total in sums.items():
        mean, square = (total / count).tolist()
        variance = square - mean * mean
        scales[name] = (torch.tensor(mean), variance**0.5 if variance > 1e-12 else 1.0)
    return scales


@cache
def _centred(source: SourceSpec, steps: int) -> dict[str, Scale]:
    """Of each number of a channel, over items and their time steps."""
    count, sums = 0, dict[str, Tensor]()
    for channels in _clean(source, steps):
        count += len(next(iter(channels.values())))
        for name, x in channels.items():
            sums[name] = sums.get(name, torch.zeros(())) + x.mean(dim=1).sum(dim=0)
    return {name: ((total / count).float(), 1.0) for name, total in sums.items()}


def _clean(source: SourceSpec, steps: int) -> Iterator[dict[str, Tensor]]:
    """The first 4096 training items before transforms and deficits, some at a time: (items, T, ...) of each channel."""
    world = build_world(source, "train", steps)
    for index in torch.split(torch.arange(min(ITEMS, world.size or ITEMS)), _AT_ONCE):
        channels, _, _ = world.sample(torch.zeros(1, dtype=torch.int64), index[None])
        yield {name: x[0].double() for name, x in channels.items()}
