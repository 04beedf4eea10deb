"""How fast units change."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import DeltaValueSpec


@final
class DeltaValue:
    r"""Mean squared step in time of units at unit variance, averaged over the units that change at all.

    Formula:    delta_u = mean_{b,t} (h_{t+1} - h_t)^2 / var_{b,t} h;   the mean over u with var > 0, 0 if there is none
    Shapes:     rate (N, B, T, U), T > 1 -> (N, areas of `at`)
    Units:      dimensionless: 2 for white noise; a sine of k periods in T steps has 4 sin^2(pi k / T), so that
                eta = T / (2 pi) sqrt(delta) is about k
    Reference:  Wiskott & Sejnowski (2002) Slow feature analysis, Neural Comput. 14:715
    """

    def __init__(self, spec: DeltaValueSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rate = view.measure.moment().rate
        return torch.stack([_delta(rate[area].flatten(3)) for area in areas_of(self.spec.at, view.areas)], dim=1)


def _delta(rate: Tensor) -> Tensor:
    wide = rate.double()
    step = wide.diff(dim=2).square().flatten(1, 2).mean(dim=1)
    variance = wide.flatten(1, 2).var(dim=1, correction=0)
    alive = variance > 1e-12
    each = torch.where(alive, step / torch.where(alive, variance, 1.0), 0.0)
    return share_of(each.sum(dim=1), alive.sum(dim=1).double())
