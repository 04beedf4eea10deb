"""Whether two costs pull an area the same way."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of
from models.protocols import Params, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.errors import CostConflictSpec


@final
class CostConflict:
    r"""Cosine of the true gradients of two declared costs, per area.

    Formula:    a.b / (|a| |b|),   a, b the gradients over all parameters of the area; 0 where one of them is zero
    Shapes:     (N, areas of `at`)
    Units:      dimensionless: 1 the same way, 0 nothing to do with each other (or scopes without a common area), -1
                against each other
    Reference:  Yu et al. (2020) Gradient surgery for multi-task learning, NeurIPS: costs conflict below 0
    """

    def __init__(self, spec: CostConflictSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        one = view.measure.gradients(self.spec.cost, by_rule=False)
        other = view.measure.gradients(self.spec.other, by_rule=False)
        return torch.stack([_cosine(one, other, area) for area in areas_of(self.spec.at, view.areas)], dim=1)


def _cosine(one: Params, other: Params, area: str) -> Tensor:
    own = sorted(address for address in one if address.startswith(f"area/{area}/"))
    none = next(iter(one.values())).flatten(1)[:, :0]
    a, b = (torch.cat([none, *(each[address].flatten(1) for address in own)], dim=1).double() for each in (one, other))
    return share_of((a * b).sum(dim=1), a.square().sum(dim=1).sqrt() * b.square().sum(dim=1).sqrt())
