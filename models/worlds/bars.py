"""A world whose causes are fewer than its pictures."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.nature import BarsSpec
from models.specs.worlds.sources import name_of


@final
class Bars:
    r"""Bars across a square, each there or not, whatever the others do.

    Scene:      channel `retina`: 1 where a bar lies, crossings no brighter; factor `bars`: which are there, rows first
    Statistics: each of the 2 side bars with `probability` p; a pixel is on with probability 1 - (1 - p)^2
    Draws:      (life seed, world digest, presentation): bars
    Shapes:     retina (N, B, 1, 1, side, side) float32; bars (N, B, 1, 2 side) float32, 0 or 1
    Units:      intensity 0 or 1
    Controls:   `permute` of the pixels leaves the causes and hides that they are bars
    Reference:  Foldiak (1990) Forming sparse representations by local anti-Hebbian learning, Biol. Cybern. 64:165
    """

    size = None

    def __init__(self, source: BarsSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The pictures of these presentations."""
        side = self.source.side
        draw = Draw(seeds_N, index_NB, self._address).at("bars", "bars")
        there = (draw.uniform(1, 2 * side) < self.source.probability).to(torch.float32)
        row, column = there[..., :side, None], there[..., None, side:]
        return {"retina": torch.maximum(row, column).unsqueeze(3)}, None, {"bars": there}
