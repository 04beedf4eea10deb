"""A world that is sometimes, or always, mirrored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import FlipSpec


@final
class Flip:
    r"""Mirror image of an item along one axis, in all senses alike.

    Formula:    y = x reversed along the axis with probability s, for all steps of the item; else y = x
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      s: probability per item; 1 is always
    Reference:  Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR: vertical flips leave
                no critical period
    """

    def __init__(self, spec: FlipSpec) -> None:
        self.spec = spec

    def together(self, seen: Mapping[str, Tensor], strength_N: Tensor, draw: Draw) -> dict[str, Tensor]:
        """Items are mirrored one by one, by draws at their presentation number."""
        mirrored_NB = draw.at("transform", "flip").uniform() < strength_N[:, None]
        return {sense: self._where(mirrored_NB, x) for sense, x in seen.items()}

    def _where(self, mirrored_NB: Tensor, x: Tensor) -> Tensor:
        if -self.spec.axis > x.dim() - 3:
            raise ValueError(f"axis {self.spec.axis}: the sense has {x.dim() - 3} axes to flip")
        return torch.where(mirrored_NB.reshape(*x.shape[:2], *[1] * (x.dim() - 2)), x.flip(self.spec.axis), x)
