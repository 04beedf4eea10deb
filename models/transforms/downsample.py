"""A world with fewer pixels."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import DownsampleSpec


@final
class Downsample:
    r"""Resampled to 1/factor of its length and back, along the last axis of a signal or the last two of an image.

    Formula:    y = (1 - s) x + s U D x,   D_ij ~ tri(((i + 1/2) k - (j + 1/2)) / k),
                U_ij ~ tri((i + 1/2) / k - (j + 1/2)),   tri(d) = max(0, 1 - |d|), rows summing to 1;
                k = length over round(length / factor)
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      factor: old over new number
    Reference:  the deficit of Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR (32 to 8
                pixels and back); bilinear as in Pillow, whose triangle is as wide as a new pixel when it makes fewer
    """

    def __init__(self, spec: DownsampleSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Half a strength is half way to the coarse item."""
        coarse = self._along_last(x)
        if x.dim() > 4:
            coarse = self._along_last(coarse.transpose(-1, -2)).transpose(-1, -2)
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, (1.0 - strength) * x + strength * coarse, x)

    def _along_last(self, x: Tensor) -> Tensor:
        length = x.shape[-1]
        fewer = max(1, round(length / self.spec.factor))
        ratio = length / fewer
        old, new = torch.arange(length) + 0.5, torch.arange(fewer) + 0.5
        down = _triangle((new[:, None] * ratio - old) / ratio)
        up = _triangle(old[:, None] / ratio - new)
        matrix = (up @ down).expand(len(x), -1, -1)
        return torch.bmm(x.reshape(len(x), -1, length), matrix.transpose(1, 2)).reshape(x.shape)


def _triangle(distance: Tensor) -> Tensor:
    weight = (1.0 - distance.abs()).clamp(min=0.0)
    return weight / weight.sum(-1, keepdim=True)
