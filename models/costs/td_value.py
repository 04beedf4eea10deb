"""An area that comes to know what its states are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.costs.returns import ahead
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.reward import TdValueSpec


@final
class TdValue:
    r"""Mean squared error of temporal differences.

    Formula:    J_n = mean_{b,t} (G_nbt - V_nbt)^2 over the T - 1 frames that something follows,
                G_t = r_t + discount c_t ((1 - trace) V_{t+1} + trace G_{t+1}), c_t = 0 at the end of an episode
    Shapes:     rate (N, B, T, 1), reward and done (N, B, T) -> (N,)
    Units:      squared units of reward
    Gradient:   the area's rates: -2 (G - V) / (B (T - 1)); none through G; per_sample: yes
    Development: throughout; a critic may be grown before there is anyone who acts
    Not to be confused with: mse with target next, which predicts what comes and not what it is worth
    Reference:  Sutton (1988) Mach. Learn. 3:9; as reward prediction error Schultz, Dayan & Montague (1997) Science
                275:1593
    """

    def __init__(self, spec: TdValueSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._square(moment).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._square(moment).mean(dim=2)

    def _square(self, moment: Moment) -> Tensor:
        """Squared errors (N, B, T - 1)."""
        value_NBT = moment.rate[self.spec.at].flatten(3)[..., 0]
        worth = ahead(moment.batch, value_NBT.detach(), self.spec.discount, self.spec.trace)
        return (worth - value_NBT[:, :, :-1]).square()
