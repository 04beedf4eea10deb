"""Each of an area's units keeps a margin from the border between yes and no."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.costs.compared import Compared
from models.specs.costs.supervised import HingeSpec


@final
class Hinge(Compared[HingeSpec]):
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

    def price(self, rate_NBTU: Tensor, aim: Tensor) -> Tensor:
        """What every unit lacks (N, B, T, U)."""
        yes = target.values(aim, rate_NBTU.shape[3]) > 0
        return torch.relu(1.0 - torch.where(yes, rate_NBTU, -rate_NBTU))
