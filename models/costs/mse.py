"""An area's units are pulled to given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import MseSpec


@final
class Mse:
    r"""Mean squared distance of an area's rates from a target.

    Formula:    J_n = mean_{b,t,u} (h_nbtu - v_nbtu)^2;   a class y stands for v = onehot(y)
    Shapes:     rate (N, B, T, U), values (N, B, T, U) or label (N, B, T) -> (N,)
    Units:      squared units of the rate
    Gradient:   the area's rates: 2 (h - v) / (B T U); none for the target; per_sample: yes
    Development: any time; with an area as target, one area teaches another
    Not to be confused with: autoencode, which compares a learned decoding of the area, not the area itself
    Reference:  Widrow & Hoff (1960) Adaptive switching circuits; there one half of the sum, here the mean
    """

    def __init__(self, name: str, spec: MseSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return target.mean(self._distance(moment), self.spec.target, moment)

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T), or values (N, B, T, D)."""
        units = moment.rate[self.spec.at].flatten(3).shape[3]
        return target.read(self.spec.target, self.name, self._sense, moment, units)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return target.by_item(self._distance(moment), self.spec.target, moment)

    def _distance(self, moment: Moment) -> Tensor:
        """Squared, of every unit (N, B, T, U)."""
        aim = self.target(moment)
        rate_NBTU = target.during(moment.rate[self.spec.at].flatten(3), aim)
        return (rate_NBTU - target.values(aim, rate_NBTU.shape[3])).square()
