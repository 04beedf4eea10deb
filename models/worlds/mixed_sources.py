"""What reaches the senses is a mixture; what causes it is not."""

from __future__ import annotations

import math
from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import MixedSourcesSpec
from models.specs.worlds.sources import name_of
from models.worlds.clips import scene_and_time, step_by_step
from models.worlds.modes import applied

_STEP_SECONDS, _SLOWEST_HZ, _APART_HZ = 0.01, 0.05, 0.35
_LEAST = 2.0**-24
"""A uniform number may be rounded to 1, whose logarithm from above is not finite."""


@final
class MixedSources:
    r"""Linear mixtures of independent sources.

    Scene:      channel `x` = A s; factor `source` = s. A is square, its columns random of length 1
    Statistics: sources of mean 0 and variance 1: laplace (kurtosis 6), uniform (1.8), gaussian (3), independent from
                step to step; sine: sqrt(2) sin(2 pi f_k t + phase), f_k = .05 + .35 k Hz, steps of .01 s, a phase of
                its own for every source and item
    Draws:      (life seed, world digest, presentation): source; (world without split): mixing
    Shapes:     x, source (N, B, T, sources) float32
    Units:      dimensionless
    Controls:   `law: gaussian`, whose mixtures nobody can take apart
    Reference:  Bell & Sejnowski (1995) Neural Computation 7:1129; sines: Wiskott & Sejnowski (2002) Neural
                Computation 14:715
    """

    size = None

    def __init__(self, source: MixedSourcesSpec, split: str, steps: int) -> None:
        self.source = source
        self.steps = steps
        self._address = word(name_of(source, split))
        self._mixing = mixing(source)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The mixtures of these presentations."""
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        sources = self._sources(Draw(seeds_N, scene_NB, self._address).at("mixed_sources", "source"), time_NBT)
        return {"x": applied(self._mixing, sources)}, None, {"source": sources}

    def _sources(self, draw: Draw, time_NBT: Tensor) -> Tensor:
        """(N, B, T, sources); draw has the scenes."""
        count = self.source.sources
        if self.source.law == "sine":
            turns = (_SLOWEST_HZ + _APART_HZ * torch.arange(count)) * _STEP_SECONDS
            phase = turns * time_NBT[..., None] + draw.uniform(1, count)
            return math.sqrt(2.0) * (2.0 * math.pi * phase).sin()
        assert draw.index_NB is not None
        new = step_by_step(draw, draw.index_NB, time_NBT)
        drawn = new.normal(count) if self.source.law == "gaussian" else 2.0 * new.uniform(count) - 1.0
        if self.source.law == "uniform":
            drawn = drawn * math.sqrt(3.0)
        if self.source.law == "laplace":
            drawn = -drawn.sign() * (1.0 - drawn.abs()).clamp(min=_LEAST).log() / math.sqrt(2.0)
        return drawn.reshape(*time_NBT.shape, count)


@cache
def mixing(source: MixedSourcesSpec) -> Tensor:
    """A (mixtures, sources), float32, columns of length 1."""
    count = source.sources
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=word(name_of(source, "all"))).at("mixed_sources", "mixing")
    columns = draw.normal(count, count)[0].double()
    return (columns / columns.square().sum(dim=0).sqrt()).float()
