"""How active an area is."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import ActivitySpec


@final
class Activity:
    r"""Mean rate of an area's units, or their root mean square.

    Formula:    mean: mean_{b,t,u} h;   rms: sqrt( mean_{b,t,u} h^2 )
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`)
    Units:      those of the rates
    Reference:  none needed
    """

    def __init__(self, spec: ActivitySpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rate = view.measure.moment().rate
        return torch.stack([self._read(rate[area].double()) for area in areas_of(self.spec.at, view.areas)], dim=1)

    def _read(self, rate: Tensor) -> Tensor:
        if self.spec.read == "mean":
            return rate.flatten(1).mean(dim=1).float()
        return rate.flatten(1).square().mean(dim=1).sqrt().float()
