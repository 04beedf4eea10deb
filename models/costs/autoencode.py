"""An area keeps what is needed to rebuild its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import decoder, target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import AutoencodeSpec


@final
class Autoencode:
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

    def __init__(self, name: str, spec: AutoencodeSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The decoder."""
        units = torch.Size(shapes[self.spec.at]).numel()
        held = target.born(self.spec.target, self.name, shapes, draw)
        return decoder.born(self.name, units, target.width(self.spec.target, self._sense, shapes), draw), held

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._mean(moment, (1, 2, 3))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._mean(moment, (2, 3))

    def _mean(self, moment: Moment, dim: tuple[int, ...]) -> Tensor:
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        rebuilt_NBTD = decoder.decode(self.name, rate_NBTU, moment.own)
        aim = target.read(self.spec.target, self.name, self._sense, moment)
        error = (target.values(aim, rebuilt_NBTD.shape[3]) - target.during(rebuilt_NBTD, aim)).square().mean(dim=dim)
        return error + self.spec.code * rate_NBTU.square().mean(dim=dim) if self.spec.code else error
