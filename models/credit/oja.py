"""Hebb's rule with a decay that holds its weights in bounds."""

from __future__ import annotations

from typing import final

import torch

from models.credit import meeting
from models.crediting import Judge
from models.protocols import Moment, Params
from models.specs.credit.hebbian import OjaSpec


@final
class Oja(meeting.Meeting[OjaSpec]):
    """Weights grow where both sides are active together, and decay as the square of the unit's response.

    Update:      y = x W; dW = +rate * mean_b (x^T y - W diag(y^2)); the bias stands still
    Information: the presynaptic rate, the unit's own response, the weight itself
    Shapes:      x (N, M, S) of all sources joined, W (N, S, U)
    Units:       rate^2 per unit of weight
    Exactness:   one unit on centred input tends to the first principal component at length 1; several units of one area
                 all do: sanger makes them differ
    Out:         none, and no error is heard
    Reference:   Oja (1982) J. Math. Biol. 15:267
    """

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x = meeting.presynaptic(self._circuit, area, moment)
            weight = meeting.joined(self._circuit, area, moment.weight)
            y = meeting.product(x, weight)
            decay = y.square().mean(dim=1, keepdim=True) * weight
            down |= meeting.parted(decay - meeting.mean_product(x, y), self._circuit, area, moment.weight)
        return down
