"""Blurred vision, as by a cataract."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import BlurSpec


@final
class Blur:
    r"""Gaussian blur along the last axis of a signal, or the last two of an image.

    Formula:    y_i = sum_j K_ij x_j,   K_ij ~ exp(-(i - j)^2 / (2 (s sigma)^2)),   sum_j K_ij = 1;  images: K_h x K_w'
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      sigma in samples or pixels
    Reference:  the deficit of Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR; there
                by resampling
    """

    def __init__(self, spec: BlurSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Each life's blur has the width strength times sigma; width 0 leaves x as it is."""
        sigma_N = strength_N * self.spec.sigma
        blurred = _along_last(x, sigma_N)
        if x.dim() > 4:
            blurred = _along_last(blurred.transpose(-1, -2), sigma_N).transpose(-1, -2)
        return torch.where(sigma_N.reshape(-1, *[1] * (x.dim() - 1)) > 0, blurred, x)


def _along_last(x: Tensor, sigma_N: Tensor) -> Tensor:
    """Rows of x times each life's matrix."""
    length = x.shape[-1]
    place = torch.arange(length, dtype=x.dtype)
    distance = (place[:, None] - place[None, :]) / sigma_N.clamp(min=1e-3)[:, None, None]
    weight = torch.exp(-0.5 * distance.square())
    matrix_NHH = weight / weight.sum(-1, keepdim=True)
    return torch.bmm(x.reshape(x.shape[0], -1, length), matrix_NHH.transpose(1, 2)).reshape(x.shape)
