"""How far what a rule asks for is from the gradient."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.protocols import Params, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.errors import AlignmentSpec


@final
class Alignment:
    r"""Angle between what the credit rules return and the true gradient of a cost, per area.

    Formula:    2 atan2( |a - b|, |a + b| ),   a, b the two at unit length, over all parameters of the area
    Shapes:     (N, areas of `at`)
    Units:      degrees; 0 where the rule is the gradient, below 90 the rule descends; 90 where one of the two is zero
    Reference:  Lillicrap, Cownden, Tweed & Akerman (2016) Nature Communications 7:13276; the half-angle form is exact
                for small angles: Kahan (2006) How futile are mindless assessments of roundoff
    """

    def __init__(self, spec: AlignmentSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        rule = view.measure.gradients(self.spec.cost, by_rule=True)
        true = view.measure.gradients(self.spec.cost, by_rule=False)
        angles = [_angle(_joined(rule, area), _joined(true, area)) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(angles, dim=1)


def _joined(gradients: Params, area: str) -> Tensor:
    """All of an area's gradients in one row per life, (N, P)."""
    own = sorted(address for address in gradients if address.startswith(f"area/{area}/"))
    none = next(iter(gradients.values())).flatten(1)[:, :0]
    return torch.cat([none, *(gradients[address].flatten(1) for address in own)], dim=1).double()


def _angle(left_NP: Tensor, right_NP: Tensor) -> Tensor:
    left_N, right_N = left_NP.square().sum(1).sqrt(), right_NP.square().sum(1).sqrt()
    a, b = (row / norm.clamp(min=1e-300)[:, None] for row, norm in ((left_NP, left_N), (right_NP, right_N)))
    apart, together = (a - b).square().sum(1).sqrt(), (a + b).square().sum(1).sqrt()
    degrees = torch.atan2(apart, together) * (360.0 / math.pi)
    return torch.where((left_N > 0) & (right_N > 0), degrees, 90.0).float()
