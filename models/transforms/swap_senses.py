"""Senses wired to the wrong nerve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import SwapSensesSpec


@final
class SwapSenses:
    r"""Two senses that receive each other's input.

    Formula:    y_a = (1 - s) x_a + s x_b,   y_b = (1 - s) x_b + s x_a;  at s = 1 y_a = x_b and y_b = x_a exactly
    Shapes:     x_a, x_b (N, B, T, *shape), one shape; s (N,) -> as x
    Units:      those of x
    Reference:  rewired ferrets, whose auditory cortex sees: Sur, Garraghty & Roe (1988) Science 242:1437
    """

    def __init__(self, spec: SwapSensesSpec) -> None:
        self.spec = spec

    def together(self, seen: Mapping[str, Tensor], strength_N: Tensor, draw: Draw) -> dict[str, Tensor]:
        """Both senses change at once; others are not looked at."""
        first, second = self.spec.senses
        return {
            first: _mixed(seen[first], seen[second], strength_N),
            second: _mixed(seen[second], seen[first], strength_N),
        }


def _mixed(own: Tensor, other: Tensor, strength_N: Tensor) -> Tensor:
    strength = strength_N.reshape(-1, *[1] * (own.dim() - 1))
    mixed = torch.where(strength < 1, (1.0 - strength) * own + strength * other, other)
    return torch.where(strength > 0, mixed, own)
