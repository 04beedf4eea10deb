"""A sense that falls silent."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import DropSenseSpec


@final
class DropSense:
    r"""A sense that receives less, and at last nothing.

    Formula:    y = (1 - s) x
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      those of x
    Not to be confused with: eye, which leaves noise; cut_pathway, which silences one pathway and its learning
    Reference:  own; deafness or blindness at the periphery
    """

    def __init__(self, spec: DropSenseSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """At strength 1 the sense is 0 everywhere."""
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        return torch.where(strength > 0, torch.where(strength < 1, (1.0 - strength) * x, 0.0), x)
