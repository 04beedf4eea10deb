"""An area keeps what is needed to rebuild its input."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.protocols import Moment
from models.specs.costs.statistics import AutoencodeSpec


@final
class Autoencode(Decoding[AutoencodeSpec]):
    r"""Squared error of a learned linear decoder that rebuilds the target from the area.

    Formula:    J_n = mean_{b,t,d} (x_nbtd - (h_nbt V + c)_d)^2 + code * mean_{b,t,u} h_nbtu^2
    Shapes:     rate (N, B, T, U), target (N, B, T, D), V (N, U, D), c (N, 1, D) -> (N,)
    Units:      squared units of the target
    Gradient:   the area's rates and the decoder; none for the target; per_sample: yes
    Development: earliest and always on; any sensory area
    Not to be confused with: denoise, which rebuilds the clean target from a corrupted input
    Reference:  Bourlard & Kamp (1988) Biol. Cybern. 59:291; a linear code spans the principal subspace, Baldi & Hornik
                (1989) Neural Networks 2:53. There a sum over units, here the mean
    """

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._mean(moment, (1, 2, 3))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._mean(moment, (2, 3))

    def _mean(self, moment: Moment, dim: tuple[int, ...]) -> Tensor:
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        rebuilt_NBTD = self.decoded(rate_NBTU, moment)
        aim = self.aim(moment)
        error = (target.values(aim, rebuilt_NBTD.shape[3]) - target.during(rebuilt_NBTD, aim)).square().mean(dim=dim)
        return error + self.spec.code * rate_NBTU.square().mean(dim=dim) if self.spec.code else error
