"""Which items show their label, and how many of these are wrong."""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds import AllLabels, BudgetLabels, NoLabels, WorldSpec
from models.specs.worlds.sources import facts, name_of


def shown(world: WorldSpec, label_NBT: Tensor | None, seeds_N: Tensor, index_NB: Tensor) -> Tensor | None:
    """The labels the world lets costs see, of the items that were sampled by these seeds and indices.

    A wrong label belongs to the item: where lives share items it is the same for all. All steps of a clip are right or
    wrong together.
    """
    match world.labels:
        case NoLabels():
            return None
        case AllLabels(noise=noise, seed=seed) | BudgetLabels(noise=noise, seed=seed):
            if label_NBT is None or noise == 0.0:
                return label_NBT
            known = facts(world.source)
            if known.classes is None:
                return label_NBT
            seeds_N = torch.zeros_like(seeds_N) if world.shared else seeds_N
            draw = Draw(seeds_N, index_NB, word(name_of(world.source, world.split)))
            return _with_noise(
                label_NBT, noise, known.classes, draw if seed == 0 else draw.at("labels", f"seed {seed}")
            )
        case _:
            assert_never(world.labels)


def chosen(world: WorldSpec, label_NS: Tensor, seeds_N: Tensor, index_NS: Tensor) -> Tensor:
    """The items (N, count) of a subset that show their label under the world's budget, in their own order.

    Items are ranked by addressed keys; with `balanced` the first of every class comes before the second of any.
    """
    budget = world.budget
    assert budget is not None
    name = "" if budget.draw == "nested" else str(budget.count)
    key_NS = Draw(seeds_N, index_NS, word(name_of(world.source, world.split))).at("budget", name).bits(1)[..., 0]
    rank_NS = key_NS.argsort(dim=1, stable=True)
    if budget.balanced:
        turn_NS = _turns(label_NS.gather(1, rank_NS))
        rank_NS = rank_NS.gather(1, turn_NS.argsort(dim=1, stable=True))
    first_NC = rank_NS[:, : budget.count]
    return index_NS.gather(1, first_NC).sort(dim=1).values


def _turns(label_NS: Tensor) -> Tensor:
    """How many of the same class stand before each item."""
    by_class = label_NS.argsort(dim=1, stable=True)
    sorted_NS = label_NS.gather(1, by_class)
    before = torch.arange(label_NS.shape[1]) - torch.searchsorted(sorted_NS, sorted_NS)
    return torch.empty_like(by_class).scatter(1, by_class, before)


def _with_noise(label_NBT: Tensor, noise: float, classes: int, draw: Draw) -> Tensor:
    """With probability `noise` one of the other classes, each as likely."""
    wrong_NB1 = draw.at("labels", "wrong").uniform(1) < noise
    step_NB1 = 1 + draw.at("labels", "which").integers(classes - 1, 1)
    return torch.where(wrong_NB1, (label_NBT + step_NB1) % classes, label_NBT)
