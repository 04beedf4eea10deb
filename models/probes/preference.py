"""Which of two things an area answers to more."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of, truth_of
from models.protocols import Moment, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.truths import PreferenceSpec


@final
class Preference:
    r"""Difference between an area's answers to items of two classes, over their sum.

    Formula:    (R_a - R_b) / (R_a + R_b),   R_c the mean over units, steps and items of class c of |r|; 0 where the
                area answers to neither. NaN where there is no item of one of them
    Shapes:     rate (N, B, T, U), classes (N, B, T) -> (N, areas of `at`)
    Units:      dimensionless: 1 a alone, 0 both alike, -1 b alone
    Reference:  own; what is preferred at birth: Johnson, Dziurawiec, Ellis & Morton (1991) Cognition 40:1
    """

    def __init__(self, spec: PreferenceSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        return torch.stack([self._read(moment, area) for area in areas_of(self.spec.at, view.areas)], dim=1)

    def _read(self, moment: Moment, area: str) -> Tensor:
        """Value (N,) of an area."""
        answer_NBT = moment.rate[area].flatten(3).double().abs().mean(dim=3)
        class_NBT = truth_of(moment, self.spec.truth)
        a, b = (_mean(answer_NBT, class_NBT == each) for each in (self.spec.a, self.spec.b))
        return torch.where(a.isfinite() & b.isfinite(), share_of(a - b, a + b), torch.nan)


def _mean(answer_NBT: Tensor, there_NBT: Tensor) -> Tensor:
    """Mean (N,) where the class is; NaN where it never is."""
    return (answer_NBT * there_NBT).sum(dim=(1, 2)) / there_NBT.sum(dim=(1, 2))
