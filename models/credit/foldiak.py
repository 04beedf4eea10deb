"""Competition that is learned: units that answer together come to silence each other, and all answer equally often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit import meeting
from models.crediting import Judge
from models.draw import Draw
from models.protocols import Area, Moment, Params, Pass
from models.specs.credit.hebbian import CompetitiveSpec

_STEPS, _SHARE, _SLOPE = 30, 0.2, 10.0
"""Steps to rest, the share of the way to rest that one step goes, and the slope of units on that way."""


@final
class Foldiak(meeting.Meeting[CompetitiveSpec]):
    """Hebbian weights forward, anti-Hebbian ones between units, and thresholds for how often they answer.

    Update:      s <- s + 0.2 (sigma(10 (x W + s L - theta)) - s), 30 times from s = 0; y = [s > 1/2] is what the area
                 passes on; dW_k = rate * mean_b y_k (x - W_k); dL_jk = -rate * lateral * (mean_b y_j y_k - p^2) for
                 j != k, then L <= 0; dtheta_k = rate * drift * (mean_b y_k - p), p the activity
    Information: the presynaptic rate and the unit's own answer; for L those of both units; p
    Shapes:      x (N, M, S) of all sources joined, W (N, S, U), y (N, M, U); L (N, U, U), at first 0; theta (N, 1, U),
                 at first 1
    Units:       weights in units of the input; y, L, theta, p dimensionless
    Exactness:   at rest each unit answers with probability p, pairs that could answer together no more often than by
                 chance; on independent causes of probability p each unit ends with one of them
    Out:         none, and no error is heard
    Reference:   Foldiak (1990) Biol. Cybern. 64:165; there one item at a time, and s at rest
    """

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No inhibition, thresholds of 1; both learn."""
        learned: Params = {}
        for area in self._circuit.areas:
            (units,), lives = self._circuit.units[area], draw.seeds_N.shape[0]
            learned[_lateral(area)] = torch.zeros(lives, units, units)
            learned[_threshold(area)] = torch.ones(lives, 1, units)
        return learned, {}

    @torch.no_grad()
    def run(self, area: str, member: Area, inputs: Mapping[str, Tensor], by: Pass) -> Tensor:
        """The answers (N, B, T, U), 0 or 1."""
        first = next(iter(inputs.values()))
        drive = -by.own[_threshold(area)]
        for source, address in meeting.weights(self._circuit, area, by.weight).items():
            x_NMS = inputs[source].flatten(3).flatten(1, 2)
            drive = by.synapse.linear(x_NMS, by.weight[address], drive, address, by.own)
        state = torch.zeros_like(drive)
        for _ in range(_STEPS):
            z = _SLOPE * (drive + torch.bmm(state, by.own[_lateral(area)]))
            state = state + _SHARE * (0.5 * torch.tanh(0.5 * z) + 0.5 - state)
        return (state > 0.5).to(drive.dtype).reshape(*first.shape[:3], -1)

    def teaches(self, address: str) -> bool:
        """Weights, inhibition, thresholds."""
        return not address.endswith("/bias")

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x, y = meeting.presynaptic(self._circuit, area, moment), meeting.postsynaptic(area, moment)
            weight = meeting.joined(self._circuit, area, moment.weight)
            down |= meeting.parted(meeting.approach(x, weight, y), self._circuit, area, moment.weight)
            apart = 1.0 - torch.eye(y.shape[2]).to(y)
            together = meeting.mean_product(y, y) - self._spec.activity**2
            down[_lateral(area)] = self._spec.lateral * together * apart
            down[_threshold(area)] = self._spec.drift * (self._spec.activity - y.mean(dim=1, keepdim=True))
        return down

    def bound(self, value: Mapping[str, Tensor]) -> Params:
        """Units of an area never help each other."""
        return {_lateral(area): value[_lateral(area)].clamp(max=0.0) for area in self._circuit.areas}


def _lateral(area: str) -> str:
    return f"rule/area/{area}/lateral"


def _threshold(area: str) -> str:
    return f"rule/area/{area}/threshold"
