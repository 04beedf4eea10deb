"""Credit by trying: drives are pushed at random, and the cost says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.disturbed import Credited, Drive, Pushed
from models.draw import Draw
from models.protocols import Circuit, Judge, Moment, Params, Synapse, Variation
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
        return self._taught(credit, moment)

    @torch.no_grad()
    def _tried(self, number: int, moment: Moment, judge: Judge) -> dict[Drive, Tensor]:
        """What one push tells of every drive, per sample and mean over draws."""
        pushes: dict[Drive, Tensor] = {}

        def drawn(drive: Drive, z: Tensor) -> Tensor:
            if drive not in pushes:
                assert moment.draw.index_NB is not None
                steps = z.shape[1] // moment.draw.index_NB.shape[1]
                address = f"{drive[0]}/push/{drive[1]}/{number}"
                pushes[drive] = moment.draw.at("rule", address).normal(steps, *z.shape[2:]).reshape(z.shape)
            return pushes[drive]

        def judged(side: float) -> Tensor:
            synapse = Pushed(self._exact, lambda drive, z: (side * self._spec.sigma) * drawn(drive, z))
            return judge.per_sample(moment.again(Variation(synapse=dict.fromkeys(self._circuit.areas, synapse))))

        if self._spec.antithetic:
            gain_NB = (judged(1.0) - judged(-1.0)) / (2.0 * self._spec.sigma)
        else:
            gain_NB = (judged(1.0) - judge.per_sample(moment)) / self._spec.sigma
        gain_NB = gain_NB / (gain_NB.shape[1] * self._spec.draws)
        return {drive: _times(gain_NB, push) for drive, push in pushes.items()}

    def _taught(self, credit: Mapping[Drive, Tensor], moment: Moment) -> Params:
        """The directions of all weights whose drives have this credit."""
        inside = tuple(f"area/{area}/" for area in self._circuit.areas)
        leaves = {
            name: each.detach().requires_grad_() for name, each in moment.weight.items() if name.startswith(inside)
        }
        with torch.enable_grad():
            synapse = dict.fromkeys(self._circuit.areas, Credited(self._exact, credit.__getitem__))
            rates = moment.again(Variation(weight=leaves, synapse=synapse)).rate
            total = torch.stack([rates[area].sum() for area in self._circuit.areas]).sum()
            return dict(zip(leaves, torch.autograd.grad(total, list(leaves.values())), strict=True))


def _times(gain_NB: Tensor, push: Tensor) -> Tensor:
    """Each sample's pushes, at all its time steps, times its gain."""
    steps = push.shape[1] // gain_NB.shape[1]
    return gain_NB.repeat_interleave(steps, dim=1).reshape(*push.shape[:2], *[1] * (push.dim() - 2)) * push
