"""How large steps are beside what they change."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.weights import UpdateRatioSpec


@final
class UpdateRatio:
    r"""Norm of the last update of an area's parameters over the norm of the parameters.

    Formula:    || p_t - p_{t-1} || / || p_t ||   over all parameters of the area, biases too; 0 where all are 0.
                There is none at the beginning of a trajectory, before its first update
    Shapes:     (N, areas of `at`)
    Units:      dimensionless; of an area that stands still 0, of one that learns well about 1e-3
    Reference:  none needed; the rule of thumb: Bottou (2012) Stochastic gradient descent tricks
    """

    def __init__(self, spec: UpdateRatioSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas), not numbers where nothing was updated yet."""
        return torch.stack([_ratio(view, area) for area in areas_of(self.spec.at, view.areas)], dim=1)


def _ratio(view: ProbeView, area: str) -> Tensor:
    owned = [each.detach().flatten(1) for address, each in view.weight.items() if address.startswith(f"area/{area}/")]
    norm_N = torch.cat(owned, dim=1).double().square().sum(dim=1).sqrt()
    step_N = view.change[area].double() if area in view.change else torch.full_like(norm_N, torch.nan)
    return torch.where(norm_N > 0, step_N / norm_N.clamp(min=1e-300), step_N * 0.0).float()
