"""Credit by trying: drives are pushed at random, and the cost says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.disturbed import Drive, Pushed, Pushes, taught
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation
from models.specs.credit.perturbation import NodePerturbationSpec


@final
class NodePerturbation:
    """Every drive of the circuit is pushed at once, sample by sample; what the cost changed by is credit for the push.

    Update:      xi ~ N(0, 1) at every drive; L_b = (C_b(z + sigma xi) - C_b(z - sigma xi)) / (2 sigma), one-sided:
                 (C_b(z + sigma xi) - C_b(z)) / sigma; dW_l = -rate * mean_b x_{l-1}^T (L_b xi_l), a mean over `draws`
    Information: the presynaptic rate, its own push, and one number per sample that is the same for the whole circuit
    Shapes:      xi like drives, (N, B T, U) or (N, B T, maps, height, width), another for every sample and time step
    Units:       cost per unit of weight; sigma in units of drive
    Exactness:   the mean over pushes tends to the gradient as sigma -> 0; the variance of one grows with the number of
                 drives
    Out:         none: areas below belong into the circuit
    Reference:   Fiete & Seung (2006) Phys. Rev. Lett. 97:048104; Werfel, Xie & Seung (2005) Neural Comput. 17:2699
    """

    alone = True

    def __init__(self, spec: NodePerturbationSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
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

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """The credit of all pushes at the weights."""
        if judge is None:
            return {}
        credit: dict[Drive, Tensor] = {}
        for draw in range(self._spec.draws):
            for drive, each in self._tried(draw, moment, judge).items():
                credit[drive] = credit[drive] + each if drive in credit else each
        return taught(self._circuit, self._exact, credit, moment)

    @torch.no_grad()
    def _tried(self, number: int, moment: Moment, judge: Judge) -> dict[Drive, Tensor]:
        """What one push tells of every drive, per sample and mean over draws."""
        pushes = Pushes(moment.draw, number)

        def judged(side: float) -> Tensor:
            synapse = Pushed(self._exact, lambda drive, z: z + (side * self._spec.sigma) * pushes.drawn(drive, z))
            return judge.per_sample(moment.again(Variation(synapse=dict.fromkeys(self._circuit.areas, synapse))))

        if self._spec.antithetic:
            gain_NB = (judged(1.0) - judged(-1.0)) / (2.0 * self._spec.sigma)
        else:
            gain_NB = (judged(1.0) - judge.per_sample(moment)) / self._spec.sigma
        return pushes.credit(gain_NB / self._spec.draws)
