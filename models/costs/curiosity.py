"""What surprises is sought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.costs.choosing import liked, surprise
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.intrinsic import CuriositySpec


@final
class Curiosity:
    r"""Policy gradient for the error with which an area foretells what comes of an action.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   A = (G - mean G) / sd G over batch and
                steps,   G_t = r_t + discount c_t G_{t+1},   r_t = mean_d (m_{t+1,d} - s_{t+1,d})^2, m the model's rate,
                s what it foretells; with target next, the error of m_t about s_{t+1}. c_t = 0 where the action ended an
                episode: nobody sees what it brought, and it is left out of mean and sd, its A 0
    Shapes:     rate (N, B, T, K), model and target (N, B, T, D), action, done (N, B, T) -> (N,)
    Units:      nats
    Gradient:   the rates of `at`: A (p - onehot a) / (B (T - 1)), and that of the entropy; none through the model;
                per_sample: no (mean and sd over the batch)
    Development: infancy. It explores, and it is trapped by what nobody can foretell: that is its claim
    Not to be confused with: learning_progress, which leaves noise alone
    Reference:  Schmidhuber (1991) Proc. Int. Conf. on Simulation of Adaptive Behavior, 222; as reward of a policy
                gradient Pathak, Agrawal, Efros & Darrell (2017) ICML
    """

    def __init__(self, name: str, spec: CuriositySpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        reward_NBT = surprise(self.spec, self.name, self._sense, moment)
        return liked(self.spec, moment, reward_NBT).mean(dim=(1, 2))
