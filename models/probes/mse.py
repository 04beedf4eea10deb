"""How far an area is from the truth."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import truth_of
from models.protocols import ProbeView
from models.specs.probes.truths import MseSpec


@final
class Mse:
    r"""Mean squared difference between an area's activity and a factor.

    Formula:    mean_{b,t,d} (h - y)^2; a class is one-hot
    Shapes:     rate (N, B, T, D), factor (N, B, T), (N, B, T, D) or classes (N, B, T) -> (N,)
    Units:      those of the factor, squared
    Reference:  none needed
    """

    def __init__(self, spec: MseSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        rate, truth = moment.rate[self.spec.at].flatten(3).double(), truth_of(moment, self.spec.truth)
        if truth.dtype == torch.int64:
            truth = torch.nn.functional.one_hot(truth, rate.shape[-1])
        return (rate - truth.double().reshape(rate.shape)).square().flatten(1).mean(dim=1).float()
