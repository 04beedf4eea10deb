"""Costs as circuits hear them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor

from models.protocols import Cost, Moment, TargetCost


@dataclass(frozen=True)
class Judged:
    """A cost that goes back in one walk: its value (N,), of this moment and of any, its weight (N,), its place."""

    at: str
    upstream: bool
    reach: frozenset[str]
    """Areas that its error reaches."""
    value: Tensor
    again: Callable[[Moment], Tensor]
    per_sample: Callable[[Moment], Tensor]
    target: Callable[[Moment], Tensor]
    weight_N: Tensor


def target_of(cost: Cost, moment: Moment) -> Tensor:
    """What a cost compares its area with; the checks see to it that it does."""
    assert isinstance(cost, TargetCost)
    return cost.target(moment)


@final
class Joint:
    """The weighted sum of several costs."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        self._judged = judged

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        first, *others = (each.weight_N * each.again(moment) for each in self._judged)
        for other in others:
            first = first + other
        return first

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        first, *others = (each.weight_N[:, None] * each.per_sample(moment) for each in self._judged)
        for other in others:
            first = first + other
        return first

    def target(self, moment: Moment) -> Tensor:
        """That of the first."""
        return self._judged[0].target(moment)
