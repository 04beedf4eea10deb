"""How far a direction is from the true one."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.probes.reading import truth_of
from models.protocols import ProbeView
from models.specs.probes.truths import AngleErrorSpec


@final
class AngleError:
    r"""Mean angle between two outputs, taken as a direction in the plane, and a factor of two numbers.

    Formula:    mean_{b,t} | atan2(h_1 y_2 - h_2 y_1, h_1 y_1 + h_2 y_2) |; 90 where either has no direction
    Shapes:     rate (N, B, T, 2), factor (N, B, T, 2) -> (N,)
    Units:      degrees: 0 the same direction, 90 by chance, 180 the opposite
    Reference:  none needed
    """

    def __init__(self, spec: AngleErrorSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        told, true = moment.rate[self.spec.at].flatten(3).double(), truth_of(moment, self.spec.truth).double()
        across = told[..., 0] * true[..., 1] - told[..., 1] * true[..., 0]
        along = (told * true).sum(dim=-1)
        angle = torch.atan2(across.abs(), along) * (180.0 / math.pi)
        lost = (told.square().sum(dim=-1) == 0) | (true.square().sum(dim=-1) == 0)
        return torch.where(lost, 90.0, angle).flatten(1).mean(dim=1).float()
