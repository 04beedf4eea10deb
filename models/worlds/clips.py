"""Time in streams: which part of a scene an item is, and the control in which time is out of order."""

from __future__ import annotations

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import LATER, Shown


def scene_and_time(index_NB: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """The scene (N, B) of each item, and at which of its steps (N, B, T) the item looks at it."""
    start_NB = (index_NB // LATER - 1).clamp(min=0) * steps
    return index_NB % LATER, start_NB[..., None] + torch.arange(steps)


def moments(index_NB: Tensor, steps: int, lasts: int, draw: Draw) -> tuple[Tensor, Tensor]:
    """As `scene_and_time`, of scenes that begin and end: an item that is no window looks at an addressed moment."""
    scene_NB, time_NBT = scene_and_time(index_NB, steps)
    first_NB = draw.indexed(scene_NB).at("clip", "moment").integers(lasts - steps + 1)
    return scene_NB, time_NBT + torch.where(index_NB < LATER, first_NB, 0)[..., None]


def step_by_step(draw: Draw, scene_NB: Tensor, time_NBT: Tensor) -> Draw:
    """Draws that are new at every step of a scene, up to 4096 steps; N lives, B T indices."""
    return draw.indexed((scene_NB[..., None] * 4096 + time_NBT).flatten(1))


def shuffled(shown: Shown, draw: Draw) -> Shown:
    """Every item with its steps in an addressed order, truths with them; draw has the items."""
    channels, label, factors = shown
    steps = next(iter(channels.values())).shape[2]
    order_NBT = draw.at("clip", "shuffle").bits(steps).argsort(dim=2, stable=True)

    def moved(x: Tensor) -> Tensor:
        index = order_NBT.reshape(*order_NBT.shape, *[1] * (x.dim() - 3))
        return x.gather(2, index.expand_as(x))

    told = None if label is None else moved(label)
    return {name: moved(x) for name, x in channels.items()}, told, {name: moved(x) for name, x in factors.items()}
