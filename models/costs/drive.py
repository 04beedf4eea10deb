"""What the body lacks is sought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.costs.choosing import liked
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.intrinsic import DriveSpec


@final
class Drive:
    r"""Policy gradient for bringing a body nearer to its setpoints.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   A and G as in curiosity, with
                r_t = D(h_t) - D(h_{t+1}),   D(h) = sum_k |setpoint_k - h_k|^power, h the rate of `body`
    Shapes:     rate (N, B, T, K), body (N, B, T, D), action, done (N, B, T) -> (N,)
    Units:      nats; D in units of the body to the power
    Gradient:   the rates of `at`, as in curiosity; none through the body; per_sample: no (mean and sd over the batch)
    Development: hypothalamus, from birth
    Not to be confused with: policy_gradient, whose rewards the world gives: what is good here is so for who lacks it
    Reference:  Keramati & Gutkin (2014) eLife 3:e04811; there the m-th root of D, here m = 1
    """

    def __init__(self, spec: DriveSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        body_NBTD = moment.said(self.spec.body).detach().flatten(3)
        apart_NBTD = (torch.tensor(self.spec.setpoint, dtype=body_NBTD.dtype) - body_NBTD).abs()
        drive_NBT = apart_NBTD.pow(self.spec.power).sum(dim=3)
        return liked(self.spec, moment, -drive_NBT.diff(dim=2)).mean(dim=(1, 2))
