"""Activities settle between what comes from below and what is wanted above; weights learn the errors that remain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.targets import PredictiveCodingSpec

State = dict[str, Tensor]
"""Of every area below the output, in graph order: activities, errors, or what is asked for, (N, B, T, ...)."""


@final
class PredictiveCoding:
    """Areas below the output settle to lower prediction errors and cost together; then each weight lowers what is left.

    Update:      F = sum_l precision |z_l - mu_l|^2 / 2 + C(mu_L), mu_l = f(sum_k z_k W_kl + b_l) from all areas k below
                 l; from the feed-forward state `steps` times z <- z - rate dF/dz, then dW = -rate_W * dF/dW, batch
                 means. incremental: dF/dW is the mean of those after every step. fixed: mu, f' and the output error
                 stay those of the feed-forward state. error: e_l with z_l = mu_l + e_l settles instead of z_l, and
                 -e_l / rate is what mu_l is asked for
    Information: the activity of the area below, the error of its own area; settling sends errors one area per step
    Shapes:      z like rates, (N, B, T, U); no parameters of its own
    Units:       F in units of cost; energies are summed over the batch while settling
    Exactness:   fixed with rate 1 and as many steps as areas on the longest way below the output is the gradient;
                 strict tends to its direction as rate -> 0 where there are as many steps, error with one step; in
                 between they differ, as is meant. Below .01 strict loses the errors of low areas in the rounding of
                 float32
    Out:         dF/dx: the prediction error of the lowest area through its weights
    Reference:   Whittington & Bogacz (2017) Neural Comput. 29:1229; Millidge, Tschantz & Buckley (2022) Neural
                 Comput. 34:1329; incremental: Salvatori et al. (2024) ICLR, where weights move between two steps;
                 here what all steps ask for moves them at the end
    """

    cuts = True

    def __init__(self, spec: PredictiveCodingSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        *below, self._end = circuit.areas
        self._below = tuple(below)
        self._sources = circuit.sources
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
                    *_, settled = self._settling(judge, _still(moment))
                    return self._energy(settled, judge, moment)
                case "incremental":
                    *states, last = self._settling(judge, _still(moment))
                    total = self._energy(last, judge, moment)
                    for state in states:
                        total = total + self._energy(state, judge, moment)
                    return total / self._spec.steps
                case "fixed":
                    return self._asked(self._rates(moment), self._fixed(judge, _still(moment)), judge, moment)
                case "error":
                    state, errors = self._errors(judge, _still(moment))
                    asks = {area: each * (-1.0 / self._spec.rate) for area, each in errors.items()}
                    return self._asked(state, asks, judge, moment)

    def _rates(self, moment: Moment) -> State:
        """The feed-forward state below the output."""
        return {area: moment.rate[area].detach() for area in self._below}

    def _told(self, area: str, state: State, moment: Moment) -> Tensor:
        """What an area is told by those below it in some state."""
        known = {source: state[source] for source in self._sources[area] if source in state}
        return moment.apply(area, {**moment.inputs[area], **known})

    def _at_end(self, state: State, judge: Judge, moment: Moment) -> Tensor:
        output = self._told(self._end, state, moment)
        return judge(replace(moment, rate={**moment.rate, self._end: output}))

    def _energy(self, state: State, judge: Judge, moment: Moment) -> Tensor:
        """F (N,), a mean over batch and time."""
        predicted = {area: self._told(area, state, moment) for area in self._below}
        total = self._at_end(state, judge, moment)
        for area, mu in predicted.items():
            total = total + (0.5 * self._spec.precision) * _mean((state[area] - mu).square())
        return total

    def _settling(self, judge: Judge, moment: Moment) -> Iterator[State]:
        """The activities after every step."""
        state = self._rates(moment)
        for _ in range(self._spec.steps):
            state = _lowered(state, lambda leaves: self._energy(leaves, judge, moment), self._spec.rate)
            yield state

    def _fixed(self, judge: Judge, moment: Moment) -> State:
        """What each area below the output is asked for, after steps that keep the feed-forward state."""
        leaves = {area: rate.requires_grad_() for area, rate in self._rates(moment).items()}
        if not leaves:
            return {}
        told = {area: self._told(area, leaves, moment) for area in self._below}
        reached = [area for area, mu in told.items() if mu.requires_grad]
        value = self._at_end(leaves, judge, moment).sum()
        items = next(iter(leaves.values())).shape[1:3].numel()
        top = [None if each is None else each * -items for each in _gradients([value], leaves)]
        errors = {area: torch.zeros_like(leaf) for area, leaf in leaves.items()}
        for _ in range(self._spec.steps):
            asked = [self._spec.precision * errors[area] for area in reached]
            pulls = _gradients([told[area] for area in reached], leaves, asked) if reached else [None] * len(leaves)
            for (area, error), *both in zip(errors.items(), pulls, top, strict=True):
                pull = sum((each for each in both if each is not None), -self._spec.precision * error)
                errors[area] = error + self._spec.rate * pull
        return {area: -self._spec.precision * error for area, error in errors.items()}

    def _errors(self, judge: Judge, moment: Moment) -> tuple[State, State]:
        """Activities and errors after all steps in terms of errors."""
        errors = {area: torch.zeros_like(rate) for area, rate in self._rates(moment).items()}
        for _ in range(self._spec.steps):
            errors = _lowered(errors, lambda leaves: self._energy_of(leaves, judge, moment), self._spec.rate)
        with torch.no_grad():
            return self._run(errors, moment), errors

    def _run(self, errors: State, moment: Moment) -> State:
        """Activities z_l = mu_l + e_l."""
        state: State = {}
        for area, error in errors.items():
            state[area] = self._told(area, state, moment) + error
        return state

    def _energy_of(self, errors: State, judge: Judge, moment: Moment) -> Tensor:
        total = self._at_end(self._run(errors, moment), judge, moment)
        for error in errors.values():
            total = total + (0.5 * self._spec.precision) * _mean(error.square())
        return total

    def _asked(self, state: State, asks: State, judge: Judge, moment: Moment) -> Tensor:
        """A value whose gradient at each prediction is what is asked for there, per item."""
        total = self._at_end(state, judge, moment)
        for area, ask in asks.items():
            total = total + _mean(ask * self._told(area, state, moment))
        return total


def _still(moment: Moment) -> Moment:
    """The moment with inputs that carry no error, for settling."""
    inputs = {area: {source: x.detach() for source, x in given.items()} for area, given in moment.inputs.items()}
    return replace(moment, inputs=inputs)


def _mean(each: Tensor) -> Tensor:
    """Summed over units, a mean over batch and time: (N,)."""
    return each.flatten(3).sum(dim=3).mean(dim=(1, 2))


def _gradients(values: list[Tensor], leaves: State, by: list[Tensor] | None = None) -> list[Tensor | None]:
    """Gradients at leaves, None where a value does not depend on one; the graph is kept."""
    found = torch.autograd.grad(values, list(leaves.values()), by, retain_graph=True, allow_unused=True)
    return list(found)


def _lowered(state: State, energy: Callable[[State], Tensor], rate: float) -> State:
    """One step down the energy, which is summed over the batch."""
    if not state:
        return {}
    leaves = {area: each.detach().requires_grad_() for area, each in state.items()}
    items = next(iter(leaves.values())).shape[1:3].numel()
    slopes = torch.autograd.grad(energy(leaves).sum(), list(leaves.values()))
    return {
        area: leaf.detach() - (rate * items) * slope for (area, leaf), slope in zip(leaves.items(), slopes, strict=True)
    }
