"""Each of an area's units keeps a margin from the border between yes and no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import HingeSpec


@final
class Hinge:
    r"""What each unit lacks of a margin of 1 on the right side of 0.

    Formula:    J_n = mean_{b,t,u} max(0, 1 - y_nbtu h_nbtu),   y = 1 where the target is above 0, else -1;
                a class c stands for onehot(c): its unit above 1, the others below -1
    Shapes:     rate (N, B, T, U), values (N, B, T, U) or label (N, B, T) -> (N,)
    Units:      that of the rate; at rate 0 it is 1
    Gradient:   the area's rates: -y / (B T U) inside the margin, 0 outside; none for the target; per_sample: yes
    Development: as cross_entropy; items that are right with room to spare teach nothing more
    Not to be confused with: cross_entropy, which never stops teaching
    Reference:  Cortes & Vapnik (1995) Mach. Learn. 20:273; one unit against the rest: Rifkin & Klautau (2004) J. Mach.
                Learn. Res. 5:101
    """

    def __init__(self, name: str, spec: HingeSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return target.mean(self._lack(moment), self.spec.target, moment)

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T), or values (N, B, T, D)."""
        units = moment.rate[self.spec.at].flatten(3).shape[3]
        return target.read(self.spec.target, self.name, self._sense, moment, units)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return target.by_item(self._lack(moment), self.spec.target, moment)

    def _lack(self, moment: Moment) -> Tensor:
        """Of every unit (N, B, T, U)."""
        aim = self.target(moment)
        rate_NBTU = target.during(moment.rate[self.spec.at].flatten(3), aim)
        yes = target.values(aim, rate_NBTU.shape[3]) > 0
        return torch.relu(1.0 - torch.where(yes, rate_NBTU, -rate_NBTU))
