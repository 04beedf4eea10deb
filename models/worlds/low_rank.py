"""A table with holes, and a reason why they can be filled in."""

from __future__ import annotations

import math
from functools import cache, cached_property
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import LowRankSpec
from models.specs.worlds.sources import name_of
from models.worlds.modes import orthonormal


@final
class LowRank:
    r"""Entries of a matrix that is a product of two thin ones, one at a time.

    Scene:      channels `row` and `column`: which entry, each one-hot; label: its value; factors `i`, `j`: the same as
                numbers. M = s U V', U and V random orthonormal columns, as many as its rank; all its singular values
                are s = sqrt(rows columns / rank)
    Statistics: the mean square of all entries is exactly 1; the splits have each entry once, in an addressed order.
                M has rank (rows + columns - rank) free numbers: fewer entries than that cannot tell the others
    Draws:      (world without split): U, V, the order of entries
    Shapes:     row (N, B, 1, rows), column (N, B, 1, columns) float32; label (N, B, 1) float32; i, j (N, B, 1)
    Units:      dimensionless
    Controls:   a matrix of full rank, whose entries tell nothing of one another
    Reference:  Kleinman, Achille & Soatto (2024) Critical learning periods emerge even in deep linear networks, ICLR;
                Candes & Recht (2009) Found. Comput. Math. 9:717 for how many entries are enough
    """

    def __init__(self, source: LowRankSpec, split: str) -> None:
        self.source = source
        sizes = source.facts().sizes or {}
        self.size: int = sizes[split]
        self._first = sum(sizes[each] for each in ("train", "valid", "test")[: ("train", "valid", "test").index(split)])

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The same entries for all lives."""
        i, j = (each[index_NB].unsqueeze(2) for each in self._places)
        row, column = (
            functional.one_hot(each, count).float() for each, count in ((i, self.source.rows), (j, self.source.columns))
        )
        return {"row": row, "column": column}, matrix(self.source)[i, j], {"i": i, "j": j}

    @cached_property
    def _places(self) -> tuple[Tensor, Tensor]:
        """Row and column of every entry of the split."""
        count = self.source.rows * self.source.columns
        order = _draw(self.source).at("order").permuted(torch.arange(self._first, self._first + self.size)[None], count)
        return order[0] // self.source.columns, order[0] % self.source.columns


@cache
def matrix(source: LowRankSpec) -> Tensor:
    """All entries (rows, columns), float32."""
    left, right = (
        orthonormal(_draw(source).at(side), count, source.rank)
        for side, count in (("left", source.rows), ("right", source.columns))
    )
    size = math.sqrt(source.rows * source.columns / source.rank)
    return (size * (left[:, None] * right).sum(dim=2)).float()


def _draw(source: LowRankSpec) -> Draw:
    return Draw(torch.zeros(1, dtype=torch.int64), address=word(name_of(source, "all"))).at("low_rank")
