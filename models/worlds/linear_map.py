"""The smallest world with modes: what a deep linear organism learns one after another."""

from __future__ import annotations

import math
from functools import cache, cached_property
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.linear import LinearMapSpec
from models.specs.worlds.sources import name_of
from models.worlds.modes import Modes, applied, orthonormal


@final
class LinearMap:
    r"""Inputs and what a linear map with given singular values makes of them.

    Scene:      channel `x`; label y = M x with M = U diag(s) V', U and V random orthonormal; factor `mode`: which
                abs(s_k v_k' x) is largest
    Statistics: x ~ N(0, I), so that the covariance of y and x is M; under `inputs: basis` x is sqrt(d) times a unit
                vector, and the mean over the d items is exactly that; under `fixed_input` x is 1 everywhere. In d 1
                the map is +s
    Draws:      (life seed, world digest, presentation): x; (world without split): left, right. U and V are made by
                Gram and Schmidt, the largest entry of every column positive
    Shapes:     x, label (N, B, 1, d) float32, without the last axis if d is 1; mode (N, B, 1)
    Units:      dimensionless
    Controls:   a target shuffled in the batch has no relation to x
    Reference:  Saxe, McClelland & Ganguli (2014) Exact solutions to the nonlinear dynamics of learning in deep linear
                neural networks, ICLR; Kleinman, Achille & Soatto (2024) ICLR for d 1
    """

    def __init__(self, source: LinearMapSpec, split: str) -> None:
        self.source = source
        self.size = (source.facts().sizes or {}).get(split)
        self._address = word(name_of(source, split))
        self._modes = modes(source)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The inputs of these presentations and their outputs."""
        if self.source.inputs == "basis":
            x, label, mode = (each[index_NB] for each in self._basis)
        else:
            x, label, mode = self._made(self._inputs(seeds_N, index_NB))
        return {"x": x}, label, {"mode": mode}

    def _made(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, what the map makes of them, and along which mode they go most."""
        along = applied(self._modes.right.mT, x) * self._modes.strength
        y = applied(self._modes.left, along)
        label = y if self.source.d > 1 else y[..., 0]
        return x, label, along.abs().argmax(dim=-1)

    @cached_property
    def _basis(self) -> tuple[Tensor, Tensor, Tensor]:
        """All items: as many as there are inputs."""
        return self._made(math.sqrt(self.source.d) * torch.eye(self.source.d)[:, None])

    def _inputs(self, seeds_N: Tensor, index_NB: Tensor) -> Tensor:
        """(N, B, 1, d)."""
        d = self.source.d
        if self.source.fixed_input:
            return torch.ones(*index_NB.shape, 1, d)
        return Draw(seeds_N, index_NB, self._address).at("linear_map", "x").normal(1, d)


@cache
def modes(source: LinearMapSpec) -> Modes:
    """Singular vectors and values of the map, float32."""
    count = len(source.s)
    address = word(name_of(source, "all"))
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=address).at("linear_map")
    left, right = (orthonormal(draw.at(side), source.d, count) for side in ("left", "right"))
    return Modes(left.float(), torch.tensor(source.s), right.float())
