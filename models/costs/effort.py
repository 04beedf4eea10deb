"""What is done is done with little effort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import EffortSpec


@final
class Effort:
    r"""Sum of squared commands.

    Formula:    J_n = mean_{b,t} sum_u h_nbtu^2
    Shapes:     rate (N, B, T, U) -> (N,)
    Units:      squared units of the command, summed over effectors: twice as many that do as much cost twice as much
    Gradient:   the area's rates: 2 h / (B T); per_sample: yes
    Development: motor areas, from the first movements; beside a cost of what is to be reached, whose work it shares out
                evenly among effectors
    Not to be confused with: l2, of weights; the `code` of autoencode, a mean over units
    Reference:  Todorov & Jordan (2002) Nat. Neurosci. 5:1226; where noise grows with the command its square is what
                movements cost: Harris & Wolpert (1998) Nature 394:780
    """

    def __init__(self, spec: EffortSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return moment.rate[self.spec.at].flatten(3).square().sum(dim=3).mean(dim=2)
