"""Activities settle between what comes from below and what is wanted above; weights learn the errors that remain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.targets import PredictiveCodingSpec


@final
class PredictiveCoding:
    """Areas below the output settle to lower prediction errors and cost together; then each weight lowers what is left.

    Update:      F = sum_l precision |z_l - mu_l|^2 / 2 + C(mu_L), mu_l = f(z_{l-1} W_l + b_l); from the feed-forward
                 state `steps` times z <- z - rate dF/dz, then dW = -rate_W * dF/dW, batch means. fixed: mu, f' and the
                 output error stay those of the feed-forward state. error: e_l with z_l = mu_l + e_l settles instead
                 of z_l, and -e_l / rate is what mu_l is asked for
    Information: the activity of the area below, the error of its own area; settling sends errors one area per step
    Shapes:      z like rates, (N, B, T, U); no parameters of its own
    Units:       F in units of cost; energies are summed over the batch while settling
    Exactness:   fixed with rate 1 and as many steps as areas below the output is the gradient; strict tends to its
                 direction as rate -> 0 where steps >= areas, error with one step; in between it differs, as is meant.
                 Below .01 strict loses the errors of low areas in the rounding of float32
    Out:         dF/dx: the prediction error of the lowest area through its weights
    Reference:   Whittington & Bogacz (2017) Neural Comput. 29:1229; Millidge, Tschantz & Buckley (2022) Neural
                 Comput. 34:1329; Salvatori et al. (2024) ICLR
    """

    cuts = True

    def __init__(self, spec: PredictiveCodingSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._areas = circuit.areas
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """A value whose gradient is what the settled circuit asks for."""
        with torch.enable_grad():
            match self._spec.variant:
                case "strict":
                    return self._energy(self._settled(judge, _still(moment)), judge, moment)
                case "fixed":
                    state = [moment.rate[area].detach() for area in self._areas[:-1]]
                    return self._asked(state, self._fixed(judge, _still(moment)), judge, moment)
                case "error":
                    state, errors = self._errors(judge, _still(moment))
                    return self._asked(state, [each * (-1.0 / self._spec.rate) for each in errors], judge, moment)

    def _predicted(self, state: list[Tensor], moment: Moment) -> list[Tensor]:
        """What each area is told by the one below it, mu_1 to mu_L."""
        below = [{}, *({area: z} for area, z in zip(self._areas, state, strict=False))]
        return [
            moment.apply(area, {**moment.inputs[area], **given}) for area, given in zip(self._areas, below, strict=True)
        ]

    def _at_end(self, output: Tensor, judge: Judge, moment: Moment) -> Tensor:
        return judge(replace(moment, rate={**moment.rate, self._areas[-1]: output}))

    def _energy(self, state: list[Tensor], judge: Judge, moment: Moment) -> Tensor:
        """F (N,), a mean over batch and time."""
        *predicted, output = self._predicted(state, moment)
        total = self._at_end(output, judge, moment)
        for z, mu in zip(state, predicted, strict=True):
            total = total + (0.5 * self._spec.precision) * _mean((z - mu).square())
        return total

    def _settled(self, judge: Judge, moment: Moment) -> list[Tensor]:
        """The activities after all steps."""
        state = [moment.rate[area].detach() for area in self._areas[:-1]]
        for _ in range(self._spec.steps):
            state = _lowered(state, lambda leaves: self._energy(leaves, judge, moment), self._spec.rate)
        return state

    def _fixed(self, judge: Judge, moment: Moment) -> list[Tensor]:
        """What each area below the output is asked for, after steps that keep the feed-forward state."""
        leaves = [moment.rate[area].detach().requires_grad_() for area in self._areas[:-1]]
        if not leaves:
            return []
        _, *predicted, output = self._predicted(leaves, moment)
        items = output.shape[1] * output.shape[2]
        (top,) = torch.autograd.grad(self._at_end(output, judge, moment).sum(), leaves[-1:])
        errors = [torch.zeros_like(leaf) for leaf in leaves]
        for _ in range(self._spec.steps):
            pulls = [
                torch.autograd.grad(mu, leaf, self._spec.precision * error, retain_graph=True)[0]
                for leaf, mu, error in zip(leaves, predicted, errors[1:], strict=False)
            ]
            pulls.append(-items * top)
            errors = [
                error + self._spec.rate * (pull - self._spec.precision * error)
                for error, pull in zip(errors, pulls, strict=True)
            ]
        return [-self._spec.precision * error for error in errors]

    def _errors(self, judge: Judge, moment: Moment) -> tuple[list[Tensor], list[Tensor]]:
        """Activities and errors after all steps in terms of errors."""
        errors = [torch.zeros_like(moment.rate[area]) for area in self._areas[:-1]]
        for _ in range(self._spec.steps):
            errors = _lowered(errors, lambda leaves: self._energy_of(leaves, judge, moment), self._spec.rate)
        with torch.no_grad():
            return self._run(errors, moment)[0], errors

    def _run(self, errors: list[Tensor], moment: Moment) -> tuple[list[Tensor], Tensor]:
        """Activities z_l = mu_l + e_l, and the output."""
        state: list[Tensor] = []
        given: Mapping[str, Tensor] = {}
        for area, error in zip(self._areas, errors, strict=False):
            state.append(moment.apply(area, {**moment.inputs[area], **given}) + error)
            given = {area: state[-1]}
        end = self._areas[-1]
        return state, moment.apply(end, {**moment.inputs[end], **given})

    def _energy_of(self, errors: list[Tensor], judge: Judge, moment: Moment) -> Tensor:
        total = self._at_end(self._run(errors, moment)[1], judge, moment)
        for error in errors:
            total = total + (0.5 * self._spec.precision) * _mean(error.square())
        return total

    def _asked(self, state: list[Tensor], asks: list[Tensor], judge: Judge, moment: Moment) -> Tensor:
        """A value whose gradient at each prediction is what is asked for there, per item."""
        *predicted, output = self._predicted(state, moment)
        total = self._at_end(output, judge, moment)
        for ask, mu in zip(asks, predicted, strict=True):
            total = total + _mean(ask * mu)
        return total


def _still(moment: Moment) -> Moment:
    """The moment with inputs that carry no error, for settling."""
    inputs = {area: {source: x.detach() for source, x in given.items()} for area, given in moment.inputs.items()}
    return replace(moment, inputs=inputs)


def _mean(each: Tensor) -> Tensor:
    """Summed over units, a mean over batch and time: (N,)."""
    return each.flatten(3).sum(dim=3).mean(dim=(1, 2))


def _lowered(state: list[Tensor], energy: Callable[[list[Tensor]], Tensor], rate: float) -> list[Tensor]:
    """One step down the energy, which is summed over the batch."""
    if not state:
        return []
    leaves = [each.detach().requires_grad_() for each in state]
    items = leaves[0].shape[1] * leaves[0].shape[2]
    slopes = torch.autograd.grad(energy(leaves).sum(), leaves)
    return [leaf.detach() - (rate * items) * slope for leaf, slope in zip(leaves, slopes, strict=True)]
