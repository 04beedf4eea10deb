"""Errors sent back through weights that know only the signs of the forward weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.aligned import Aligned, drawn, fan_out, feedback_address
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.gradient import SignSymmetrySpec


@final
class SignSymmetry:
    """The error below an area is sent through M, whose entries have the signs of W and magnitudes of their own.

    Update:      dW_l = -rate * x_{l-1}^T d_l; d_{l-1} = (d_l M_l^T) * f'; usf: M = sign(W) / sqrt(fan_out);
                 frsf: M = |B0| sign(W); brsf: M = |B| sign(W), B drawn anew in every batch; with `concordance` c a
                 fixed random share 1 - c of the signs is reversed
    Information: the presynaptic rate, the error of its own area as M brings it; of the forward weights their signs
    Shapes:      M like W, (N, S, U) or (N, out, in, k, k); B0, B ~ N(0, 1 / fan_out)
    Units:       cost per unit of weight
    Exactness:   usf on weights of one magnitude gives the gradient up to a factor per area
    Out:         the error below the circuit, sent through M
    Reference:   Liao, Leibo & Poggio (2016) AAAI 1837, there with the sign of the gradient as well, here the gradient;
                 Moskovitz, Litwin-Kumar & Abbott (2018) arXiv:1812.06488
    """

    def __init__(self, spec: SignSymmetrySpec, exact: Synapse) -> None:
        self._spec = spec
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Where each weight's signs go (N, *shape): +-magnitude, -magnitude where they are reversed."""
        return {}, {_base(weight): self._first(draw, weight, shape) for weight, shape in shapes.items()}

    def synapse(self) -> Synapse:
        """The multiplication with feedback weights."""
        return Aligned(self._exact)

    def prepare(self, weight: Mapping[str, Tensor], own: Params, draw: Draw) -> Params:
        """The feedback weights M of this pass."""
        found: Params = {}
        for address, value in weight.items():
            base = own.get(_base(address))
            if base is not None:
                found[feedback_address(address)] = self._magnitude(base, address, draw) * value.detach().sign()
        return found

    def _first(self, draw: Draw, weight: str, shape: tuple[int, ...]) -> Tensor:
        lives = draw.seeds_N.shape[0]
        if self._spec.variant == "frsf":
            base = drawn(draw, weight, shape).abs()
        else:
            scale = 1.0 if self._spec.variant == "brsf" else 1.0 / math.sqrt(fan_out(shape))
            base = torch.full((lives, *shape), scale)
        if self._spec.concordance < 1.0:
            agrees = draw.at("rule", f"{_base(weight)}/agrees").uniform(*shape) < self._spec.concordance
            base = torch.where(agrees, base, -base)
        return base

    def _magnitude(self, base: Tensor, address: str, draw: Draw) -> Tensor:
        if self._spec.variant != "brsf":
            return base
        assert draw.index_NB is not None
        now = draw.indexed(draw.index_NB[:, :1])
        shape = tuple(base.shape[1:])
        return base * drawn(now, address, shape).squeeze(1).abs()


def _base(weight: str) -> str:
    return f"rule/{weight}/magnitude"
