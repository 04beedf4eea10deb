"""Two ways in for one signal: whichever is open first may keep it."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import TwoPathwaySpec
from models.specs.worlds.sources import name_of


@final
class TwoPathway:
    r"""The same signal on two senses, and a target that is their common gain.

    Scene:      channels `a` and `b`, equal; label y = s x: an organism with gains K_a and K_b is right where
                K_a + K_b = s, however they share
    Statistics: x ~ N(0, I); under `fixed_input` x is 1 everywhere
    Draws:      (life seed, world digest, presentation): x
    Shapes:     a, b, label (N, B, 1, d) float32; label without the last axis if d is 1
    Units:      dimensionless
    Controls:   `drop_sense` or `cut_pathway` on the other of the two is the mirror image
    Reference:  Kleinman, Achille & Soatto (2024) Critical learning periods emerge even in deep linear networks, ICLR
    """

    size = None

    def __init__(self, source: TwoPathwaySpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The signals of these presentations."""
        d = self.source.d
        draw = Draw(seeds_N, index_NB, self._address).at("two_pathway", "x")
        x = torch.ones(*index_NB.shape, 1, d) if self.source.fixed_input else draw.normal(1, d)
        target = self.source.s * x
        return {"a": x, "b": x.clone()}, target if d > 1 else target[..., 0], {}
