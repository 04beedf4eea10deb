"""A world without colour."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import DesaturateSpec


@final
class Desaturate:
    r"""Every pixel blended to the grey of equal mean.

    Formula:    y_c = (1 - s) x_c + s m,   m = mean of the three colours at the pixel
    Shapes:     x (N, B, T, 3, height, width), s (N,) -> as x
    Units:      s: share of the colour that is lost
    Reference:  own; what varies alike in all colours stays as it is
    """

    def __init__(self, spec: DesaturateSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Pixels fade each to its own grey."""
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, (1.0 - strength) * x + strength * x.mean(dim=3, keepdim=True), x)
