"""Credit by slopes that are carried forward, along random directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.autograd import forward_ad

from models.credit.disturbed import Drive, Pushed, Pushes, taught
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation
from models.specs.credit.perturbation import ForwardGradientSpec


@final
class ForwardGradient:
    """The slope of the cost along a random direction, computed forward with the activity, is credit for the direction.

    Update:      xi ~ N(0, 1); activity: L_b = <dC_b/dz, xi> over all drives of the circuit, dW_l = -rate * mean_b
                 x_{l-1}^T (L_b xi_l); weight: L = <dC/dW, xi> over all parameters, dW = -rate * L xi; means over draws
    Information: as node_perturbation or weight_perturbation, and the slope that every unit hands on with its rate
    Shapes:      xi like drives (N, B T, U), another for every sample and step, or like parameters (N, ...)
    Units:       cost per unit of weight
    Exactness:   unbiased: the mean over directions is the gradient; what node_perturbation tends to as sigma -> 0
    Out:         none: areas below belong into the circuit
    Reference:   Baydin, Pearlmutter, Syme, Wood & Torr (2022) arXiv:2202.08587; Ren, Kornblith, Liao & Hinton (2023)
                 ICLR
    """

    alone = True

    def __init__(self, spec: ForwardGradientSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
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

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """The credit of all directions."""
        if judge is None:
            return {}
        if self._spec.at == "weight":
            return self._along_weights(moment, judge)
        credit: dict[Drive, Tensor] = {}
        for number in range(self._spec.draws):
            for drive, each in self._along_drives(number, moment, judge).items():
                credit[drive] = credit[drive] + each if drive in credit else each
        return taught(self._circuit, self._exact, credit, moment)

    @torch.no_grad()
    def _along_drives(self, number: int, moment: Moment, judge: Judge) -> dict[Drive, Tensor]:
        pushes = Pushes(moment.draw, number)
        with forward_ad.dual_level():
            synapse = Pushed(self._exact, lambda drive, z: z + _direction(pushes.drawn(drive, z)))
            slope_NB = _slope(judge.per_sample(moment.again(Variation(synapse=self._everywhere(synapse), exact=True))))
        return pushes.credit(slope_NB / self._spec.draws)

    @torch.no_grad()
    def _along_weights(self, moment: Moment, judge: Judge) -> Params:
        assert moment.draw.index_NB is not None
        once = moment.draw.indexed(moment.draw.index_NB[:, :1])
        weights = {name: each.detach() for name, each in moment.weight.items() if name.startswith(self._inside)}
        down: Params = {}
        for number in range(self._spec.draws):
            xi = {
                name: once.at("rule", f"{name}/push/{number}").normal(*each.shape[1:]).squeeze(1)
                for name, each in weights.items()
            }
            with forward_ad.dual_level():
                along = {name: weights[name] + _direction(xi[name]) for name in weights}
                slope_N = _slope(judge(moment.again(Variation(weight=along, exact=True)))) / self._spec.draws
            credit = {name: slope_N.reshape(-1, *[1] * (each.dim() - 1)) * each for name, each in xi.items()}
            down = {name: down[name] + each for name, each in credit.items()} if down else credit
        return down

    def _everywhere(self, synapse: Synapse) -> dict[str, Synapse]:
        return dict.fromkeys(self._circuit.areas, synapse)


def _direction(xi: Tensor) -> Tensor:
    """0, with slope xi."""
    dual: Tensor = forward_ad.make_dual(torch.zeros_like(xi), xi)
    return dual


def _slope(value: Tensor) -> Tensor:
    slope: Tensor = forward_ad.unpack_dual(value).tangent
    return slope.clone()
