"""Feedback weights that grow like the forward weights, because both learn by the same product and forget alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from models.credit.aligned import Aligned, drawn, feedback_address
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.gradient import KolenPollackSpec


@final
class KolenPollack:
    """Errors go down through B; B takes the steps that W takes, and both decay, so that they become alike.

    Update:      g = x_{l-1}^T d_l; dW_l = -rate * (g + decay W_l); dB_l = -rate * (g + decay B_l);
                 d_{l-1} = (d_l B_l^T) * f'
    Information: the presynaptic rate and the error of its own area as B brings it: both ends of W and of B have both
    Shapes:      B like W, (N, S, U) or (N, out, in, k, k); at first N(0, 1 / fan_out)
    Units:       cost per unit of weight; decay in the same units per unit of weight
    Exactness:   B -> W, so in the limit the gradient of cost + decay |W|^2 / 2; by plain sgd exactly
                 W_t - B_t = (1 - rate decay)^t (W_0 - B_0); moments of adam or rmsprop differ for W and B and break it
    Out:         the error below the circuit, sent through B
    Reference:   Kolen & Pollack (1994) IEEE ICNN 3:1375; Akrout, Wilson, Humphreys, Lillicrap & Tweed (2019) NeurIPS
    """

    alone = False

    def __init__(self, spec: KolenPollackSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._areas = frozenset(circuit.areas)
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One B for every weight whose input carries an error; it learns."""
        return {feedback_address(weight): drawn(draw, weight, shape) for weight, shape in shapes.items()}, {}

    def synapse(self) -> Synapse:
        """The multiplication with feedback weights."""
        return Aligned(self._exact)

    def teaches(self, address: str) -> bool:
        """Everything."""
        return True

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Decay for every weight of the circuit, and the same step for B."""
        more: Params = {}
        for name, down in found.items():
            family, area, *_, last = name.split("/")
            if family != "area" or area not in self._areas or last != "weight":
                continue
            more[name] = down + self._spec.decay * moment.weight[name].detach()
            feedback = moment.own.get(feedback_address(name))
            if feedback is not None:
                more[feedback_address(name)] = down + self._spec.decay * feedback.detach()
        return more
