"""One update of a cohort: batch, forward pass, costs, errors, movement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.costs import build_cost
from models.draw import Draw
from models.engine.acting import Arena
from models.engine.cohort import Cohort, address_of_size
from models.engine.feed import Feed
from models.engine.flow import Flow, Group, Plan, owner_of
from models.engine.gates import Gates
from models.engine.judging import Judged, target_of
from models.engine.knobs import KnobBoard
from models.engine.mixture import build_stream
from models.engine.optimizer import Optimizer
from models.engine.organism import Organism, Wiring
from models.protocols import Batch, Choice, Cost, Moment, Params, Remembers, SampleCost
from models.specs.regime import RegimeSpec
from models.specs.series import NORMS_EVERY
from models.specs.transforms import OnOrganism
from models.specs.worlds.acting import ActingSource

SIZE_UPDATES = 100
"""Over about so many updates goes the running mean of a cost's size."""
_LEAST_SIZE = 1e-8


@dataclass(frozen=True, eq=False)
class Row:
    """What one update says: under its plan, the live costs and then the norms of the moved parameters."""

    offset: int
    """Updates done after it."""
    plan: Plan
    values: Tensor
    """(live costs + moved parameters, N)."""
    norms: Tensor | None
    """Of the gradients of moved parameters, then of the areas' weights after the update, then how far areas that
    settle were from rest (all, N); at a cadence."""


class Training:
    """A cohort under a regime, ready to be updated."""

    def __init__(self, cohort: Cohort, regime: RegimeSpec) -> None:
        self.cohort = cohort
        self.regime = regime
        self.organism = Organism(regime.organism)
        self.stream = build_stream(regime.world, regime.organism.senses, _of_senses(regime), regime.sweeps)
        cohort.shown.setdefault(self.stream.digest, np.zeros(len(cohort.seeds), dtype=np.int64))
        self.feed = Feed(self.stream, cohort.seeds, regime.batch)
        acts = isinstance(regime.world.source, ActingSource)
        self.arena = Arena(cohort, self.stream, self.organism, regime.batch) if acts else None
        self.costs = {
            name: build_cost(name, each.cost, tuple(regime.organism.senses)) for name, each in regime.costs.items()
        }
        self.knobs = KnobBoard(regime)
        self.gates = Gates(cohort, regime)
        self.optimizer = Optimizer(cohort, regime.organism, {name: each.cost.at for name, each in regime.costs.items()})
        self.flow = Flow(cohort, regime, self.optimizer, self.organism.circuits)
        self.movable: Params = {**cohort.params, **cohort.learned}
        members = (*self.organism.areas.values(), *self.costs.values(), *self.organism.circuits.remembers)
        self._moved: tuple[Plan, list[Tensor]] | None = None
        self._remembering = [each for each in members if isinstance(each, Remembers)]

    @property
    def own(self) -> Params:
        """State of costs and rules; acts may have added to it."""
        return {**self.cohort.own, **self.cohort.learned}

    @property
    def change(self) -> Params:
        """Area -> norm (N,) of what the last update changed of its parameters; empty before the first."""
        if self._moved is None:
            return {}
        plan, norms = self._moved
        squares = {area: torch.zeros(len(self.cohort.seeds)) for area in self.regime.organism.areas}
        for name, norm_N in zip(plan.form.moves, norms, strict=True):
            family, owner = name.split("/")[:2]
            if family == "area":
                squares[owner] = squares[owner] + norm_N.square()
        rates = zip(squares.items(), torch.from_numpy(plan.knobs.rate_AN), strict=True)
        return {area: square_N.sqrt() * rate_N for (area, square_N), rate_N in rates}

    def update(self) -> Row:
        """One update of all lives that are alive."""
        cohort = self.cohort
        plan = self.flow.plan(self.knobs.at(cohort.offset, cohort.age_N, self.gates.told()))
        batch, draw, wiring = self._fed(plan)
        moment = self.organism.run(cohort.params, self.own, batch, draw, wiring)
        live = zip(plan.form.live, plan.form.only, strict=True)
        values = [_value(self.costs[name], moment, only_N) for name, only_N in live]
        grads = self._steered(plan, moment, values, self._descent(plan, moment, values))
        residuals = [] if cohort.offset % NORMS_EVERY else self.organism.circuits.residuals(moment)
        with torch.no_grad():
            norms = self.optimizer.update(plan.mover, grads)
            self._moved = (plan, norms)
            self._bound(plan)
            self._remember(plan, moment)
            self._resize(plan, values)
            self._advance(plan)
            rows = [*values, *norms]
            said = torch.stack(rows) if rows else torch.empty(0, len(cohort.seeds))
            return Row(cohort.offset, plan, said, self._norms(grads, plan, residuals))

    def _fed(self, plan: Plan) -> tuple[Batch, Draw, Wiring]:
        """The next batch, what is shown or what comes of acting, and how it is gone through."""
        shown_N = self.cohort.shown[self.stream.digest]
        if self.arena is not None:
            return self.arena.next(shown_N, plan.strengths, plan.wiring)
        stage_sp = self.regime.stage_origin_sp + self.cohort.offset * self.regime.batch
        return *self.feed.next(shown_N, plan.strengths, stage_sp), plan.wiring

    def _norms(self, grads: Params, plan: Plan, residuals: list[Tensor]) -> Tensor | None:
        """Norms at the first update and at every tenth after it: they are for looking at, and must cost nothing."""
        if (self.cohort.offset - 1) % NORMS_EVERY:
            return None
        params = self.cohort.params
        each = [*(grads[name] for name in plan.form.moves), *(params[name] for name in weights(params))]
        norms = [torch.linalg.vector_norm(one.flatten(1), dim=1) for one in each]
        told = [*norms, *residuals]
        return torch.stack(told) if told else torch.empty(0, len(self.cohort.seeds))

    def _descent(self, plan: Plan, moment: Moment, values: list[Tensor]) -> Params:
        """Direction of every parameter that moves; each life's is its own."""
        grads: Params = {}
        for group in plan.form.groups:
            outputs, weights = self._objectives(plan, group, moment, values)
            last = group is plan.form.groups[-1]
            moved = [self.movable[name] for name in group.names]
            # A cost of weights reaches no bias: what an error does not depend on has gradient 0.
            found = torch.autograd.grad(outputs, moved, weights, retain_graph=not last, materialize_grads=True)
            for name, grad in zip(group.names, found, strict=True):
                grads[name] = grads[name] + grad if name in grads else grad
        return grads

    def _objectives(
        self, plan: Plan, group: Group, moment: Moment, values: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What goes back for a group of costs, and with which weights (N,)."""
        circuits = self.organism.circuits
        if not circuits.aims:
            weights = [self._weight(plan, cost, values[cost]) for cost in group.costs]
            return [values[cost] for cost in group.costs], weights
        return circuits.objectives([self._judged(plan, cost, values[cost]) for cost in group.costs], moment)

    def _steered(self, plan: Plan, moment: Moment, values: list[Tensor], found: Params) -> Params:
        """The directions after rules that steer had their say."""
        circuits = self.organism.circuits
        if not circuits.steering:
            return found
        judged = [self._judged(plan, cost, value) for cost, value in enumerate(values)]
        return circuits.steered(found, judged, moment, plan.form.moves)

    def _judged(self, plan: Plan, cost: int, value: Tensor) -> Judged:
        """A live cost as it goes back."""
        name, only_N = plan.form.live[cost], plan.form.only[cost]
        member, spec = self.costs[name], self.regime.costs[name].cost

        def again(moment: Moment) -> Tensor:
            return _value(member, moment, only_N)

        def per_sample(moment: Moment) -> Tensor:
            return _per_sample(member, moment, only_N)

        upstream, reach, weight_N = spec.scope == "upstream", self.flow.reach[name], self._weight(plan, cost, value)
        return Judged(spec.at, upstream, reach, value, again, per_sample, partial(target_of, member), weight_N)

    def _weight(self, plan: Plan, cost: int, value: Tensor) -> Tensor:
        """Weight (N,) of a live cost, over its running size where it asks for that; over its own at first."""
        name = plan.form.live[cost]
        if self.regime.costs[name].cost.normalise == "none":
            return plan.weights[cost]
        return plan.weights[cost] / self._size(name, value).clamp(min=_LEAST_SIZE)

    def _size(self, name: str, value: Tensor) -> Tensor:
        kept = self.cohort.own[address_of_size(name)]
        return torch.where(kept > 0, kept, value.detach().abs())

    def _resize(self, plan: Plan, values: list[Tensor]) -> None:
        """Running sizes move on, for the lives for which the cost weighs."""
        for name, only_N, value in zip(plan.form.live, plan.form.only, values, strict=True):
            if self.regime.costs[name].cost.normalise == "running":
                size_N = self._size(name, value)
                moved_N = size_N + (value.detach().abs() - size_N) / SIZE_UPDATES
                alive_N = torch.from_numpy(plan.form.alive_N)
                _put(self.cohort.own[address_of_size(name)], moved_N, alive_N if only_N is None else alive_N & only_N)

    def _bound(self, plan: Plan) -> None:
        """What moved is put back where its rule wants it, for the lives for which it moved."""
        for rule in self.organism.circuits.bounds:
            for address, value in rule.bound(self.movable).items():
                lives = plan.form.moves.get(address)
                if lives is not None:
                    _put(self.movable[address], value, torch.from_numpy(lives))

    def _remember(self, plan: Plan, moment: Moment) -> None:
        """Unlearned state moves on, for the lives that learn by what it belongs to."""
        if not self._remembering:
            return
        areas = self.regime.organism.areas
        pace = zip(areas, torch.from_numpy(plan.knobs.plasticity_AN.astype(np.float32)), strict=True)
        moment = replace(moment, pace=dict(pace))
        for member in self._remembering:
            for address, value in member.remember(moment).items():
                lives = plan.form.remembers.get(owner_of(address))
                if lives is not None:
                    _put(self.own[address], value, lives)

    def _advance(self, plan: Plan) -> None:
        """Ages, positions and offsets move on."""
        cohort, alive = self.cohort, plan.form.alive_N
        shown = self.regime.batch * alive
        cohort.age_N += shown
        cohort.shown[self.stream.digest] += shown
        cohort.offset += 1
        np.copyto(cohort.offset_N, cohort.offset, where=alive)


def _put(state: Tensor, value: Tensor, lives_N: Tensor) -> None:
    """The value in the place of the state, for these lives."""
    shape = (-1, *[1] * (state.dim() - 1))
    state.copy_(value if lives_N.all() else torch.where(lives_N.reshape(shape), value, state))


def weights(params: Params) -> list[str]:
    """Parameters that weigh an input; biases and gains are left out."""
    return [name for name in params if name.endswith("/weight")]


class _Gate(torch.autograd.Function):
    """x forward; backward the error of some lives only, whatever the others' is."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, only_N: Tensor) -> Tensor:
        ctx.save_for_backward(only_N)
        return x.view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        (only_N,) = ctx.saved_tensors
        return torch.where(only_N.reshape(-1, *[1] * (g.dim() - 1)), g, 0.0), None


def _value(cost: Cost, moment: Moment, only_N: Tensor | None) -> Tensor:
    """Value (N,); where a cost weighs for some lives only, the others get no error, not even 0 times infinity."""
    if only_N is None:
        return cost(moment)

    def gate(x: Tensor) -> Tensor:
        return _Gate.apply(x, only_N) if x.requires_grad else x  # type: ignore[no-untyped-call]

    def choice(area: str) -> Choice:
        logits, chosen = moment.choice(area)
        return gate(logits), chosen

    gated = replace(
        moment,
        rate={name: gate(rate) for name, rate in moment.rate.items()},
        weight={name: gate(weight) for name, weight in moment.weight.items()},
        inputs={area: {name: gate(rate) for name, rate in given.items()} for area, given in moment.inputs.items()},
        apply=lambda area, given: gate(moment.apply(area, given)),
        choice=choice,
    )
    return cost(gated)


def _per_sample(cost: Cost, moment: Moment, only_N: Tensor | None) -> Tensor:
    """Values (N, B), 0 for lives for which the cost does not weigh."""
    assert isinstance(cost, SampleCost)
    value = cost.per_sample(moment)
    return value if only_N is None else torch.where(only_N[:, None], value, 0.0)


def _of_senses(regime: RegimeSpec) -> dict[str, Any]:
    """Deficits that change what senses receive."""
    named = {name: each.transform for name, each in regime.deficits.items()}
    return {name: transform for name, transform in named.items() if not isinstance(transform, OnOrganism)}
