"""An area's activity is pulled to a remembered goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import GoalMatchSpec


@final
class GoalMatch:
    r"""Mean squared distance of an area's rates from a template that itself may follow what was met.

    Formula:    J_n = mean_{b,t,u} (h_nbtu - g_nu)^2;   after each update g_n <- g_n + a_n (mean_{b,t} f_nbt - g_n),
                a_n = min(1, eta p_n), f the rates of the template's area, p the plasticity of `at`
    Shapes:     rate (N, B, T, U), template (N, U) -> (N,)
    Units:      squared units of the rate
    Gradient:   the area's rates: 2 (h - g) / (B T U); none for the template; per_sample: yes
    Development: eta above 0 while a tutor is heard or a mother is seen, with a window that closes: the template stays;
                then the motor areas are pulled to it. In the order reversed there is nothing to be pulled to
    Not to be confused with: mse with an area as target, item by item; here one goal for all items
    Reference:  song: Tchernichovski, Mitra, Lints & Nottebohm (2001) Science 291:2564; Fiete, Fee & Seung (2007) J.
                Neurophysiol. 98:2038; imprinting: Lorenz (1935) J. Ornithol. 83:137
    """

    def __init__(self, name: str, spec: GoalMatchSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The template: 0."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._distance(moment).mean(dim=(1, 2, 3))

    def target(self, moment: Moment) -> Tensor:
        """The template at every item and step (N, B, T, U)."""
        return target.read(self.spec.target, self.name, "", moment)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._distance(moment).mean(dim=(2, 3))

    def remember(self, moment: Moment) -> Params:
        """The template, a part of the way nearer to what was met."""
        address = target.template_at(self.name)
        template_NU = moment.own[address]
        if self.spec.eta == 0.0:
            return {}
        met_NU = moment.said(self.spec.target.area).flatten(3).mean(dim=(1, 2))
        part_N1 = (self.spec.eta * moment.pace[self.spec.at]).clamp(max=1.0).unsqueeze(1)
        return {address: template_NU + part_N1 * (met_NU - template_NU)}

    def _distance(self, moment: Moment) -> Tensor:
        """Squared, of every unit (N, B, T, U)."""
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        return (rate_NBTU - target.values(self.target(moment), rate_NBTU.shape[3])).square()
