"""Each of an area's units says yes or no."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.costs.compared import Compared
from models.specs.costs.supervised import BceSpec

_LEAST = 1e-7
"""Added to probabilities, so that a unit at 0 or 1 has a finite cost."""


@final
class Bce(Compared[BceSpec]):
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

    def price(self, rate_NBTU: Tensor, aim: Tensor) -> Tensor:
        """Surprise of every unit (N, B, T, U)."""
        p, y = rate_NBTU, target.values(aim, rate_NBTU.shape[3])
        surprise = -self.spec.pos_weight * y * (p + _LEAST).log() - (1.0 - y) * (1.0 - p + _LEAST).log()
        if self.spec.min_confidence == 0.5:
            return surprise
        return torch.where(torch.maximum(y, 1.0 - y) >= self.spec.min_confidence, surprise, 0.0)
