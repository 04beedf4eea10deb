"""A world of stripes."""

from __future__ import annotations

import math
from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.filters import OrientationFilterSpec


@final
class OrientationFilter:
    r"""Images of which only the contours near one orientation are left.

    Formula:    y = (1 - s) x + s F^-1[ M F[x] ],   M(f) = exp(-d(f)^2 / (2 width^2)), d the angle between the contours
                of frequency f, which run across it, and the orientation `angle`, modulo pi; M(0) = 1
    Shapes:     x (N, B, T, [channels,] height, width), s (N,) -> as x
    Units:      angles in radians; 0 is horizontal, counterclockwise
    Reference:  stripe rearing: Blakemore & Cooper (1970) Nature 228:477
    """

    def __init__(self, spec: OrientationFilterSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """The mean of a frame stays."""
        height, width = x.shape[-2:]
        passing = _passing(height, width, self.spec.angle, self.spec.width)
        striped = torch.fft.irfft2(torch.fft.rfft2(x) * passing, s=(height, width))
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, (1.0 - strength) * x + strength * striped, x)


@cache
def _passing(height: int, width: int, angle: float, spread: float) -> Tensor:
    """Share of each frequency that passes, (height, width / 2 + 1)."""
    down = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    right = torch.fft.rfftfreq(width, dtype=torch.float64)[None]
    apart = torch.atan2(-down, right) + math.pi / 2 - angle
    apart = torch.remainder(apart + math.pi / 2, math.pi) - math.pi / 2
    share = torch.exp(-0.5 * (apart / spread).square())
    share[0, 0] = 1.0
    return share.to(torch.float32)
