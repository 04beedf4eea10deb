"""Two eyes on one world: what they see is alike, their noise and their blinks are their own."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown, World
from models.specs.worlds.eyes import TwoEyesSpec
from models.specs.worlds.sources import name_of


@final
class TwoEyes:
    r"""Any still world, seen twice.

    Scene:      channels `left` and `right`: the first channel of the world, each with noise of its own; label and
                factors are the world's
    Statistics: noise N(0, noise) at every pixel of each eye; with probability `blink` the left eye sees nothing of an
                item but its noise, with the same probability the right one, never both
    Draws:      (life seed where items are a life's own, world digest, item): blink, left, right (from the noise bank);
                the item as the world draws it
    Shapes:     left, right (N, B, 1, *shape of the world) float32; label and factors as the world's
    Units:      those of the world
    Controls:   `eye` or `drop_sense` on either side, a mirror image of the other
    Reference:  own; the index it serves: Hubel & Wiesel (1970) J. Physiol. 206:419. Blinks are even on both sides:
                where only one eye blinked an untouched organism leaned to the other by .14
    """

    def __init__(self, source: TwoEyesSpec, split: str, world: World) -> None:
        """`world` is the one that is seen."""
        self.source = source
        self.size = world.size
        self._world = world
        known = source.of.facts()
        self._shared = known.sizes is not None or known.reuse is not None
        self._channel = next(iter(known.channels))
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The items with both eyes."""
        channels, label, factors = self._world.sample(seeds_N, index_NB)
        x = channels[self._channel]
        draw = Draw(torch.zeros_like(seeds_N) if self._shared else seeds_N, index_NB, self._address)
        shut = draw.at("two_eyes", "blink").uniform()
        eyes = {"left": shut < self.source.blink, "right": shut > 1.0 - self.source.blink}
        seen = {}
        for eye, blinks in eyes.items():
            noise = self.source.noise * draw.at("two_eyes", eye).banked(*x.shape[2:])
            open_NB = (~blinks).to(torch.float32).reshape(*blinks.shape, *[1] * (x.dim() - 2))
            seen[eye] = x * open_NB + noise
        return seen, label, factors
