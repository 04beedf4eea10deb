"""In how many directions an area's activity spreads."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import EffectiveRankSpec


@final
class EffectiveRank:
    r"""Exponential of the entropy of the normalised singular values of centred activity.

    Formula:    exp( - sum_i p_i log p_i ),   p_i = s_i / sum_j s_j,   s the singular values of h - mean_{b,t} h
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`)
    Units:      directions: 1 .. U; 0 where no unit ever changes
    Reference:  Roy & Vetterli (2007) The effective rank, EUSIPCO; s by the eigenvalues of the smaller Gram matrix
    """

    def __init__(self, spec: EffectiveRankSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rate = view.measure.moment().rate
        ranks = [_rank(rate[area].flatten(3).flatten(1, 2)) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(ranks, dim=1)


def _rank(rate_NMU: Tensor) -> Tensor:
    wide = rate_NMU.double()
    centred = wide - wide.mean(dim=1, keepdim=True)
    centred = centred if centred.shape[1] >= centred.shape[2] else centred.transpose(1, 2)
    size = torch.linalg.eigvalsh(centred.transpose(1, 2) @ centred).clamp(min=0.0).sqrt()
    size = torch.where(size > 1e-7 * size[:, -1:], size, 0.0)
    total = size.sum(dim=1, keepdim=True)
    share = size / total.clamp(min=1e-300)
    rank = torch.exp(-torch.xlogy(share, share).sum(dim=1))
    return torch.where(total[:, 0] > 1e-12, rank, 0.0).float()
