"""Where errors go: which costs are live, which pathways stay closed, which parameters move for which life.

Costs are grouped so that an area's own local costs never leak below it. The grouping follows from the regime alone:
were it to follow from what is plastic at the moment, a life's rounding would depend on its companions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from models.engine.circuit import Circuits
from models.engine.cohort import Cohort, Flags
from models.engine.context import Context, Reset
from models.engine.knobs import Knobs, Numbers
from models.engine.optimizer import Mover, Optimizer
from models.engine.organism import Wiring
from models.specs.envelopes import is_zero
from models.specs.organism import OrganismSpec
from models.specs.reach import carries, carrying_pathways, closed_pathways, learns_freely, reaches
from models.specs.regime import RegimeSpec
from models.specs.transforms.organism import BiasErrorSpec, CutPathwaySpec, LesionSpec, ResetContextSpec


@dataclass(frozen=True)
class Group:
    """Costs whose errors go back together, and the parameters they move."""

    costs: tuple[int, ...]
    """Positions among the live costs."""
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Form:
    """What an update computes whatever the numbers are; the same object as long as the same things are live."""

    alive_N: Flags
    live: tuple[str, ...]
    """Costs that weigh for some life."""
    only: tuple[Tensor | None, ...]
    """Lives for which each live cost weighs; None: all that learn."""
    moves: Mapping[str, Flags]
    """Parameter -> lives for which it moves; parameters that move for none are left out."""
    groups: tuple[Group, ...]
    closed: frozenset[str]
    remembers: Mapping[str, Tensor]
    """Owner of unlearned state -> lives (N,) for which it moves on; those for which it stands still are left out."""


@dataclass(frozen=True, eq=False)
class Plan:
    """One update's form and numbers."""

    form: Form
    knobs: Knobs
    """As they were turned, but for costs that are withdrawn."""
    weights: tuple[Tensor, ...]
    """Weight (N,) of each live cost."""
    wiring: Wiring
    strengths: Mapping[str, Tensor]
    mover: Mover


@dataclass(frozen=True, eq=False)
class Harm:
    """What live deficits do, where they do anything for some life."""

    silent_AN: Flags
    """Lives whose area is lesioned whole."""
    kept: dict[str, Tensor] = field(default_factory=dict)
    """Pathway -> share (N,) of its messages that gets through."""
    strengths: dict[str, Tensor] = field(default_factory=dict)
    """Deficit of senses -> strength (N,)."""
    heard: dict[str, Tensor] = field(default_factory=dict)
    """Area -> share (N,) of its activity that is heard."""
    pushes: dict[str, Tensor] = field(default_factory=dict)
    """Area -> what is added (N,) to its errors."""
    contexts: dict[str, tuple[Reset, ...]] = field(default_factory=dict)
    """Area -> what takes away of its state."""


class Flow:
    """Plans for a cohort under a regime."""

    def __init__(self, cohort: Cohort, regime: RegimeSpec, optimizer: Optimizer, circuits: Circuits) -> None:
        self._cohort = cohort
        self._regime = regime
        self._optimizer = optimizer
        self._circuits = circuits
        self._areas = tuple(regime.organism.areas)
        self._free = frozenset(area for area in self._areas if learns_freely(regime.organism, area))
        self._costs = {name: weighted.cost for name, weighted in regime.costs.items()}
        self.reach = {name: reaches(regime.organism, cost) for name, cost in self._costs.items()}
        self._alone = frozenset(name for name in self._costs if _needs_own_walk(regime, name))
        self._names = {
            area: sorted(each for each in cohort.params if _within(each, "area", area)) + self._states(area)
            for area in self._areas
        }
        self._heads = {
            cost: sorted(each for each in cohort.learned if _within(each, "cost", cost)) for cost in self._costs
        }
        self._deficits_by_name = sorted(enumerate(regime.deficits.items()), key=lambda each: each[1][0])
        self._row = {name: self._areas.index(self._area_of(name)) for name in optimizer.names}
        self._judged = np.array([self._areas.index(cost.at) for cost in self._costs.values()], dtype=np.int64)
        self._form_key: bytes | None = None
        self._form: Form | None = None
        self._turned: Knobs | None = None
        self._last: Plan | None = None

    def plan(self, knobs: Knobs) -> Plan:
        """The plan for these knobs; the last one if nothing changed."""
        last, alive = self._last, self._cohort.alive_N
        if last is None or self._turned is not knobs or last.form.alive_N.tobytes() != alive.tobytes():
            self._turned, last = knobs, self._plan(knobs, alive)
            self._last = last
        return last

    def _plan(self, knobs: Knobs, alive_N: Flags) -> Plan:
        harm = self._deficits(knobs, alive_N)
        if harm.silent_AN.any():  # what judges the silent is withdrawn: its errors would teach those below
            knobs = replace(knobs, weight_CN=np.where(harm.silent_AN[self._judged], 0.0, knobs.weight_CN))
        able = replace(knobs, rate_AN=np.where(harm.silent_AN, 0.0, knobs.rate_AN))
        form = self._formed(able, alive_N, harm.kept)
        rows = dict(zip(self._costs, knobs.weight_CN.astype(np.float32), strict=True))
        rates = {name: self._rate(name, able) for name in form.moves}
        return Plan(
            form,
            knobs,
            tuple(torch.from_numpy(rows[name]) for name in form.live),
            Wiring(form.closed, harm.kept or None, harm.heard, self._pushes(harm, knobs), contexts=harm.contexts),
            harm.strengths,
            self._optimizer.mover(form.moves, rates),
        )

    def _formed(self, knobs: Knobs, alive_N: Flags, kept: Mapping[str, Tensor]) -> Form:
        """The form, made anew only when something became or ceased to be 0."""
        patterns = [
            alive_N,
            knobs.weight_CN > 0,
            knobs.rate_AN > 0,
            knobs.plasticity_AN > 0,
            *((each > 0).numpy() for each in kept.values()),
        ]
        key = b"".join(each.tobytes() for each in patterns) + "\0".join(kept).encode()
        if self._form is None or key != self._form_key:
            self._form_key, self._form = key, self._new_form(knobs, alive_N.copy(), kept)
        return self._form

    def _new_form(self, knobs: Knobs, alive_N: Flags, kept: Mapping[str, Tensor]) -> Form:
        weighs = dict(zip(self._costs, (knobs.weight_CN > 0) & alive_N, strict=True))
        live = tuple(name for name, lives in weighs.items() if lives.any())
        moves = self._moves(knobs, alive_N, weighs, kept)
        for name, value in {**self._cohort.params, **self._cohort.learned}.items():
            value.requires_grad_(name in moves and not self._circuits.steers(name))
        only = tuple(torch.from_numpy(weighs[name]) if (alive_N & ~weighs[name]).any() else None for name in live)
        closed = closed_pathways(self._regime.organism, [self._costs[name] for name in live])
        remembers = self._remembers(knobs, alive_N, weighs)
        return Form(alive_N, live, only, moves, self._groups(live, moves), closed, remembers)

    def _remembers(self, knobs: Knobs, alive_N: Flags, weighs: Mapping[str, Flags]) -> dict[str, Tensor]:
        plastic = dict(zip(self._areas, (knobs.rate_AN > 0) & alive_N, strict=True))
        open_to = dict(zip(self._areas, (knobs.plasticity_AN > 0) & alive_N, strict=True))
        lives = {f"kept/{area}": plastic[area] for area in self._areas}
        lives |= {f"rule/area/{area}": plastic[area] for area in self._areas}
        lives |= {f"cost/{cost}": open_to[spec.at] & weighs[cost] for cost, spec in self._costs.items()}
        return {owner: torch.from_numpy(flags.copy()) for owner, flags in lives.items() if flags.any()}

    def _area_of(self, name: str) -> str:
        """The area whose rate moves a parameter: its own, or the one its cost judges."""
        owner = name.removeprefix("rule/").split("/")[1]
        return self._costs[owner].at if name.startswith("cost/") else owner

    def _states(self, area: str) -> list[str]:
        """What the area's rule learns beside the parameters."""
        return sorted(each for each in self._cohort.learned if _within(each, "rule/area", area))

    def _rate(self, name: str, knobs: Knobs) -> Numbers:
        """Rates (N,) of a parameter: those of its area, but for state of a rule with a rate of its own."""
        row = self._row[name]
        rate_N: Numbers = knobs.rate_AN[row]
        if name.startswith("rule/"):
            organism, area = self._regime.organism, self._areas[row]
            lr = organism.own_optimizer_of(area).lr * organism.areas[area].lr_scale
            rate_N = lr * knobs.plasticity_AN[row]
        return rate_N

    def _deficits(self, knobs: Knobs, alive_N: Flags) -> Harm:
        """Live deficits, in name order."""
        harm = Harm(np.zeros((len(self._areas), len(alive_N)), dtype=bool))
        for row, (name, deficit) in self._deficits_by_name:
            strength = knobs.strength_DN[row]
            if not (strength[alive_N] > 0).any():
                continue
            strength_N = torch.from_numpy(strength.astype(np.float32))
            match deficit.transform:
                case CutPathwaySpec(pathways=titles):
                    _weaken(harm.kept, titles, strength_N)
                case LesionSpec(areas=areas):
                    paths = self._regime.organism.pathways
                    _weaken(harm.kept, [path.title for path in paths if path.source in areas], strength_N)
                    _weaken(harm.heard, areas, strength_N)
                    harm.silent_AN[[self._areas.index(area) for area in areas]] |= strength >= 1.0
                case BiasErrorSpec(area=area, bias=bias):
                    harm.pushes[area] = harm.pushes.get(area, 0.0) + bias * strength_N
                case ResetContextSpec(areas=areas, every=every):
                    for area in areas:
                        harm.contexts[area] = (*harm.contexts.get(area, ()), Context(every, 1.0 - strength_N))
                case _:
                    harm.strengths[name] = strength_N
        return harm

    def _pushes(self, harm: Harm, knobs: Knobs) -> dict[str, Tensor]:
        """What is added to errors, for the lives that hear any: what others hear must not matter to a life."""
        found = {}
        for area, push_N in harm.pushes.items():
            weighs = zip(self._costs, knobs.weight_CN > 0, strict=True)
            hears = [lives for name, lives in weighs if area in self.reach[name]]
            heard = np.logical_or.reduce(hears or [np.zeros(len(push_N), bool)])
            able = torch.from_numpy(heard & ~harm.silent_AN[self._areas.index(area)])
            found[area] = torch.where(able, push_N, 0.0)
        return found

    def _moves(
        self, knobs: Knobs, alive_N: Flags, weighs: Mapping[str, Flags], kept: Mapping[str, Tensor]
    ) -> dict[str, Flags]:
        """Parameter -> lives (N,) for which it moves; parameters that move for none are left out."""
        moves: dict[str, Flags] = {}
        plastic = dict(zip(self._areas, (knobs.rate_AN > 0) & alive_N, strict=True))
        for area in self._areas:
            taught = np.full_like(alive_N, area in self._free)
            for cost in self._costs:
                taught |= weighs[cost] & (area in self.reach[cost])
            names = (name for name in self._names[area] if not self._circuits.still(name))
            moves |= dict.fromkeys(names, plastic[area] & taught)
        for cost, spec in self._costs.items():
            moves |= dict.fromkeys(self._heads[cost], plastic[spec.at] & weighs[cost])
        for path in self._regime.organism.pathways:
            if path.title in kept:
                cut = f"area/{path.target}/from/{path.source}/weight"
                for name in (name for name in moves if name == cut or name.startswith(f"rule/{cut}/")):
                    moves[name] = moves[name] & (kept[path.title].numpy() > 0)
        return {name: lives for name, lives in moves.items() if lives.any()}

    def _groups(self, live: tuple[str, ...], moves: Mapping[str, Flags]) -> tuple[Group, ...]:
        together = [name for name in live if name not in self._alone]
        apart = [
            [name for name in live if name in self._alone and self._costs[name].at == area] for area in self._areas
        ]
        groups = []
        for several in (together, *apart):
            asked = {cost: self._asked(cost, moves) for cost in several}
            costs = [cost for cost in several if asked[cost]]
            names = dict.fromkeys(name for cost in costs for name in asked[cost])
            if names:
                groups.append(Group(tuple(live.index(cost) for cost in costs), tuple(names)))
        return tuple(groups)

    def _asked(self, cost: str, moves: Mapping[str, Flags]) -> list[str]:
        """Parameters that a cost moves by its error, not by a rule that says itself where they go."""
        return [name for name in self._touched(cost) if name in moves and not self._circuits.steers(name)]

    def _touched(self, cost: str) -> list[str]:
        """Parameters that a cost's error reaches, and its own."""
        reached = [name for area in self._areas if area in self.reach[cost] for name in self._names[area]]
        return reached + self._heads[cost]


def _weaken(shares: dict[str, Tensor], names: Iterable[str], strength_N: Tensor) -> None:
    for name in names:
        shares[name] = shares.get(name, 1.0) * (1.0 - strength_N)


def owner_of(address: str) -> str:
    """What a piece of unlearned state belongs to: `kept/A`, `rule/area/A`, `cost/NAME`."""
    return "/".join(address.split("/")[: 3 if address.startswith("rule/") else 2])


def _within(name: str, family: str, owner: str) -> bool:
    return name.startswith(f"{family}/{owner}/")


def _needs_own_walk(regime: RegimeSpec, name: str) -> bool:
    """Whether a local cost stands where errors of other costs go on below: its own must not go with them."""
    organism, cost = regime.organism, regime.costs[name].cost
    if cost.scope == "upstream":
        return False
    passing = frozenset[str]().union(*(carrying_pathways(organism, each.cost) for each in regime.costs.values()))
    return any(
        path.title in passing and _ever_plastic(regime, organism, path.source) for path in organism.into(cost.at)
    )


def _ever_plastic(regime: RegimeSpec, organism: OrganismSpec, area: str) -> bool:
    """Whether the area, or one whose errors come through it, has plasticity."""
    if not is_zero(regime.plasticity[area]):
        return True
    costs = [each.cost for each in regime.costs.values()]
    ways = (path for path in organism.into(area) if any(carries(organism, path, cost) for cost in costs))
    return any(_ever_plastic(regime, organism, path.source) for path in ways)
