"""Convolutional layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.areas.membrane import Membrane
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.areas import ConvSpec
from models.specs.shapes import layer_sides, padding


@final
class Conv:
    """`depth` convolutions, then the maximum over tiles; the first sums what all pathways bring.

    Dynamics:   z = b + sum_p K_p * x_p; r = max over `pool` x `pool` tiles of f(norm(z)); norm layer: over maps and
                places; act lif and binary as in linear
    Parameters: area/A/from/SOURCE/weight (N, out, in, k, k), area/A/bias (N, out), area/A/layerK/weight,
                area/A/layerK/bias, K from 2; weights by `init` with fan_in = inputs of one unit, biases 0
    Shapes:     inputs (N, B, T, maps, height, width) of equal height and width -> (N, B, T, channels, height', width')
    Units:      rates dimensionless; of units that spike, spikes per time step
    Rules:      all but target_propagation; direct_feedback and predictive_coding only where depth is 1
    Reference:  Fukushima (1980) Biol. Cybern. 36:193; LeCun et al. (1989) Neural Comput. 1:541
    """

    def __init__(
        self,
        name: str,
        spec: ConvSpec,
        inputs: Mapping[str, tuple[int, ...]],
        shape: tuple[int, ...],
        fill: Fill,
    ) -> None:
        self.shape = shape
        self._spec = spec
        self._fill = fill
        self._membrane = Membrane(spec)
        self._pad = padding(spec)
        height, width = (layer_sides(spec, side) for side in next(iter(inputs.values()))[1:])
        self._drives = [(spec.channels, *sides) for sides in zip(height, width, strict=True)]
        self._maps = {source: units[0] for source, units in inputs.items()}
        self._address = {source: f"area/{name}/from/{source}/weight" for source in inputs}
        self._deeper = [
            (f"area/{name}/layer{k}/weight", f"area/{name}/layer{k}/bias") for k in range(2, spec.depth + 1)
        ]
        self._bias = f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Kernels by address, biases 0."""
        params = {}
        total = sum(self._maps.values())
        for source, maps in self._maps.items():
            params[self._address[source]] = self._kernel(draw, self._address[source], maps, total)
        for address, _ in self._deeper:
            params[address] = self._kernel(draw, address, self._spec.channels, self._spec.channels)
        if self._spec.bias:
            biases = [self._bias, *(bias for _, bias in self._deeper)]
            params |= {bias: torch.zeros(draw.seeds_N.shape[0], self._spec.channels) for bias in biases}
        return params

    def start(self, like: Tensor) -> State:
        """Of every layer, at rest; potentials have the size of the maps before the pool."""
        return tuple(each for shape in self._drives for each in self._membrane.start(like, shape))

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, channels, height, width)."""
        N, B, T = next(iter(inputs.values())).shape[:3]
        z, geometry = self._base(by, self._bias), (self._spec.stride, self._pad)
        for source, address in self._address.items():
            maps = inputs[source].reshape(N, B * T, *inputs[source].shape[3:])
            z = by.synapse.conv(maps, by.weight[address], z, geometry, address, by.own)
        span = len(state) // self._spec.depth
        rate, left = self._rate(z, 1, (B, T), state[:span], by)
        for layer, (address, bias) in enumerate(self._deeper, start=1):
            maps, base = rate.flatten(1, 2), self._base(by, bias)
            z = by.synapse.conv(maps, by.weight[address], base, (1, self._pad), address, by.own)
            rate, more = self._rate(z, layer + 1, (B, T), state[layer * span : (layer + 1) * span], by)
            left += more
        return rate, left

    def _kernel(self, draw: Draw, address: str, maps: int, fan_maps: int) -> Tensor:
        """(N, out, in, k, k), filled as the matrix (in k k, out)."""
        k, out = self._spec.kernel, self._spec.channels
        matrix = self._fill(draw.at("parameter", address), (maps * k * k, out), fan_maps * k * k)
        return matrix.mT.reshape(-1, out, maps, k, k).contiguous()

    def _base(self, by: Pass, bias: str) -> Tensor | None:
        return by.weight[bias][:, None, :, None, None] if self._spec.bias else None

    def _rate(
        self, z: Tensor | None, layer: int, steps: tuple[int, int], state: State, by: Pass
    ) -> tuple[Tensor, State]:
        """Rates (N, B, T, ...) of a layer's drive (N, B T, ...), and the state left; the last layer's are pooled."""
        assert z is not None
        if self._spec.norm == "layer":
            z = functional.layer_norm(z, z.shape[-3:])
        pool = self._spec.pool if layer == self._spec.depth else 1
        # The maximum and relu may change places, values and errors alike: fewer numbers are left for relu then.
        if self._spec.act == "relu":
            z, pool = _pooled(z, pool), 1
        rate, left = self._membrane.fire(z.reshape(z.shape[0], *steps, *z.shape[2:]), state, by)
        return _pooled(rate, pool), left


def _pooled(x: Tensor, pool: int) -> Tensor:
    """The maximum over tiles of the last two dimensions."""
    if pool == 1:
        return x
    maps = functional.max_pool2d(x.reshape(-1, *x.shape[-3:]), pool)
    return maps.reshape(*x.shape[:-3], *maps.shape[1:])
