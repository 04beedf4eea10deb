"""Soft competition: who answers most learns what was seen, who answers too unlearns it a little."""

from __future__ import annotations

from typing import final

import torch
from torch.nn import functional

from models.credit import meeting
from models.crediting import Judge
from models.protocols import Moment, Params
from models.specs.credit.hebbian import SoftHebbSpec


@final
class SoftHebb(meeting.Meeting[SoftHebbSpec]):
    """Units share each input out by a softmax; the winner's weights turn towards it, those of the others away.

    Update:      x of length 1, u = x W, q = softmax(temperature u) over units, s_k = q_k for the largest u_k, else
                 -q_k; dW_k = +rate * eta_k mean_b s_k (x - u_k W_k)^T; eta_k = | |W_k| - 1 |^(1/2) for rate_rule norm,
                 1 for plain; the bias stands still; what the area passes on is its own act's, not q
    Information: the presynaptic rate, the unit's share of the area's response and whether it won, its own weights
    Shapes:      x (N, M, S) of all sources joined, of a convolution patch by patch; W (N, S, U); u, q (N, M, U)
    Units:       inputs and responses dimensionless
    Exactness:   weights tend to length 1 where s_k u_k is positive on the mean; for temperature -> infinity the winner
                 alone learns, and at length 1 goes the way of hard competition, x - W_k, less its part along W_k
    Out:         none, and no error is heard
    Reference:   Moraitis, Toichkin, Journe, Chua & Guo (2022) Neuromorph. Comput. Eng. 2:044017; Journe, Garcia
                 Rodriguez, Guo & Moraitis (2023) ICLR, whose code also divides each update by its largest entry
    """

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the growth, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x = meeting.unit_length(meeting.presynaptic(self._circuit, area, moment), dim=2)
            weight = meeting.joined(self._circuit, area, moment.weight)
            u = meeting.product(x, weight)
            share = torch.softmax(self._spec.temperature * u, dim=2)
            won = functional.one_hot(u.argmax(dim=2), u.shape[2]).bool()
            signed = torch.where(won, share, -share)
            change = (signed * u).mean(dim=1, keepdim=True) * weight - meeting.mean_product(x, signed)
            if self._spec.rate_rule == "norm":
                change = change * (meeting.lengths(weight) - 1.0).abs().sqrt()
            down |= meeting.parted(change, self._circuit, area, moment.weight)
        return down
