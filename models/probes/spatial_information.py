"""How much a spike of a unit says of the place."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of, truth_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import SpatialInformationSpec


@final
class SpatialInformation:
    r"""Information of a unit's rate about the place, per spike, averaged over the units that fire.

    Formula:    sum_i p_i (l_i / l) log2 (l_i / l);   p_i share of frames at place i, l_i the mean rate there,
                l = sum_i p_i l_i; rates below 0 count as 0, places with fewer frames than `visits` are left out;
                0 where no unit fires or no place is left
    Shapes:     rate (N, B, T, U), factor (N, B, T) -> (N, areas of `at`)
    Units:      bits per spike, up to log2 of the number of places; few frames make it too large, by about
                (places - 1) / (2 ln 2 x spikes)
    Reference:  Skaggs, McNaughton, Gothard & Markus (1993) NIPS 5:1030
    """

    def __init__(self, spec: SpatialInformationSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        place_NM = truth_of(moment, self.spec.truth).flatten(1)
        seen = (moment.rate[area].flatten(3).flatten(1, 2) for area in areas_of(self.spec.at, view.areas))
        return torch.stack([self._read(rate.double().clamp(min=0.0), place_NM) for rate in seen], dim=1)

    def _read(self, rate_NMU: Tensor, place_NM: Tensor) -> Tensor:
        # Over frames instead of places: how many places there are in a cohort must not change a life's sums.
        frames_NM1 = _where(torch.ones_like(rate_NMU[..., :1]), place_NM)
        there_NMU = _where(rate_NMU, place_NM) / frames_NM1
        kept_NM1 = (frames_NM1 >= self.spec.visits).double()
        share_NM1 = kept_NM1 / kept_NM1.sum(dim=1, keepdim=True).clamp(min=1.0)
        mean_N1U = (share_NM1 * there_NMU).sum(dim=1, keepdim=True)
        fires_N1U = mean_N1U > 0
        ratio_NMU = there_NMU / torch.where(fires_N1U, mean_N1U, 1.0)
        bits_NU = (share_NM1 * torch.special.xlogy(ratio_NMU, ratio_NMU)).sum(dim=1) / math.log(2.0)
        fires_NU = fires_N1U[:, 0]
        return share_of((bits_NU * fires_NU).sum(dim=1), fires_NU.sum(dim=1).double())


def _where(value_NMU: Tensor, place_NM: Tensor) -> Tensor:
    """Of every frame the sum over all frames at its place, (N, M, U)."""
    index = place_NM[..., None].expand_as(value_NMU)
    sums = value_NMU.new_zeros(len(place_NM), int(place_NM.max()) + 1, value_NMU.shape[2])
    return sums.scatter_add_(1, index, value_NMU).gather(1, index)
