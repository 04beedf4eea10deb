"""The generalised Hebbian algorithm: principal components one after another."""

from __future__ import annotations

from typing import final

import torch

from models.credit import meeting
from models.crediting import Judge
from models.protocols import Moment, Params
from models.specs.credit.hebbian import SangerSpec


@final
class Sanger(meeting.Meeting[SangerSpec]):
    """Each unit learns, by Oja's rule, what the units before it and it itself do not already make of the input.

    Update:      y = x W; dW_u = +rate * mean_b y_u (x - sum_{v <= u} y_v W_v)^T, of all units at once
                 dW = +rate * (mean_b x^T y - W triu(mean_b y^T y)); the bias stands still
    Information: the presynaptic rate, the responses of the unit and of those before it, and their weights
    Shapes:      x (N, M, S) of all sources joined, W (N, S, U), triu (N, U, U)
    Units:       rate^2 per unit of weight
    Exactness:   on centred input the weights tend to the U first principal components in order, at length 1, each up to
                 its sign; one unit is oja
    Out:         none, and no error is heard
    Reference:   Sanger (1989) Neural Netw. 2:459
    """

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x = meeting.presynaptic(self._circuit, area, moment)
            weight = meeting.joined(self._circuit, area, moment.weight)
            y = meeting.product(x, weight)
            told = meeting.product(weight, meeting.mean_product(y, y).triu())
            down |= meeting.parted(told - meeting.mean_product(x, y), self._circuit, area, moment.weight)
        return down
