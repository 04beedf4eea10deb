"""Hebb's rule with a decay that holds its weights in bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch

from models.credit import meeting
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.hebbian import OjaSpec


@final
class Oja:
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

    alone = True

    def __init__(self, spec: OjaSpec, circuit: Circuit, exact: Synapse) -> None:
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def teaches(self, address: str) -> bool:
        """Weights."""
        return address.endswith("/weight")

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
