"""Hebb's rule: what fires together wires together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit import meeting
from models.crediting import Judge
from models.protocols import Moment, Params
from models.specs.credit.hebbian import HebbSpec


@final
class Hebb(meeting.Meeting[HebbSpec]):
    """Weights grow where both sides are active together, and are held in bounds from outside or by the response.

    Update:      y the unit's rate; dW = rate * sign * mean_b x^T y; norm l2: then each unit's weights W_u / |W_u|; norm
                 decay: dW = +rate * mean_b (sign x^T y - |y| W); the bias stands still
    Information: the presynaptic rate, the unit's own rate; l2: the length of the unit's weights; decay: the weight
    Shapes:      x (N, M, S) of all sources joined, y (N, M, U), W (N, S, U)
    Units:       rate^2 per unit of weight; decay: rate per unit of weight, for weights in units of rate
    Exactness:   a linear unit under l2 tends to the eigenvector of mean x^T x with the largest eigenvalue, under sign
                 -1 to that with the smallest; all units of an area alike. Under decay weights tend to
                 sign mean(x y) / mean |y|, no longer than the longest input. Under none and sign 1 they grow for ever
    Out:         none, and no error is heard
    Reference:   Hebb (1949) The Organization of Behavior; l2: von der Malsburg (1973) Kybernetik 14:85, there the sum;
                 decay: Grossberg (1976) Biol. Cybern. 23:121, there y >= 0
    """

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x, y = meeting.presynaptic(self._circuit, area, moment), meeting.postsynaptic(area, moment)
            change = meeting.mean_product(x, y) * -float(self._spec.sign)
            if self._spec.norm == "decay":
                weight = meeting.joined(self._circuit, area, moment.weight)
                change = change + y.abs().mean(dim=1, keepdim=True) * weight
            down |= meeting.parted(change, self._circuit, area, moment.weight)
        return down

    def bound(self, value: Mapping[str, Tensor]) -> Params:
        """Weights of length one, under l2."""
        if self._spec.norm != "l2":
            return {}
        bounded: Params = {}
        for area in self._circuit.areas:
            weight = meeting.unit_length(meeting.joined(self._circuit, area, value), dim=1)
            bounded |= meeting.parted(weight, self._circuit, area, value)
        return bounded
