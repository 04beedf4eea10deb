"""What comes of it should be as expected: how far it may vary is a cost, or, to who seeks risk, a prize."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.costs.returns import ahead, taken
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.reward import RiskSpec


@final
class Risk:
    r"""Variance of the outcome, which actions whose outcomes vary less bring down.

    Formula:    J_n = s mean_{b,t} D_nbt^2,   D = G - V, over the T - 1 frames in which something was done; G as in
                td_value with V the critic's rate; s = 1, or -1 if risk is sought. Where V is the mean of G, the mean of
                D^2 is Var(G) in a state
    Shapes:     rate (N, B, T, K), critic (N, B, T, 1), action, reward, done (N, B, T) -> (N,)
    Units:      reward^2
    Gradient:   the area's rates, by the chance of what was done: s D^2 (onehot a - p) / (B (T - 1)), whose mean
                is the gradient of s Var(G); none through D; per_sample: yes
    Development: beside policy_gradient, once the critic knows what to expect
    Not to be confused with: policy_gradient, which lowers the mean of -G; td_value, which moves the critic
    Reference:  Tamar, Di Castro & Mannor (2012) Policy gradients with variance related risk criteria, ICML; there the
                variance over whole episodes, here about the critic's value of each frame; as a cost of movement
                Harris & Wolpert (1998) Nature 394:780
    """

    def __init__(self, spec: RiskSpec) -> None:
        self.spec = spec
        self._sign = 1.0 if spec.attitude == "averse" else -1.0

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._squares(moment).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._squares(moment).mean(dim=2)

    def _squares(self, moment: Moment) -> Tensor:
        """Of every frame in which something was done (N, B, T - 1)."""
        value_NBT = moment.said(self.spec.critic).flatten(3)[..., 0].detach()
        off_NBT = ahead(moment.batch, value_NBT, self.spec.discount, self.spec.trace) - value_NBT[:, :, :-1]
        done_NBT, _ = taken(moment, self.spec.at)
        return self._sign * off_NBT.square() * (1.0 + done_NBT - done_NBT.detach())
