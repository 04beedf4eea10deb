"""An area fills in what its input has lost."""

from __future__ import annotations

from statistics import NormalDist
from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.draw import Draw
from models.protocols import Moment
from models.specs.costs.statistics import DenoiseSpec


@final
class Denoise(Decoding[DenoiseSpec]):
    r"""Squared error of rebuilding the clean target from what the area makes of a corrupted input.

    Formula:    J_n = mean_{b,t,d} (x_nbtd - (f(z~_nbt) V + c)_d)^2,   z what arrives at the area,
                by mask: z~_i = z_i m_i, P(m_i = 0) = corrupt;   by gauss: z~_i = z_i + corrupt * n_i, n_i ~ N(0, 1)
    Shapes:     inputs (N, B, T, S) per source, target (N, B, T, D), V (N, U, D), c (N, 1, D) -> (N,)
    Units:      squared units of the target; corrupt: probability, or standard deviation in units of the input
    Gradient:   the area's parameters through its response to the corrupted input, its inputs, and the decoder; none for
                the target, none for the rate the area has in the rest of the organism; per_sample: yes
    Development: early, beside sparse labels
    Not to be confused with: autoencode, which sees the clean input; the transform noise, which changes what all see
    Reference:  Vincent, Larochelle, Lajoie, Bengio & Manzagol (2010) J. Mach. Learn. Res. 11:3371; there cross entropy
                for binary inputs and tied weights, here squared error and a decoder of its own
    """

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._error(moment).mean(dim=(1, 2, 3))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._error(moment).mean(dim=(2, 3))

    def _error(self, moment: Moment) -> Tensor:
        """Squared, of every value of the target (N, B, T, D)."""
        arriving = moment.inputs[self.spec.at]
        corrupted = {source: self._corrupted(x, source, moment.draw) for source, x in arriving.items()}
        rebuilt_NBTD = self.decoded(moment.apply(self.spec.at, corrupted), moment)
        aim = self.aim(moment)
        return (target.values(aim, rebuilt_NBTD.shape[3]) - target.during(rebuilt_NBTD, aim)).square()

    def _corrupted(self, x: Tensor, source: str, draw: Draw) -> Tensor:
        """New corruption at every presentation; the noise bank serves masks too, by its quantile."""
        if self.spec.corrupt == 0.0:
            return x
        noise = draw.at("denoise", f"{self.name}/{source}").banked(*x.shape[2:]).to(x.dtype)
        if self.spec.by == "gauss":
            return x + self.spec.corrupt * noise
        if self.spec.corrupt >= 1.0:
            return torch.zeros_like(x)
        return torch.where(noise < NormalDist().inv_cdf(self.spec.corrupt), 0.0, x)
