"""A head that turns before a scene."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import VorSpec
from models.specs.worlds.sources import name_of


@final
class Vor:
    r"""The vestibulo-ocular reflex: what canals say of a turn, and what the eye would have to do about it.

    Scene:      channels `canals`, s_k = (-1)^k w + noise n_k: the turn w of the head, to the right in even canals, to
                the left in odd ones; `scene`: lens w, the velocity of the image over an eye that stands still. Only an
                eye that turns by -lens w keeps it in its place. Factor `head`: w
    Statistics: w and n_k normal, mean 0, sd 1; items independent
    Draws:      (life seed, world digest, presentation): turn, noise
    Shapes:     canals (N, B, 1, canals), scene (N, B, 1, 1) float32; head (N, B, 1)
    Units:      sd of head velocity
    Reference:  Gonshor & Melvill Jones (1976) J. Physiol. 256:381 (lenses and prisms); Ito (1982) Annu. Rev. Neurosci.
                5:275; here velocities alone, without delay
    """

    size = None

    def __init__(self, source: VorSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The turns of these presentations."""
        draw = Draw(seeds_N, index_NB, self._address)
        head = draw.at("vor", "turn").normal(1)
        sign = 1.0 - 2.0 * (torch.arange(self.source.canals) % 2)
        noise = draw.at("vor", "noise").normal(1, self.source.canals)
        canals = sign * head[..., None] + self.source.noise * noise
        return {"canals": canals, "scene": self.source.lens * head[..., None]}, None, {"head": head}
