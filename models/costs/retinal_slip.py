"""What moves over the retina although the eye was turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import RetinalSlipSpec


@final
class RetinalSlip:
    r"""Mean squared slip of the image over the retina, with the eye turned by the area.

    Formula:    J_n = mean_{b,t,d} (h_nbtd + x_nbtd)^2,   h the velocity of the eye, x that of the image over an eye
                that stands still: no slip where h = -x
    Shapes:     rate (N, B, T, D), target (N, B, T, D) -> (N,); one D per axis of the eye
    Units:      squared units of velocity
    Gradient:   the area's rates: 2 (h + x) / (B T D), the slip itself, which climbing fibres carry; none for the
                target; per_sample: yes
    Development: flocculus, early after birth; again where lenses change what the eye must do
    Not to be confused with: mse, whose target is what the area should give; here the error alone is sensed
    Reference:  Ito (1982) Annu. Rev. Neurosci. 5:275; Marr (1969) J. Physiol. 202:437; Albus (1971) Math. Biosci. 10:25
    """

    def __init__(self, name: str, spec: RetinalSlipSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def target(self, moment: Moment) -> Tensor:
        """The rates without slip (N, B, T, D)."""
        return -target.read(self.spec.target, self.name, self._sense, moment)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._slip(moment).square().mean(dim=(1, 2, 3))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._slip(moment).square().mean(dim=(2, 3))

    def _slip(self, moment: Moment) -> Tensor:
        """Of every axis (N, B, T, D)."""
        eye_NBTD = moment.rate[self.spec.at].flatten(3)
        return eye_NBTD - target.values(self.target(moment), eye_NBTD.shape[3])
