"""A faint world."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import ContrastSpec


@final
class Contrast:
    r"""Every frame blended to its own mean.

    Formula:    y = (1 - s) x + s m,   m = mean of the frame over all its samples or pixels
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      s: share of the contrast that is lost
    Reference:  own; root-mean-square contrast times 1 - s
    """

    def __init__(self, spec: ContrastSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Frames of a clip fade each to its own mean."""
        mean = x.mean(dim=tuple(range(3, x.dim())), keepdim=True)
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, (1.0 - strength) * x + strength * mean, x)
