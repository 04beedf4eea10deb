"""Granule cells: few inputs made into many units, from which a read-out without layers can learn what is not linear."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Area, Params, Pass, State
from models.specs.areas import ExpansionSpec


@final
class Expansion:
    """Many units that each hear a few inputs by fixed random weights; innate.

    Dynamics:   r = f( sum_p x_p J_p - threshold )
    Parameters: area/A/from/SOURCE/weight (N, S, U): every unit hears `hears` different inputs, of all sources together,
                all of them where there are no more; there N(0, 1 / hears), else 0; area/A/bias (N, 1, U) -threshold
    Shapes:     inputs (N, B, T, *source units), at most U of them -> (N, B, T, U)
    Units:      rates dimensionless
    Rules:      none teaches it; errors pass through to the areas below as through linear. A linear read-out with a cost
                mse learns by the delta rule
    Reference:  Marr (1969) J. Physiol. 202:437; Albus (1971) Math. Biosci. 10:25; four inputs to a granule cell:
                Litwin-Kumar et al. (2017) Neuron 93:1153
    """

    def __init__(self, name: str, spec: ExpansionSpec, inputs: Mapping[str, tuple[int, ...]], units: Area) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._name = name
        self._spec = spec
        self._widths = {source: math.prod(shape) for source, shape in inputs.items()}
        self._units = units

    def init(self, draw: Draw) -> Params:
        """Weights by address; the threshold as a bias."""
        many, size = sum(self._widths.values()), self._spec.size
        hears = min(self._spec.hears, many)
        at = f"area/{self._name}/from"
        place = draw.at("expansion", at).bits(many * size).reshape(-1, size, many).argsort(dim=2, stable=True)
        there = torch.zeros(place.shape).scatter(2, place[..., :hears], 1.0)
        weight = (draw.at("parameter", at).normal(size, many) * there / math.sqrt(hears)).mT
        parts = torch.split(weight, list(self._widths.values()), dim=1)
        params = {f"{at}/{source}/weight": part.contiguous() for source, part in zip(self._widths, parts, strict=True)}
        return params | {f"area/{self._name}/bias": torch.full((len(weight), 1, size), -self._spec.threshold)}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return self._units.start(like)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        return self._units.apply(inputs, state, by)
