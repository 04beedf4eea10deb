"""How few units carry what an area says of an item."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import SparsenessSpec


@final
class Sparseness:
    r"""Sparseness of the population, item by item, then averaged.

    Formula:    treves_rolls: (1 - a) / (1 - 1/U),   a = (mean_u |h|)^2 / mean_u h^2
                hoyer: (sqrt U - sum_u |h| / sqrt(sum_u h^2)) / (sqrt U - 1)
                items of which no unit says anything are left out; 0 if there is no other
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`)
    Units:      dimensionless: 0 if all units are equally active, 1 if one is; 0 for an area of one unit
    Reference:  Treves & Rolls (1991) Network 2:371, scaled as in Vinje & Gallant (2000) Science 287:1273; Hoyer (2004)
                JMLR 5:1457
    """

    def __init__(self, spec: SparsenessSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rate = view.measure.moment().rate
        return torch.stack([self._read(rate[area].flatten(3)) for area in areas_of(self.spec.at, view.areas)], dim=1)

    def _read(self, rate: Tensor) -> Tensor:
        size, units = rate.double().abs().flatten(1, 2), rate.shape[-1]
        if units == 1:
            return size.new_zeros(len(size)).float()
        first, second = size.sum(dim=2), size.square().sum(dim=2)
        if self.spec.measure == "treves_rolls":
            index = (1.0 - share_of(first.square(), units * second).double()) / (1.0 - 1.0 / units)
        else:
            index = (units**0.5 - share_of(first, second.sqrt()).double()) / (units**0.5 - 1.0)
        some = second > 0
        return share_of((index * some).sum(dim=1), some.sum(dim=1).double())
