"""First values of weights, by addressed draws."""

from __future__ import annotations

import math
from typing import assert_never

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Fill
from models.specs.area_base import (
    AboutInit,
    Activation,
    IdentityInit,
    Init,
    Kaiming,
    NormalInit,
    OrthogonalInit,
    ZerosInit,
)

RELU_LIKE = ("relu", "elu", "softplus", "gelu")


def initial(init: Init, act: Activation, gain: float = 1.0) -> Fill:
    """How the weights of an area start, times a gain."""
    fill = _filled(init, act)
    return fill if gain == 1.0 else lambda draw, shape, fan_in: fill(draw, shape, fan_in) * gain


def _filled(init: Init, act: Activation) -> Fill:
    match init:
        case Kaiming():
            gain = 6.0 if act in RELU_LIKE else 3.0
            return lambda draw, shape, fan_in: (2.0 * draw.uniform(*shape) - 1.0) * math.sqrt(gain / fan_in)
        case NormalInit(sd=sd):
            return lambda draw, shape, fan_in: draw.normal(*shape) * sd
        case AboutInit(mean=mean, sd=sd):
            return lambda draw, shape, fan_in: (draw.normal(*shape) * sd + mean).abs()
        case OrthogonalInit(gain=scale):
            return lambda draw, shape, fan_in: orthonormal(draw, shape) * scale
        case ZerosInit():
            return lambda draw, shape, fan_in: torch.zeros(draw.seeds_N.shape[0], *shape)
        case IdentityInit():
            return lambda draw, shape, fan_in: _identity(shape).repeat(len(draw.seeds_N), *(1 for _ in shape))
        case _:
            assert_never(init)


def _identity(shape: tuple[int, ...]) -> Tensor:
    """Ones on the diagonal of the matrix that joins all dimensions but the last."""
    return torch.eye(math.prod(shape[:-1]), shape[-1]).reshape(shape)


def orthonormal(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    """Orthonormal columns (or rows, if fewer) of the matrix that joins all dimensions but the last: (N, *shape).

    The factor Q of a normal draw's QR decomposition, its signs fixed by the diagonal of R; life by life, so that the
    bits are those of a life alone.
    """
    columns = shape[-1]
    rows = math.prod(shape[:-1])
    normal = draw.normal(max(rows, columns), min(rows, columns)).to(torch.float64)
    lives = []
    for matrix in normal.unbind(0):
        q, r = torch.linalg.qr(matrix)
        q = q * torch.where(r.diagonal() < 0, -1.0, 1.0)
        lives.append(q if rows >= columns else q.mT)
    return torch.stack(lives).to(torch.float32).reshape(-1, *shape)
