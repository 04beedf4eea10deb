"""How many units have nothing to say."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import DeadUnitsSpec


@final
class DeadUnits:
    r"""Share of units that say the same of every item.

    Formula:    mean_u [ max_{b,t} h_u - min_{b,t} h_u <= spread ]; spread 0: a relu unit that is never above 0, a tanh
                unit whose every rate has rounded to 1 or -1
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`)
    Units:      fraction; spread in those of the rates
    Reference:  Dohare et al. (2024) Loss of plasticity in deep continual learning, Nature 632:768; there units of relu
                that are never active
    """

    def __init__(self, spec: DeadUnitsSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rate = view.measure.moment().rate
        seen = [rate[area].flatten(3).flatten(1, 2) for area in areas_of(self.spec.at, view.areas)]
        spans = [each.amax(dim=1) - each.amin(dim=1) for each in seen]
        return torch.stack([(span <= self.spec.spread).float().mean(dim=1) for span in spans], dim=1)
