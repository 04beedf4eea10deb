"""A threshold that follows the unit's own activity parts what is learned from what is unlearned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch

from models.credit import meeting
from models.crediting import Judge
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.credit.hebbian import BcmSpec


@final
class Bcm(meeting.Meeting[BcmSpec]):
    """Responses above a sliding threshold are learned, those below it unlearned, so that units become selective.

    Update:      y the unit's rate; dW = rate * mean_b x^T (y (y - theta)); then theta goes 1 / tau of the way to
                 mean_b y^2; the bias stands still
    Information: the presynaptic rate, the unit's own rate and what it was lately
    Shapes:      x (N, M, S) of all sources joined, y (N, M, U), theta (N, 1, U), at first 0
    Units:       rate^3 per unit of weight; theta rate^2; tau updates
    Exactness:   on K linearly independent patterns, equally frequent, each unit ends with the response K to one of
                 them and 0 to the others: selectivity 1 - mean / max = 1 - 1 / K; weights faster than theta never rest
    Out:         none, and no error is heard
    Reference:   Bienenstock, Cooper & Munro (1982) J. Neurosci. 2:32; theta as mean square: Intrator & Cooper (1992)
                 Neural Netw. 5:3
    """

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Thresholds of 0."""
        lives = draw.seeds_N.shape[0]
        areas = self._circuit.areas
        return {}, {_address(area): torch.zeros(lives, 1, *self._circuit.units[area]) for area in areas}

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x, y = meeting.presynaptic(self._circuit, area, moment), meeting.postsynaptic(area, moment)
            growth = meeting.mean_product(x, y * (y - moment.own[_address(area)]))
            down |= meeting.parted(-growth, self._circuit, area, moment.weight)
        return down

    def remember(self, moment: Moment) -> Params:
        """The thresholds, nearer to the square of the rates."""
        moved: Params = {}
        for area in self._circuit.areas:
            theta, y = moment.own[_address(area)], meeting.postsynaptic(area, moment)
            moved[_address(area)] = theta + (y.square().mean(dim=1, keepdim=True) - theta) / self._spec.tau
        return moved


def _address(area: str) -> str:
    return f"rule/area/{area}/threshold"
