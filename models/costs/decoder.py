"""The learned linear decoder that costs of reconstruction own."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Params


def born(name: str, units: int, width: int, draw: Draw) -> Params:
    """Decoder of cost `name` from units to width values: weights uniform in +-sqrt(3 / units), biases 0."""
    weight, bias = addresses(name)
    unit = draw.at("init", weight).uniform(units, width)
    return {
        weight: (2.0 * unit - 1.0) * math.sqrt(3.0 / units),
        bias: torch.zeros(draw.seeds_N.shape[0], 1, width),
    }


def decode(name: str, rate: Tensor, own: Params) -> Tensor:
    """Rate (N, B, T, *units) through the decoder: (N, B, T, width)."""
    weight, bias = (own[address] for address in addresses(name))
    rate_NMU = rate.flatten(3).flatten(1, 2)
    fused = 1 not in weight.shape[1:]
    decoded = torch.baddbmm(bias, rate_NMU, weight) if fused else product(rate_NMU, weight) + bias
    return decoded.reshape(*rate.shape[:3], -1)


def product(x_NMS: Tensor, weight_NSU: Tensor) -> Tensor:
    """The product of each life, (N, M, U)."""
    if 1 in weight_NSU.shape[1:]:  # with one column a matrix product takes another kernel for one life than for many
        return (x_NMS.unsqueeze(3) * weight_NSU.unsqueeze(1)).sum(dim=2)
    return torch.bmm(x_NMS, weight_NSU)


def addresses(name: str) -> tuple[str, str]:
    """Where weight and bias are kept."""
    return f"cost/{name}/decoder/weight", f"cost/{name}/decoder/bias"
