"""Senses out of step."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.time import LagSpec


@final
class Lag:
    r"""A sense that comes late; before its first frame has come it holds that frame.

    Formula:    y_t = x_max(0, t - d),   d = round(s steps)
    Shapes:     x (N, B, T, *shape), T more than steps; s (N,) -> as x
    Units:      steps: time steps of the item
    Reference:  own; sight and sound out of step, as in Lewkowicz (1996) J. Exp. Psychol. Hum. Percept. Perform. 22:1094
    """

    def __init__(self, spec: LagSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """A fraction of a strength is a shorter lag, in whole steps."""
        late_N = (strength_N * self.spec.steps).round().to(torch.int64)
        from_NT = (torch.arange(x.shape[2]) - late_N[:, None]).clamp(min=0)
        index = from_NT.reshape(len(x), 1, -1, *[1] * (x.dim() - 3))
        return x.gather(2, index.expand_as(x))
