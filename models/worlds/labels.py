"""Which labels a world shows, and how many of them are wrong."""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds import AllLabels, NoLabels, WorldSpec
from models.specs.worlds.sources import facts, name_of


def shown(world: WorldSpec, label_NBT: Tensor | None, seeds_N: Tensor, index_NB: Tensor) -> Tensor | None:
    """The labels the world lets costs see, of the items that were sampled by these seeds and indices.

    A wrong label belongs to the item: where lives share items it is the same for all. All steps of a clip are right or
    wrong together.
    """
    match world.labels:
        case NoLabels():
            return None
        case AllLabels(noise=noise):
            known = facts(world.source)
            if label_NBT is None or noise == 0.0 or known.classes is None:
                return label_NBT
            seeds_N = torch.zeros_like(seeds_N) if world.shared else seeds_N
            draw = Draw(seeds_N, index_NB, word(name_of(world.source, world.split)))
            return _with_noise(label_NBT, noise, known.classes, draw)
        case _:
            assert_never(world.labels)


def _with_noise(label_NBT: Tensor, noise: float, classes: int, draw: Draw) -> Tensor:
    """With probability `noise` one of the other classes, each as likely."""
    wrong_NB1 = draw.at("labels", "wrong").uniform(1) < noise
    step_NB1 = 1 + draw.at("labels", "which").integers(classes - 1, 1)
    return torch.where(wrong_NB1, (label_NBT + step_NB1) % classes, label_NBT)
