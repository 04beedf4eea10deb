"""A density with gaps, on which it shows whether a generator covers all of it."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import RingSpec
from models.specs.worlds.sources import name_of


@final
class Ring:
    r"""Points about places that stand evenly on a circle.

    Scene:      channel `point` (x, y); label: the place, counted from the positive x axis
    Statistics: places equally likely; a point is its place plus sd n, n ~ N(0, I)
    Draws:      (life seed, world digest, presentation): place, spread
    Shapes:     point (N, B, 1, 2) float32; label (N, B, 1)
    Units:      dimensionless
    Reference:  Metz, Poole, Pfau & Sohl-Dickstein (2017) Unrolled generative adversarial networks, ICLR; there radius
                2 and sd .02
    """

    size = None

    def __init__(self, source: RingSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The points of these presentations."""
        draw = Draw(seeds_N, index_NB, self._address)
        place = draw.at("ring", "place").integers(self.source.modes, 1)
        angle = place.to(torch.float32) * (2.0 * math.pi / self.source.modes)
        centre = self.source.radius * torch.stack([angle.cos(), angle.sin()], dim=-1)
        return {"point": centre + self.source.sd * draw.at("ring", "spread").normal(1, 2)}, place, {}
