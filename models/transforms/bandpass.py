"""A world of coarse or of fine detail."""

from __future__ import annotations

from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.filters import BandpassSpec

_STEEPNESS = 8


@final
class Bandpass:
    r"""Only frequencies of a band are left, along the last axis of a signal or the last two of an image.

    Formula:    y = (1 - s) x + s F^-1[ M F[x] ],   M(f) = (1 - 1 / (1 + (f / low)^8)) / (1 + (f / high)^8): half the
                amplitude at both edges; low 0: M(f) = 1 / (1 + (f / high)^8)
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      low and high in cycles per sample or pixel; f the length of the frequency vector
    Reference:  Butterworth (1930) Exp. Wireless 7:536, its squared gain of order 4 as the amplitude; early vision
                of low frequencies only: Vogelsang et al. (2018) PNAS 115:11333
    """

    def __init__(self, spec: BandpassSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """With a lower edge the mean of a frame is lost."""
        shape = tuple(x.shape[-min(2, x.dim() - 3) :])
        axes = tuple(range(-len(shape), 0))
        spectrum = torch.fft.rfftn(x, dim=axes) * _passing(shape, self.spec.low, self.spec.high)
        filtered = torch.fft.irfftn(spectrum, s=shape, dim=axes)
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, (1.0 - strength) * x + strength * filtered, x)


@cache
def _passing(shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Share of each frequency that passes."""
    frequency = torch.fft.rfftfreq(shape[-1], dtype=torch.float64)
    if len(shape) > 1:
        frequency = torch.hypot(torch.fft.fftfreq(shape[0], dtype=torch.float64)[:, None], frequency)
    share: Tensor = 1.0 / (1.0 + (frequency / high) ** _STEEPNESS)
    if low > 0:
        share = share * (1.0 - 1.0 / (1.0 + (frequency / low) ** _STEEPNESS))
    return share.to(torch.float32)
