"""No two units say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.costs.correlation import mean_squared_correlation, standardised
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import DecorrelateSpec


@final
class Decorrelate:
    r"""Mean squared correlation between different units of an area.

    Formula:    z_btu = (y_btu - mean_{b,t} y) / sqrt(var_{b,t} y + 1e-8)   per unit and life
                J_n = mean_{u != v} C_nuv^2,   C_nuv = mean_{b,t} z_u z_v
    Shapes:     rate (N, B, T, U) -> (N,)
    Units:      dimensionless, in [0, 1]; independent units still have 1 / (B T) by chance
    Gradient:   every rate of the area; scale and offset of a unit do not matter; per_sample: no
    Development: from birth, beside any cost that alone would let all units learn the same
    Not to be confused with: similarity_matching and Foldiak's lateral weights, rules that decorrelate by inhibition;
                the cross-correlation of two views of Barlow twins, which this is with one view
    Reference:  Foldiak (1990) Biol. Cybern. 64:165; as a cost: Zbontar, Jing, Misra, LeCun & Deny (2021) ICML
    """

    def __init__(self, spec: DecorrelateSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        z_NBTU = standardised(moment.rate[self.spec.at].flatten(3))
        return mean_squared_correlation(z_NBTU.flatten(1, 2))
