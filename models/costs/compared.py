"""Costs that compare an area unit by unit with a target, over the items that have it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import BceSpec, CrossEntropySpec, HingeSpec, MseSpec

S = TypeVar("S", bound=BceSpec | CrossEntropySpec | HingeSpec | MseSpec)


class Compared(ABC, Generic[S]):
    """The mean of what each unit of an area costs against the target of its item and step."""

    def __init__(self, name: str, spec: S, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return target.mean(self._price(moment), self.spec.target, moment)

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T), or values (N, B, T, D)."""
        units = moment.rate[self.spec.at].flatten(3).shape[3]
        return target.read(self.spec.target, self.name, self._sense, moment, units)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return target.by_item(self._price(moment), self.spec.target, moment)

    def _price(self, moment: Moment) -> Tensor:
        """Of every unit (N, B, T, U), or of every step (N, B, T, 1)."""
        aim = self.target(moment)
        return self.price(target.during(moment.rate[self.spec.at].flatten(3), aim), aim)

    @abstractmethod
    def price(self, rate_NBTU: Tensor, aim: Tensor) -> Tensor:
        """Of every unit (N, B, T, U), or of every step (N, B, T, 1), against classes (N, B, T) or values."""
