"""What another was seen to do is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.costs.returns import taken
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.reward import ImitationSpec


@final
class Imitation:
    r"""Negative log probability, to the area, of what somebody else does in the same place.

    Formula:    J_n = - mean_{b,t} log p_nbt[a_nbt],   p = softmax_k h_nbtk, a what was done, over the T - 1 frames in
                which something was
    Shapes:     rate (N, B, T, K), action (N, B, T) -> (N,)
    Units:      nats per action; log K where nothing was learned
    Gradient:   the area's rates: (p - onehot a) / (B (T - 1)), 0 at the last frame; per_sample: yes
    Development: mirror areas, before there is any reward; what was shown says nothing of places nobody went to
    Not to be confused with: policy_gradient, which weighs what the area itself did by what came of it
    Reference:  Pomerleau (1991) Neural Comput. 3:88; what is lost where nobody led: Ross, Gordon & Bagnell (2011)
                AISTATS
    """

    def __init__(self, spec: ImitationSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return -taken(moment, self.spec.at)[0].mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return -taken(moment, self.spec.at)[0].mean(dim=2)
