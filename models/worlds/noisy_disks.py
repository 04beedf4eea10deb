"""The simplest thing with an edge, in noise."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.nature import NoisyDisksSpec
from models.specs.worlds.sources import name_of
from models.worlds import drawing

_REACH, _RADIUS, _EDGE = 1.3, 0.5, 0.15


@final
class NoisyDisks:
    r"""A soft disc somewhere in or beside the frame, in noise.

    Scene:      channel `retina`: 1 inside the disc, outside falling off with the distance d from its centre as
                exp(-(d - .5)^2 / (2 .15^2)), plus noise; factor `centre` (x right, y down)
    Statistics: centre U(-1.3, 1.3) along both axes, radius .5; noise U(0, noise) at every pixel
    Draws:      (life seed, world digest, presentation): centre, noise (from the noise bank)
    Shapes:     retina (N, B, 1, 1, H, H) float32; centre (N, B, 1, 2)
    Units:      half frames; intensity in [0, 1 + noise]
    Controls:   `permute` of the pixels
    Reference:  Stevens, Law, Antolik & Bednar (2013) J. Neurosci. 33:15747, the first phase of its training
    """

    size = None

    def __init__(self, source: NoisyDisksSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The discs of these presentations."""
        frame = self.source.frame
        draw = Draw(seeds_N, index_NB, self._address)
        centre = _REACH * (2.0 * draw.at("noisy_disks", "centre").uniform(1, 2) - 1.0)
        axis = drawing.axis(frame)
        x, y = drawing.pixels(*centre.unbind(-1))
        distance = ((axis - x).square() + (axis[:, None] - y).square()).sqrt()
        soft = (-0.5 / _EDGE**2 * (distance - _RADIUS).clamp(min=0.0).square()).exp()
        normal = draw.at("noisy_disks", "noise").banked(1, frame, frame)
        uniform = 0.5 + 0.5 * torch.erf(normal / math.sqrt(2.0))
        return {"retina": (soft + self.source.noise * uniform).unsqueeze(3)}, None, {"centre": centre}
