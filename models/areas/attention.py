"""One place among many, found by what is there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.structures import AttentionSpec


@final
class Attention:
    """A mean over the places of a map, weighed by how well each answers what is asked.

    Dynamics:   q = sum_p x_p W_p over the pathways that ask; k_i, v_i = y_i W for each place i of the parts, y_i its
                features; a_i = softmax_i (q k_i / sqrt(width)); r = sum_i a_i v_i
    Parameters: area/A/from/SOURCE/weight (N, S, width) of what asks, area/A/from/PARTS/weight (N, maps, width + U), of
                keys first; by `init` with fan_in = inputs of one unit
    Shapes:     parts (N, B, T, maps, height, width), others (N, B, T, *source units) -> (N, B, T, U)
    Units:      rates dimensionless
    Rules:      backprop, bptt, local_error, weight_perturbation; soft, so that errors pass to all inputs
    Reference:  Bahdanau, Cho & Bengio (2015) ICLR; scaled products: Vaswani et al. (2017) NeurIPS; here one head, and
                places are told apart by their features alone
    """

    def __init__(self, name: str, spec: AttentionSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._fill = fill
        self._address = {source: f"area/{name}/from/{source}/weight" for source in inputs}
        self._asking = {source: math.prod(units) for source, units in inputs.items() if source != spec.parts}
        self._features = inputs[spec.parts][0]

    def init(self, draw: Draw) -> Params:
        """Weights by address."""
        fan_in, width = sum(self._asking.values()), self._spec.width
        shapes = {source: (units, width) for source, units in self._asking.items()}
        params = {}
        for source, shape in (shapes | {self._spec.parts: (self._features, width + self._spec.size)}).items():
            address = self._address[source]
            inputs = self._features if source == self._spec.parts else fan_in
            params[address] = self._fill(draw.at("parameter", address), shape, inputs)
        return params

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        seen, width = inputs[self._spec.parts], self._spec.width
        N, B, T = seen.shape[:3]
        parts = seen.reshape(N, B * T, self._features, -1).mT.flatten(1, 2)
        both = self._weighed(self._spec.parts, parts, by, parts.new_zeros(N, 1, width + self._spec.size))
        both = both.reshape(N, B * T, -1, both.shape[-1])
        key, value = both[..., :width], both[..., width:]
        asked = parts.new_zeros(N, 1, width)
        for source in self._asking:
            asked = self._weighed(source, inputs[source].reshape(N, B * T, -1), by, asked)
        match = (key * asked[:, :, None]).sum(dim=-1) / math.sqrt(width)
        weight = torch.softmax(match, dim=-1)
        return (weight[..., None] * value).sum(dim=2).reshape(N, B, T, -1), state

    def _weighed(self, source: str, x_NMS: Tensor, by: Pass, base: Tensor) -> Tensor:
        address = self._address[source]
        return by.synapse.linear(x_NMS, by.weight[address], base, address, by.own)
