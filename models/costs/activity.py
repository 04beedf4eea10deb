"""Each unit's mean rate is held near a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import ActivitySpec


@final
class Activity:
    r"""Squared distance of each unit's mean rate from a target rate.

    Formula:    J_n = 1/U * sum_u ( mean_{b,t} r_nbtu - rho )^2
    Shapes:     rate (N, B, T, U) -> (N,)
    Units:      r, rho in the area's rate, spikes per step for rates in [0, 1]; J their square
    Gradient:   every rate of the area; per_sample: no, the mean over the batch is inside the square
    Development: from birth, falling as other costs take over
    Not to be confused with: the `code` of autoencode, which lowers every rate of every item
    Reference:  Foldiak (1990) Biol. Cybern. 64:165; there a running mean, here the batch mean
    """

    def __init__(self, spec: ActivitySpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        mean_NU = moment.rate[self.spec.at].flatten(3).mean(dim=(1, 2))
        return (mean_NU - self.spec.target_rate).square().mean(dim=-1)
