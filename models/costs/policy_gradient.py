"""What went better than expected is done more often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.costs.returns import ahead, beyond_others, chosen, taken
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.reward import PolicyGradientSpec


@final
class PolicyGradient:
    r"""Negative log probability of what was done, weighed by its advantage, less entropy.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   p = softmax_k h_nbtk,   A = G - V,
                H = - sum_k p_k log p_k, over the T - 1 frames in which something was done; G as in td_value with V the
                critic's rate, or 0. With `answer`: over all T frames, a what `at` chose by logits h,
                G_nbt = sum_{s>=t} discount^(s-t) [argmax answer_nbs = label_nbs], V the mean G_nt of the other items
    Shapes:     rate (N, B, T, K), critic (N, B, T, 1), action, reward, done (N, B, T) -> (N,)
    Units:      reward times nats
    Gradient:   the area's rates: A (p - onehot a) / (B (T - 1)) and that of the entropy; none through A; per_sample:
                yes. With `answer`: what brings the area its logits, over B T; per_sample: yes, V is no part of a
    Development: where an area acts; the critic's td_value may come first. With `answer`: where one chooses inside, what
                to look at; what is looked at may be learned before
    Not to be confused with: the rule reward_modulated, which needs no gradient
    Reference:  Williams (1992) Mach. Learn. 8:229; with a critic and trace Schulman, Moritz, Levine, Jordan & Abbeel
                (2016) High-dimensional continuous control using generalized advantage estimation, ICLR. Inside:
                O'Reilly & Frank (2006) Neural Comput. 18:283; Mnih, Heess, Graves & Kavukcuoglu (2014) NeurIPS; against
                others: Kool, van Hoof & Welling (2019) Buy 4 REINFORCE samples, get a baseline for free
    """

    def __init__(self, spec: PolicyGradientSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._loss(moment).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._loss(moment).mean(dim=2)

    def _loss(self, moment: Moment) -> Tensor:
        """Of every frame in which something was done (N, B, T - 1), or chosen (N, B, T)."""
        if self.spec.answer is not None:
            done_NBT, entropy_NBT = chosen(moment, self.spec.at)
            better_NBT = beyond_others(moment, self.spec.answer, self.spec.discount)
        else:
            done_NBT, entropy_NBT = taken(moment, self.spec.at)
            better_NBT = self._advantage(moment)
        return -better_NBT * done_NBT - self.spec.entropy * entropy_NBT

    def _advantage(self, moment: Moment) -> Tensor:
        """How much better than expected it went (N, B, T - 1)."""
        if self.spec.critic is None:
            nothing = torch.zeros_like(moment.batch.factors["reward"])
            return ahead(moment.batch, nothing, self.spec.discount, 1.0)
        value_NBT = moment.said(self.spec.critic).flatten(3)[..., 0].detach()
        return ahead(moment.batch, value_NBT, self.spec.discount, self.spec.trace) - value_NBT[:, :, :-1]
