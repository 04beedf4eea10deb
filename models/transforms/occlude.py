"""A part of the field that is not seen."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import OccludeSpec


@final
class Occlude:
    r"""A fixed region blended to a fill value.

    Formula:    y = (1 - s) x + s fill inside the region, y = x outside. `left`, `right` cut the last axis, `top`,
                `bottom` the one before it, `centre` both (signals: the last), over round(share * length) places
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      share of the axis; fill in those of x
    Reference:  own; a field lost as in hemianopia (a half) or by a central scotoma
    """

    def __init__(self, spec: OccludeSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """The region is the same for every item."""
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        covered = self._region(x) & (strength > 0)
        return torch.where(covered, (1.0 - strength) * x + strength * self.spec.fill, x)

    def _region(self, x: Tensor) -> Tensor:
        """True inside the region, shaped to broadcast against the last one or two axes."""
        if self.spec.region in ("top", "bottom") and x.dim() == 4:
            raise ValueError("a signal has no top or bottom to occlude: take left, right or centre")
        match self.spec.region:
            case "left":
                return self._first(x.shape[-1])
            case "right":
                return self._first(x.shape[-1]).flip(0)
            case "top":
                return self._first(x.shape[-2])[:, None]
            case "bottom":
                return self._first(x.shape[-2]).flip(0)[:, None]
            case _:
                across = self._middle(x.shape[-1])
                return across if x.dim() == 4 else self._middle(x.shape[-2])[:, None] & across

    def _first(self, length: int) -> Tensor:
        return torch.arange(length) < round(self.spec.share * length)

    def _middle(self, length: int) -> Tensor:
        return self._first(length).roll((length - round(self.spec.share * length)) // 2)
