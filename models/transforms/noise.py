"""A noisy sense."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import NoiseSpec


@final
class Noise:
    r"""Gaussian noise added to every input.

    Formula:    y = x + s sigma n,   n ~ N(0, 1) from the noise bank
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      sigma in those of x
    Reference:  additive Gaussian noise; the bank: models.draw
    """

    def __init__(self, spec: NoiseSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Noise is new at every presentation."""
        sigma = (strength_N * self.spec.sigma).reshape(-1, *[1] * (x.dim() - 1))
        noise = draw.at("transform", "noise").banked(*x.shape[2:])
        return torch.where(sigma > 0, x + sigma * noise, x)
