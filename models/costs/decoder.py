"""The learned linear decoder that costs own which hold what can be told from an area against a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import (
    AutoencodeSpec,
    ClappSpec,
    DenoiseSpec,
    InfonceSpec,
    PredictNextSpec,
    VaeSpec,
)

S = TypeVar("S", bound=AutoencodeSpec | ClappSpec | DenoiseSpec | InfonceSpec | PredictNextSpec | VaeSpec)


class Decoding(Generic[S]):
    """A cost with a target and a decoder that is to tell it."""

    def __init__(self, name: str, spec: S, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The decoder, and a template, if that is the target."""
        told = self.told(torch.Size(shapes[self.spec.at]).numel())
        width = target.width(self.spec.target, self._sense, shapes)
        return born(self.name, told, width, draw), target.born(self.spec.target, self.name, shapes, draw)

    def told(self, units: int) -> int:
        """How many numbers the decoder is given of an area of so many units."""
        return units

    def aim(self, moment: Moment) -> Tensor:
        """The target: classes (N, B, T), or values (N, B, T, D)."""
        return target.read(self.spec.target, self.name, self._sense, moment)

    def decoded(self, rate: Tensor, moment: Moment) -> Tensor:
        """What the decoder makes of a rate (N, B, T, *units): (N, B, T, D)."""
        return decode(self.name, rate, moment.own)


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
