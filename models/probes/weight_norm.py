"""How large an area's weights have grown."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.weights import WeightNormSpec


@final
class WeightNorm:
    r"""Euclidean norm of all weights into and within an area, biases left out.

    Formula:    sqrt( sum_i w_ni^2 ) over every parameter `area/NAME/.../weight`
    Shapes:     (N, areas of `at`)
    Units:      dimensionless
    Reference:  none needed
    """

    def __init__(self, spec: WeightNormSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        return torch.stack([_norm(view, area) for area in areas_of(self.spec.at, view.areas)], dim=1)


def _norm(view: ProbeView, area: str) -> Tensor:
    weights = [
        weight.detach().flatten(1)
        for address, weight in view.weight.items()
        if address.startswith(f"area/{area}/") and address.endswith("/weight")
    ]
    if not weights:
        return torch.zeros(len(view.measure.moment().batch.index_NB))
    return torch.cat(weights, dim=1).double().square().sum(dim=1).sqrt().float()
