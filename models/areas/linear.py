"""Fully connected layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.areas.membrane import Membrane
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.areas import LinearSpec


@final
class Linear:
    """`depth` fully connected layers; the first joins what all pathways bring, flattened.

    Dynamics:   z = b + sum_p x_p W_p; r = f(norm(z)); norm layer: (z - mean_u z) / sqrt(var_u z + 1e-5);
                act lif: v_t = leak v_t-1 + z_t - r_t-1, r_t = [v_t > 1], leak 0.8; act binary: r = [z > 0]
    Parameters: area/A/from/SOURCE/weight (N, S, U), area/A/bias (N, 1, U), area/A/layerK/weight (N, U, U),
                area/A/layerK/bias (N, 1, U), K from 2; weights by `init` with fan_in = all inputs of the layer,
                biases 0; a symmetric pathway that starts here brings its end's rates by its weight transposed
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, U)
    Units:      rates dimensionless; of units that spike, spikes per time step
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
        turned: Mapping[str, str],
    ) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._membrane = Membrane(spec)
        self._fill = fill
        self._turned = turned
        own = {source: f"area/{name}/from/{source}/weight" for source in inputs if source not in turned}
        self._widths = {own[source]: math.prod(units) for source, units in inputs.items() if source in own}
        self._sources = {source: turned.get(source) or own[source] for source in inputs}
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

    def start(self, like: Tensor) -> State:
        """Of every layer, at rest."""
        if not self._membrane.spikes:
            return ()
        return tuple(each for _ in range(self._spec.depth) for each in self._membrane.start(like, self.shape))

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        first = next(iter(inputs.values()))
        N, B, T = first.shape[:3]
        z = self._base(by, self._bias, first)
        for source, address in self._sources.items():
            weight = by.weight[address]
            matrix = weight.mT if source in self._turned else weight
            z = by.synapse.linear(inputs[source].reshape(N, B * T, -1), matrix, z, address, by.own)
        span = len(state) // self._spec.depth
        rate, left = self._rate(z.reshape(N, B, T, -1), state[:span], by)
        for layer, (address, bias) in enumerate(self._deeper, start=1):
            z = by.synapse.linear(rate.flatten(1, 2), by.weight[address], self._base(by, bias, first), address, by.own)
            rate, more = self._rate(z.reshape(N, B, T, -1), state[layer * span : (layer + 1) * span], by)
            left += more
        return rate, left

    def _base(self, by: Pass, bias: str, like: Tensor) -> Tensor:
        return by.weight[bias] if self._spec.bias else like.new_zeros(like.shape[0], 1, self._spec.size)

    def _rate(self, z_NBTU: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        if self._spec.norm == "layer":
            z_NBTU = functional.layer_norm(z_NBTU, z_NBTU.shape[-1:])
        return self._membrane.fire(z_NBTU, state, by)
