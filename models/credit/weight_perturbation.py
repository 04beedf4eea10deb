"""Credit by trying: weights are pushed at random, and the cost says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation
from models.specs.credit.perturbation import WeightPerturbationSpec


@final
class WeightPerturbation:
    """Every weight of the circuit is pushed at once, for the whole batch; what the cost changed by is credit.

    Update:      xi ~ N(0, 1) at every parameter; L = (C(W + sigma xi) - C(W - sigma xi)) / (2 sigma), C a mean over the
                 batch; dW = -rate * L xi, a mean over `draws`
    Information: its own push, and one number per batch that is the same for the whole circuit
    Shapes:      xi like the parameters, (N, ...); L (N,)
    Units:       cost per unit of weight; sigma in units of weight
    Exactness:   the mean over pushes tends to the gradient as sigma -> 0; the variance of one grows with the number of
                 weights, so it is slower than node_perturbation by about the inputs of a unit
    Out:         none: areas below belong into the circuit
    Reference:   Jabri & Flower (1992) IEEE Trans. Neural Netw. 3:154; Cauwenberghs (1993) NIPS 5:244; Werfel, Xie &
                 Seung (2005) Neural Comput. 17:2699
    """

    alone = True

    def __init__(self, spec: WeightPerturbationSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._inside = tuple(f"area/{area}/" for area in circuit.areas)
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def teaches(self, address: str) -> bool:
        """Everything."""
        return True

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """The credit of all pushes."""
        if judge is None:
            return {}
        weights = {name: each.detach() for name, each in moment.weight.items() if name.startswith(self._inside)}
        down: Params = {}
        for number in range(self._spec.draws):
            xi = {name: pushed(moment.draw, name, each, number) for name, each in weights.items()}
            gain_N = (self._judged(xi, 1.0, moment, judge) - self._judged(xi, -1.0, moment, judge)) / 2.0
            gain_N = gain_N / (self._spec.sigma * self._spec.draws)
            credit = {name: gain_N.reshape(-1, *[1] * (push.dim() - 1)) * push for name, push in xi.items()}
            down = {name: down[name] + each for name, each in credit.items()} if down else credit
        return down

    def _judged(self, xi: Params, side: float, moment: Moment, judge: Judge) -> Tensor:
        step = side * self._spec.sigma
        return judge(moment.again(Variation(weight={name: moment.weight[name] + step * xi[name] for name in xi})))


def pushed(draw: Draw, address: str, weight: Tensor, number: int) -> Tensor:
    """A push of a parameter, like the parameter: drawn once for the batch."""
    assert draw.index_NB is not None
    once = draw.indexed(draw.index_NB[:, :1]).at("rule", f"{address}/push/{number}")
    return once.normal(*weight.shape[1:]).squeeze(1)
