"""Hard competition: who is nearest to what is seen moves towards it."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.credit import meeting
from models.crediting import Judge
from models.protocols import Moment, Params
from models.specs.credit.hebbian import CompetitiveSpec


@final
class Competitive(meeting.Meeting[CompetitiveSpec]):
    """The units nearest to an input win it and move towards it; the others stand still.

    Update:      d_k = |x - W_k|; dW_k = rate * mean_b [k wins] (x - W_k); hard: the unit with the least d wins; k_wta:
                 the `k` units with the least d do; the bias stands still; what the area passes on is its own act's;
                 foldiak: dW_k = rate * mean_b y_k (x - W_k), y settled among units that learn to silence each other
    Information: the presynaptic rate, the unit's own weights, and who won
    Shapes:      x (N, M, S) of all sources joined, W (N, S, U), d (N, M, U)
    Units:       weights in units of the input
    Exactness:   hard: at rest each unit is the mean of what it wins, as in k-means; units that never win stay where
                 they were born
    Out:         none, and no error is heard
    Reference:   Rumelhart & Zipser (1985) Cogn. Sci. 9:75; k_wta: Majani, Erlanson & Abu-Mostafa (1988) NeurIPS 1:634
    """

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Minus the way of the winners, for every area of the circuit."""
        down: Params = {}
        for area in self._circuit.areas:
            x = meeting.presynaptic(self._circuit, area, moment)
            weight = meeting.joined(self._circuit, area, moment.weight)
            share = self._won(meeting.distances(x, weight)).to(x.dtype)
            down |= meeting.parted(meeting.approach(x, weight, share), self._circuit, area, moment.weight)
        return down

    def _won(self, distance_NMU: Tensor) -> Tensor:
        """1 where a unit won, else 0."""
        units = distance_NMU.shape[2]
        if self._spec.variant == "hard":
            return functional.one_hot(distance_NMU.argmin(dim=2), units)
        nearest = distance_NMU.argsort(dim=2, stable=True)[:, :, : self._spec.k]
        return functional.one_hot(nearest, units).sum(dim=2)
