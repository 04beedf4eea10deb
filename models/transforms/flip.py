"""A world that is sometimes, or always, mirrored."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms import FlipSpec


@final
class Flip:
    r"""Mirror image of an item along one axis.

    Formula:    y = x reversed along the axis with probability s, for all steps of the item; else y = x
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      s: probability per item; 1 is always
    Reference:  Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR: vertical flips leave
                no critical period
    """

    def __init__(self, spec: FlipSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Items are mirrored one by one, by draws at their presentation number."""
        if -self.spec.axis > x.dim() - 3:
            raise ValueError(f"axis {self.spec.axis}: the sense has {x.dim() - 3} axes to flip")
        mirrored_NB = draw.at("transform", "flip").uniform() < strength_N[:, None]
        return torch.where(mirrored_NB.reshape(*x.shape[:2], *[1] * (x.dim() - 2)), x.flip(self.spec.axis), x)
