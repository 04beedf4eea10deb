"""How well an area tells classes apart of which it has seen a few items."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.probes.reading import patterns_of, truth_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.truths import FewshotSpec

EPISODES = 400


@final
class Fewshot:
    r"""Accuracy of naming an item by the nearest of the means of a few items of each of some classes.

    Formula:    400 episodes; in each `ways` classes of those with more than `shots` items, of each class `shots` items
                and another one, which is named argmin_c | r - mean r_c |^2, r the pattern of all units and steps; the
                share that is named right. NaN where fewer than `ways` classes have so many items
    Shapes:     rate (N, B, T, U), classes (N, B, T), of which the last step counts -> (N, areas of `at`)
    Units:      fraction; chance 1 / ways; standard error over episodes at most 0.025 / sqrt(ways), of 5 ways 0.011
    Reference:  Lake, Salakhutdinov & Tenenbaum (2015) Science 350:1332 for the task; Snell, Swersky & Zemel (2017)
                Prototypical networks, NeurIPS, for the reader
    """

    def __init__(self, spec: FewshotSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        class_NB = truth_of(moment, self.spec.truth)[..., -1]
        draw = moment.draw.at("probe", "fewshot")
        lives = [replace(draw, seeds_N=draw.seeds_N[life : life + 1], index_NB=None) for life in range(len(class_NB))]
        items = [self._episodes(each, classes) for each, classes in zip(lives, class_NB, strict=True)]
        areas = [patterns_of(moment, area) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(
            [torch.stack([_named(*each) for each in zip(of, items, strict=True)]) for of in areas], dim=1
        )

    def _episodes(self, draw: Draw, class_B: Tensor) -> Tensor | None:
        """Items (episodes, ways, shots + 1) of one life, of every class the last one to be named."""
        count_K = class_B.bincount()
        able = (count_K > self.spec.shots).nonzero()[:, 0]
        if len(able) < self.spec.ways:
            return None
        key = draw.at("items").bits(EPISODES * len(class_B)).reshape(EPISODES, -1)
        # Class by class, and in each class in an order of the episode's own.
        order = (class_B << 32 | key).argsort(dim=1, stable=True)
        choice = draw.at("classes").bits(EPISODES * len(able)).reshape(EPISODES, -1).argsort(dim=1, stable=True)
        first = (count_K.cumsum(dim=0) - count_K)[able[choice[:, : self.spec.ways]]]
        place = first.unsqueeze(2) + torch.arange(self.spec.shots + 1)
        return order.gather(1, place.flatten(1)).reshape(place.shape)


def _named(pattern_BD: Tensor, items: Tensor | None) -> Tensor:
    """Share of the last items that are nearest to the mean of the others of their class."""
    if items is None:
        return torch.tensor(torch.nan)
    *known, asked = (pattern_BD[each] for each in items.unbind(2))
    mean = torch.stack(known).mean(dim=0)
    apart = mean.square().sum(dim=2).unsqueeze(1) - 2.0 * asked @ mean.mT
    return (apart.argmin(dim=2) == torch.arange(items.shape[1])).float().mean()
