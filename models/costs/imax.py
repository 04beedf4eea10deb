"""Two neighbours who agree have found what is common to what they see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import ImaxSpec

_FLOOR = 1e-6


@final
class Imax:
    r"""Negative mutual information of an area with another, for a common signal in independent gaussian noise.

    Formula:    J_n = - mean_u 1/2 log( (V(a_u + b_u) + 1e-6) / (V(a_u - b_u) + 1e-6) ),   V the variance over b, t;
                a the area, b the target
    Shapes:     rate (N, B, T, U), target (N, B, T, U) -> (N,)
    Units:      nats per unit; 0 for unrelated areas
    Gradient:   every rate of the area; none for the target: the neighbour learns by a cost of its own; per_sample: no
    Development: binocular and multisensory areas, once both channels work
    Not to be confused with: mse with an area as target, which silence satisfies; cross_modal, of classes
    Reference:  Becker & Hinton (1992) Nature 355:161
    """

    def __init__(self, name: str, spec: ImaxSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def target(self, moment: Moment) -> Tensor:
        """Values (N, B, T, D)."""
        return target.read(self.spec.target, self.name, self._sense, moment)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        aim = self.target(moment)
        rate_NBTU = target.during(moment.rate[self.spec.at].flatten(3), aim)
        other = target.values(aim, rate_NBTU.shape[3])
        told_NU = 0.5 * ((_variance(rate_NBTU + other) + _FLOOR) / (_variance(rate_NBTU - other) + _FLOOR)).log()
        return -told_NU.mean(dim=1)


def _variance(x_NBTU: Tensor) -> Tensor:
    centred = x_NBTU - x_NBTU.mean(dim=(1, 2), keepdim=True)
    return centred.square().mean(dim=(1, 2))
