"""Kinds within kinds: a world in which broad distinctions are strong and fine ones weak."""

from __future__ import annotations

from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import HierarchySpec
from models.specs.worlds.sources import name_of
from models.worlds.modes import Modes


@final
class Hierarchy:
    r"""Items and their features, which a branching process hands down a binary tree.

    Scene:      channel `item`: one-hot; label: the item's features, +1 or -1; factors `level1` (two halves), `level2`
                (quarters) ...: the branch an item is on, the last one the item itself
    Statistics: a feature is +1 or -1 at the root with equal chance and flips at every branch with probability `flip`;
                items whose common ancestor lies h branches above have features that correlate by (1 - 2 flip)^(2 h)
    Draws:      (world without split): features. All splits are the same items
    Shapes:     item (N, B, 1, items); label (N, B, 1, features) float32; levels (N, B, 1)
    Units:      dimensionless
    Controls:   a target shuffled in the batch; `flip: .5`, features without a tree
    Reference:  Saxe, McClelland & Ganguli (2019) A mathematical theory of semantic development in deep neural
                networks, PNAS 116:11537
    """

    def __init__(self, source: HierarchySpec, split: str) -> None:
        self.source = source
        self.size = source.items
        self._features = _features(source)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The items, the same for every life."""
        items = self.source.items
        index = index_NB[..., None]
        levels = {f"level{k}": index * 2**k // items for k in range(1, items.bit_length())}
        label = self._features[index_NB].unsqueeze(2)
        shown = (index[..., None] == torch.arange(items)).to(torch.float32)
        return {"item": shown}, label if self.source.features > 1 else label[..., 0], levels


@cache
def modes(source: HierarchySpec) -> Modes:
    """Of the covariance of features and one-hot items, which is the mean of y x' over items."""
    left, strength, right = torch.linalg.svd(_features(source).double().mT / source.items, full_matrices=False)
    return Modes(left.float(), strength.float(), right.mT.float())


@cache
def _features(source: HierarchySpec) -> Tensor:
    """(items, features), from the root down."""
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=word(name_of(source, "all"))).at("hierarchy", "features")
    lanes = draw.uniform(2 * source.items, source.features)[0]
    value = torch.where(lanes[:1] < 0.5, -1.0, 1.0)
    first = 1
    while len(value) < source.items:
        count = 2 * len(value)
        flipped = torch.where(lanes[first : first + count] < source.flip, -1.0, 1.0)
        value, first = value.repeat_interleave(2, dim=0) * flipped, first + count
    return value
