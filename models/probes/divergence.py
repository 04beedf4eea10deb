"""How far an area's expectations are from the true law."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of, truth_of
from models.protocols import ProbeView
from models.specs.probes.truths import DivergenceSpec


@final
class Divergence:
    r"""Divergence of an area's probabilities from the true law of its world.

    Formula:    mean_{b,t} sum_k p_k ( log p_k - log softmax(h)_k ),   p the law of the next word; with `depth` the mean
                over the steps of that depth, 0 if there are none
    Shapes:     rate (N, B, T, W), law (N, B, T, W), depth (N, B, T) -> (N,)
    Units:      nats: 0 for whoever knows the law, log W less its entropy for whoever finds all words alike
    Reference:  Kullback & Leibler (1951) Ann. Math. Statist. 22:79
    """

    def __init__(self, spec: DivergenceSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        said = moment.rate[self.spec.at].flatten(3).double().log_softmax(dim=-1)
        law = truth_of(moment, self.spec.truth).double()
        apart = (torch.xlogy(law, law) - law * said).sum(dim=-1)
        chosen = torch.ones_like(apart)
        if self.spec.depth is not None:
            chosen = (truth_of(moment, "depth") == self.spec.depth).double()
        return share_of((apart * chosen).flatten(1).sum(dim=1), chosen.flatten(1).sum(dim=1))
