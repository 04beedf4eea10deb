"""A map: units next to each other on a grid come to answer to what is alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit import meeting
from models.crediting import Judge
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.credit.hebbian import KohonenSpec


@final
class Kohonen(meeting.Meeting[KohonenSpec]):
    """The unit nearest to an input moves towards it, and its neighbours on the grid move along.

    Update:      c the unit with the least |x - W_c|, D its distance on the grid from unit k;
                 dW_k = rate * mean_b exp(-D^2 / (2 r^2)) (x - W_k); r = radius (last_radius / radius)^min(1, t / over)
                 after t updates with plasticity; the bias stands still; what the area passes on is its own act's
    Information: the presynaptic rate, the unit's own weights, how far the winner is on the grid, how often it learned
    Shapes:      x (N, M, S) of all sources joined, W (N, S, U), D (U, U) by rows of the grid, t (N, 1)
    Units:       weights in units of the input; D, r in steps of the grid; t, over in updates
    Exactness:   for r -> 0 hard competition; the rate falls as the plasticity of the area does
    Out:         none, and no error is heard
    Reference:   Kohonen (1982) Biol. Cybern. 43:59
    """

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No update yet."""
        return {}, {_address(area): torch.zeros(draw.seeds_N.shape[0], 1) for area in self._circuit.areas}

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the way of the winners and their neighbours, for every area of the circuit."""
        down: Params = {}
        apart = self._apart()
        for area in self._circuit.areas:
            x = meeting.presynaptic(self._circuit, area, moment)
            weight = meeting.joined(self._circuit, area, moment.weight)
            winner = meeting.distances(x, weight).argmin(dim=2)
            radius = self._radius(moment.own[_address(area)]).unsqueeze(2)
            share = torch.exp(apart.to(x)[winner] / (-2.0 * radius.square()))
            down |= meeting.parted(meeting.approach(x, weight, share), self._circuit, area, moment.weight)
        return down

    def remember(self, moment: Moment) -> Params:
        """One update more."""
        return {_address(area): moment.own[_address(area)] + 1.0 for area in self._circuit.areas}

    def _radius(self, updates: Tensor) -> Tensor:
        """Of the neighbourhood (N, 1)."""
        falls = math.log(self._spec.last_radius / self._spec.radius)
        return self._spec.radius * torch.exp(falls * (updates / self._spec.over).clamp(max=1.0))

    def _apart(self) -> Tensor:
        """Squared distances (U, U) on the grid."""
        axes = [torch.arange(float(side)) for side in self._spec.grid]
        place = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(axes))
        return (place[:, None] - place).square().sum(dim=2)


def _address(area: str) -> str:
    return f"rule/area/{area}/updates"
