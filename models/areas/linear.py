"""Fully connected layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw
from models.protocols import Fill, Params, Synapse
from models.specs.areas import LinearSpec


@final
class Linear:
    """`depth` fully connected layers; the first joins what all pathways bring, flattened.

    Dynamics:   z = b + sum_p x_p W_p; r = f(norm(z)); norm layer: (z - mean_u z) / sqrt(var_u z + 1e-5)
    Parameters: area/A/from/SOURCE/weight (N, S, U), area/A/bias (N, 1, U), area/A/layerK/weight (N, U, U),
                area/A/layerK/bias (N, 1, U), K from 2; weights by `init` with fan_in = all inputs of the layer,
                biases 0
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, U)
    Units:      rates dimensionless
    Rules:      all; those that speak to areas (direct_feedback, target_propagation, predictive_coding) only where
                depth is 1
    Reference:  McCulloch & Pitts (1943) Bull. Math. Biophys. 5:115; layer norm: Ba, Kiros & Hinton (2016), here
                without learned gain and offset
    """

    def __init__(
        self,
        name: str,
        spec: LinearSpec,
        inputs: Mapping[str, tuple[int, ...]],
        fill: Fill,
        act: Callable[[Tensor], Tensor],
    ) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._act = act
        self._fill = fill
        self._widths = {f"area/{name}/from/{source}/weight": math.prod(units) for source, units in inputs.items()}
        self._sources = {source: f"area/{name}/from/{source}/weight" for source in inputs}
        self._deeper = [
            (f"area/{name}/layer{k}/weight", f"area/{name}/layer{k}/bias") for k in range(2, spec.depth + 1)
        ]
        self._bias = f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address, biases 0."""
        size, lives = self._spec.size, draw.seeds_N.shape[0]
        fan_in = sum(self._widths.values())
        params = {
            address: self._fill(draw.at("parameter", address), (width, size), fan_in)
            for address, width in self._widths.items()
        }
        for address, _ in self._deeper:
            params[address] = self._fill(draw.at("parameter", address), (size, size), size)
        if self._spec.bias:
            biases = [self._bias, *(bias for _, bias in self._deeper)]
            params |= {bias: torch.zeros(lives, 1, size) for bias in biases}
        return params

    def apply(
        self, weight: Mapping[str, Tensor], inputs: Mapping[str, Tensor], synapse: Synapse, own: Params
    ) -> Tensor:
        """Rates (N, B, T, U)."""
        first = next(iter(inputs.values()))
        N, B, T = first.shape[:3]
        z = self._base(weight, self._bias, first)
        for source, address in self._sources.items():
            z = synapse.linear(inputs[source].reshape(N, B * T, -1), weight[address], z, address, own)
        for address, bias in self._deeper:
            z = synapse.linear(self._rate(z), weight[address], self._base(weight, bias, first), address, own)
        return self._rate(z).reshape(N, B, T, self._spec.size)

    def _base(self, weight: Mapping[str, Tensor], bias: str, like: Tensor) -> Tensor:
        return weight[bias] if self._spec.bias else like.new_zeros(like.shape[0], 1, self._spec.size)

    def _rate(self, z_NMU: Tensor) -> Tensor:
        if self._spec.norm == "layer":
            z_NMU = functional.layer_norm(z_NMU, z_NMU.shape[-1:])
        return self._act(z_NMU)
