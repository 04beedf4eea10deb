"""Each of an area's units says yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import BceSpec

_LEAST = 1e-7
"""Added to probabilities, so that a unit at 0 or 1 has a finite cost."""


@final
class Bce:
    r"""Binary cross entropy: negative log probability of yes or no, unit by unit.

    Formula:    J_n = - mean_{b,t,u} k * ( pos_weight * y log(p + 1e-7) + (1 - y) log(1 - p + 1e-7) ),
                p = h_nbtu,   k = 1 where max(y, 1 - y) >= min_confidence, else 0;   a class c stands for y = onehot(c)
    Shapes:     rate (N, B, T, U) in [0, 1], values (N, B, T, U) in [0, 1] or label (N, B, T) -> (N,)
    Units:      nats per unit; at p = 1/2 log 2
    Gradient:   the area's rates: k (p - y) / (p (1 - p) B T U) at pos_weight 1; none for the target; per_sample: yes
    Development: an innate detector of few true positives teaches by it first (pos_weight), later the area itself on
                another look, where it is sure (min_confidence)
    Not to be confused with: cross_entropy, whose units exclude one another
    Reference:  Good (1952) J. R. Stat. Soc. B 14:107; the cut of unsure teachers: Lee (2013) Pseudo-label
    """

    def __init__(self, name: str, spec: BceSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return target.mean(self._surprise(moment), self.spec.target, moment)

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T), or values (N, B, T, D)."""
        units = moment.rate[self.spec.at].flatten(3).shape[3]
        return target.read(self.spec.target, self.name, self._sense, moment, units)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return target.by_item(self._surprise(moment), self.spec.target, moment)

    def _surprise(self, moment: Moment) -> Tensor:
        """Of every unit (N, B, T, U)."""
        aim = self.target(moment)
        p = target.during(moment.rate[self.spec.at].flatten(3), aim)
        y = target.values(aim, p.shape[3])
        surprise = -self.spec.pos_weight * y * (p + _LEAST).log() - (1.0 - y) * (1.0 - p + _LEAST).log()
        if self.spec.min_confidence == 0.5:
            return surprise
        return torch.where(torch.maximum(y, 1.0 - y) >= self.spec.min_confidence, surprise, 0.0)
