"""Depth that no single dot shows: only the relation of both eyes does, and of neighbouring places."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import StereogramsSpec
from models.specs.worlds.sources import name_of


@final
class Stereograms:
    r"""Two patches of random dots, each seen by both eyes with a shift.

    Scene:      channels `patch1`, `patch2`: the left eye's strip, then the right eye's, which is the left one moved by
                the disparity; label: the disparity of the first patch, from the most negative; factors `disparity`
                and `other`, those of both patches
    Statistics: dots -1 or 1 with equal chance, new for every patch; disparities equally likely; the patches have the
                same one with probability `coherent`, else independent ones
    Draws:      (life seed, world digest, presentation): dots, shift, alike, other
    Shapes:     patches (N, B, 1, 2 width) float32; label, disparity, other (N, B, 1)
    Units:      contrast; disparity in dots
    Controls:   `coherent: 0`, patches that tell nothing of one another
    Reference:  Becker & Hinton (1992) Nature 355:161; there continuous disparities
    """

    size = None

    def __init__(self, source: StereogramsSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The patches of these presentations."""
        most, width = self.source.disparity, self.source.width
        draw = Draw(seeds_N, index_NB, self._address)
        first = draw.at("stereograms", "shift").integers(2 * most + 1, 1)
        alike = draw.at("stereograms", "alike").uniform(1) < self.source.coherent
        second = torch.where(alike, first, draw.at("stereograms", "other").integers(2 * most + 1, 1))
        dots = 1.0 - 2.0 * draw.at("stereograms", "dots").integers(2, 2, width + 2 * most).to(torch.float32)
        left = dots[..., most : most + width]
        shift = torch.stack([first, second], dim=2)
        right = dots.gather(3, shift + torch.arange(width))
        one, two = (torch.cat([left[:, :, at : at + 1], right[:, :, at : at + 1]], dim=-1) for at in (0, 1))
        factors = {"disparity": (first - most).to(torch.float32), "other": (second - most).to(torch.float32)}
        return {"patch1": one, "patch2": two}, first, factors
