"""An area's units are pulled to given values."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.costs import target
from models.costs.compared import Compared
from models.specs.costs.supervised import MseSpec


@final
class Mse(Compared[MseSpec]):
    r"""Mean squared distance of an area's rates from a target.

    Formula:    J_n = mean_{b,t,u} (h_nbtu - v_nbtu)^2;   a class y stands for v = onehot(y)
    Shapes:     rate (N, B, T, U), values (N, B, T, U) or label (N, B, T) -> (N,)
    Units:      squared units of the rate
    Gradient:   the area's rates: 2 (h - v) / (B T U); none for the target; per_sample: yes
    Development: any time; with an area as target, one area teaches another
    Not to be confused with: autoencode, which compares a learned decoding of the area, not the area itself
    Reference:  Widrow & Hoff (1960) Adaptive switching circuits; there one half of the sum, here the mean
    """

    def price(self, rate_NBTU: Tensor, aim: Tensor) -> Tensor:
        """Squared distance of every unit (N, B, T, U)."""
        return (rate_NBTU - target.values(aim, rate_NBTU.shape[3])).square()
