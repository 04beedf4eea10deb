"""Recurrent units with weights that never learn: what they make of the past is for others to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Area, Params, Pass, State
from models.specs.areas import ReservoirSpec


@final
class Reservoir:
    """Sparse random units that hear themselves, scaled to a spectral radius; innate, an echo of what was.

    Dynamics:   z_t = b + sum_p x_p,t W_p + r_{t-1} R; r_t = leak r_{t-1} + (1 - leak) f(norm(z_t))
    Parameters: area/A/from/SOURCE/weight (N, S, U) by `init` with fan_in = inputs and units, area/A/bias (N, 1, U) 0;
                area/A/recurrent/weight (N, U, U): each entry there with probability `density`, then normal, the whole
                scaled so that its largest absolute eigenvalue is `radius`; where there is no cycle, as drawn
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, U); before the first step all rates are 0
    Units:      rates dimensionless
    Rules:      none teaches it; errors pass through to the areas below as through recurrent
    Reference:  Jaeger & Haas (2004) Science 304:78; the memory of U units for independent inputs is at most U: Jaeger
                (2002) GMD Report 152
    """

    def __init__(self, name: str, spec: ReservoirSpec, units: Area) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._units = units
        self._address = f"area/{name}/recurrent/weight"

    def init(self, draw: Draw) -> Params:
        """Weights by address, biases 0."""
        there = draw.at("reservoir", self._address).uniform(self._spec.size, self._spec.size) <= self._spec.density
        weight = draw.at("parameter", self._address).normal(self._spec.size, self._spec.size) * there
        return self._units.init(draw) | {self._address: torch.stack([self._scaled(each) for each in weight.unbind(0)])}

    def start(self, like: Tensor) -> State:
        """Rates (N, B, U) 0."""
        return self._units.start(like)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        return self._units.apply(inputs, state, by)

    def _scaled(self, weight_UU: Tensor) -> Tensor:
        """One life's weights with the spectral radius; life by life, so that the bits are those of a life alone."""
        drawn = weight_UU.double()
        largest = torch.linalg.eigvals(drawn).abs().max()
        # Without a cycle all eigenvalues are 0, and what is found is rounding.
        cyclic = largest > 1e-6 * torch.linalg.matrix_norm(drawn)
        return torch.where(cyclic, drawn * (self._spec.radius / largest), drawn).float()
