"""What changes slowly in the input is what is out there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.costs.correlation import mean_squared_correlation, standardised
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import SlowFeatureSpec


@final
class SlowFeature:
    r"""Mean squared step of activity in time at unit variance, with units decorrelated.

    Formula:    z_btu = (y_btu - mean_{b,t} y) / sqrt(var_{b,t} y + 1e-8)   per unit and life
                J_n = mean_{b,t,u} (z_t+1 - z_t)^2 + decorrelate * mean_{u != v} C_uv^2,   C = mean_{b,t} z_u z_v
                order 2: the step of the step, z_t+2 - 2 z_t+1 + z_t, in place of the step
    Shapes:     rate (N, B, T, U), T > order -> (N,)
    Units:      dimensionless; white noise has a mean squared step of 2 (order 2: 6)
    Gradient:   every rate of the area; a unit that never changes counts 0 and gets none; per_sample: no
    Development: from the first visual motion on
    Not to be confused with: a small rate of change of raw activity, which silence satisfies
    Reference:  Wiskott & Sejnowski (2002) Neural Computation 14:715; there constraints solved in closed form, here
                variance by standardisation over the batch and decorrelation as a penalty
    """

    def __init__(self, spec: SlowFeatureSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        if rate_NBTU.shape[2] <= self.spec.order:
            raise ValueError(f"slowness of order {self.spec.order} needs more than {rate_NBTU.shape[2]} steps")
        z_NBTU = standardised(rate_NBTU)
        step = z_NBTU.diff(n=self.spec.order, dim=2).square().mean(dim=(1, 2, 3))
        if self.spec.decorrelate == 0.0 or z_NBTU.shape[3] == 1:
            return step
        return step + self.spec.decorrelate * mean_squared_correlation(z_NBTU.flatten(1, 2))
