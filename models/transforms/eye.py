"""One eye closed, or weak."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import EyeSpec


@final
class Eye:
    r"""One sense deprived of its input, with noise in its place, or weakened.

    Formula:    y = (1 - s (1 - gain)) x + s noise n,   n ~ N(0, 1) from the noise bank. Deprivation: gain 0, the
                default; amblyopia: gain above 0, noise 0
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      noise: standard deviation in units of x; gain dimensionless
    Not to be confused with: drop_sense, which leaves silence, not noise
    Reference:  monocular deprivation: Wiesel & Hubel (1963) J. Neurophysiol. 26:1003; the noise of a closed eye:
                Blais, Shouval & Cooper (1999) PNAS 96:1083
    """

    def __init__(self, spec: EyeSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Noise is new at every presentation."""
        strength = strength_N.reshape(-1, *[1] * (x.dim() - 1))
        noise = draw.at("transform", "eye").banked(*x.shape[2:])
        seen = (1.0 - strength * (1.0 - self.spec.gain)) * x + strength * self.spec.noise * noise
        return torch.where(strength > 0, seen, x)
