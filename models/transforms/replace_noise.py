"""Items that show nothing."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import ReplaceNoiseSpec


@final
class ReplaceNoise:
    r"""Noise in the place of an item, item by item.

    Formula:    y = mean + sigma n with probability s, for all steps of the item; else y = x.  n ~ N(0, 1), from the
                noise bank
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      s: probability per item; mean and sigma in those of x
    Not to be confused with: noise, which is added
    Reference:  sensory deprivation of Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR
    """

    def __init__(self, spec: ReplaceNoiseSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Which items are lost, and to what, is new at every presentation; senses lose theirs independently."""
        draw = draw.at("transform", "replace_noise")
        lost_NB = draw.uniform() < strength_N[:, None]
        noise = self.spec.mean + self.spec.sigma * draw.banked(*x.shape[2:])
        return torch.where(lost_NB.reshape(*x.shape[:2], *[1] * (x.dim() - 2)), noise, x)
