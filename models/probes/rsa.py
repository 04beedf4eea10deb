"""Whether two areas find the same items alike."""

from __future__ import annotations

from typing import final

import torch
from scipy.stats import rankdata
from torch import Tensor

from models.probes.reading import patterns_of, share_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import RsaSpec


@final
class Rsa:
    r"""Rank correlation of the dissimilarities of items in an area with those in another area or a sense.

    Formula:    Spearman's rho between the upper triangles of D and D', D_ij = 1 - Pearson r of the patterns of items i
                and j, all units and steps of an item in one pattern; r is 0 where a pattern does not vary; 0 if all D
                are equal
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`); B (B - 1) / 2 pairs
    Units:      dimensionless: 1 for an area and itself
    Reference:  Kriegeskorte, Mur & Bandettini (2008) Front. Syst. Neurosci. 2:4
    """

    def __init__(self, spec: RsaSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        other = _ranks(patterns_of(moment, self.spec.to))
        found = [_correlation(_ranks(patterns_of(moment, area)), other) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(found, dim=1)


def _ranks(pattern: Tensor) -> Tensor:
    """Ranks (N, pairs) of the dissimilarities of items, less their mean."""
    centred = pattern - pattern.mean(dim=2, keepdim=True)
    norm = centred.square().sum(dim=2, keepdim=True).sqrt()
    unit = torch.where(norm > 1e-12, centred / torch.where(norm > 1e-12, norm, 1.0), 0.0)
    row, column = torch.triu_indices(pattern.shape[1], pattern.shape[1], offset=1)
    apart = 1.0 - (unit @ unit.transpose(1, 2))[:, row, column]
    # What differs by rounding alone is a tie.
    ranks = torch.from_numpy(rankdata(apart.numpy().round(9), axis=1))
    return ranks - ranks.mean(dim=1, keepdim=True)


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    return share_of((a * b).sum(dim=1), a.square().sum(dim=1).sqrt() * b.square().sum(dim=1).sqrt())
