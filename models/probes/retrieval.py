"""Whether what one area does of an item finds the item among what another does."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import patterns_of, truth_of
from models.protocols import ProbeView
from models.specs.probes.activity import RetrievalSpec


@final
class Retrieval:
    r"""Share of items that an area's pattern finds among the patterns of another area or a sense, within k.

    Formula:    mean_i [ #{ j that does not match i: s_ij >= max_{m matches i} s_im } < k ],   s_ij the cosine of the
                pattern of item i in `at` and that of item j in `to`, all units and steps in one pattern; an item
                matches itself alone, or with `truth` all items of its class at the last step. What is equally near
                counts as nearer: an area that says the same of all items finds none
    Shapes:     rate (N, B, T, U) of both, of equal width -> (N,)
    Units:      fraction; by chance k / B for an item itself
    Reference:  recall at k, as in Karpathy & Fei-Fei (2015) CVPR 3128 between pictures and sentences
    """

    def __init__(self, spec: RetrievalSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        asked, found = (_directions(patterns_of(moment, name)) for name in (self.spec.at, self.spec.to))
        # What differs by rounding alone is a tie.
        near = (asked @ found.mT).round(decimals=9)
        if self.spec.truth is None:
            matches = torch.eye(near.shape[1], dtype=torch.bool)
        else:
            class_NB = truth_of(moment, self.spec.truth)[..., -1]
            matches = class_NB.unsqueeze(2) == class_NB.unsqueeze(1)
        best = near.masked_fill(~matches, -torch.inf).amax(dim=2, keepdim=True)
        before = (~matches & (near >= best)).sum(dim=2)
        return (before < self.spec.k).float().mean(dim=1)


def _directions(pattern: Tensor) -> Tensor:
    """Patterns of length 1; 0 stays."""
    norm = pattern.square().sum(dim=2, keepdim=True).sqrt()
    return torch.where(norm > 1e-12, pattern / torch.where(norm > 1e-12, norm, 1.0), 0.0)
