"""How alike two areas are but for turns and scale."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import patterns_of, share_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import CkaSpec


@final
class Cka:
    r"""Debiased linear centred kernel alignment of an area with another area or a sense.

    Formula:    H(K, L) / sqrt( H(K, K) H(L, L) ),   K = XX', L = YY' with zero diagonal, H(K, L) = ( tr KL + 1'K1 1'L1
                / ((n-1)(n-2)) - 2 1'KL1 / (n-2) ) / (n(n-3)); 0 where one of the two says nothing
    Shapes:     rate (N, B, T, U), B > 3, all units and steps of an item in one pattern -> (N, areas of `at`)
    Units:      dimensionless: 1 for an area and any rotation or multiple of it, about 0 for unrelated ones, however
                wide
    Reference:  Kornblith et al. (2019) Similarity of neural network representations revisited, ICML; H of Song et al.
                (2012) JMLR 13:1393
    """

    def __init__(self, spec: CkaSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        other = _kernel(patterns_of(moment, self.spec.to))
        found = [_alignment(_kernel(patterns_of(moment, area)), other) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(found, dim=1)


def _kernel(pattern: Tensor) -> Tensor:
    """Similarities (N, B, B) of items without those with themselves."""
    centred = pattern - pattern.mean(dim=1, keepdim=True)
    gram = centred @ centred.transpose(1, 2)
    return gram - torch.diag_embed(gram.diagonal(dim1=1, dim2=2))


def _alignment(one: Tensor, other: Tensor) -> Tensor:
    own = _independence(one, one).clamp(min=0.0).sqrt() * _independence(other, other).clamp(min=0.0).sqrt()
    return share_of(_independence(one, other), own)


def _independence(K: Tensor, L: Tensor) -> Tensor:
    """The unbiased estimate of the Hilbert-Schmidt independence criterion, (N,)."""
    n = K.shape[1]
    rows_K, rows_L = K.sum(dim=1), L.sum(dim=1)
    together = (K * L).sum(dim=(1, 2)) + rows_K.sum(dim=1) * rows_L.sum(dim=1) / ((n - 1) * (n - 2))
    return (together - 2.0 * (rows_K * rows_L).sum(dim=1) / (n - 2)) / (n * (n - 3))
