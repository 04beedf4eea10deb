"""Where errors go: which costs are live, which pathways stay closed, which parameters move for which life.

Costs are grouped so that an area's own local costs never leak below it. The grouping follows from the regime alone:
were it to follow from what is plastic at the moment, a life's rounding would depend on its companions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.engine.cohort import Cohort, Flags
from models.engine.knobs import Knobs
from models.engine.optimizer import Mover, Optimizer
from models.engine.organism import Wiring
from models.specs.envelopes import is_zero
from models.specs.organism import OrganismSpec
from models.specs.reach import carries, carrying_pathways, closed_pathways, reaches
from models.specs.regime import RegimeSpec
from models.specs.transforms import CutPathwaySpec


@dataclass(frozen=True)
class LiveCost:
    """A cost that weighs for some life."""

    name: str
    weight_N: Tensor
    only_N: Tensor | None
    """Lives for which it weighs; None: all that learn."""


@dataclass(frozen=True)
class Group:
    """Costs whose errors go back together, and the parameters they move."""

    costs: tuple[int, ...]
    """Positions among the live costs."""
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """What one update computes, as long as the knobs stay and the same lives learn."""

    knobs: Knobs
    alive_N: Flags
    live: tuple[LiveCost, ...]
    wiring: Wiring
    strengths: Mapping[str, Tensor]
    groups: tuple[Group, ...]
    mover: Mover


class Flow:
    """Plans for a cohort under a regime."""

    def __init__(self, cohort: Cohort, regime: RegimeSpec, optimizer: Optimizer) -> None:
        self._cohort = cohort
        self._regime = regime
        self._optimizer = optimizer
        self._areas = tuple(regime.organism.areas)
        self._costs = {name: weighted.cost for name, weighted in regime.costs.items()}
        self._reach = {name: reaches(regime.organism, cost) for name, cost in self._costs.items()}
        self._alone = frozenset(name for name in self._costs if _needs_own_walk(regime, name))
        self._names = {
            area: [each for each in sorted(cohort.params) if each.startswith(f"area/{area}/")] for area in self._areas
        }
        self._heads = {
            cost: [each for each in sorted(cohort.learned) if each.startswith(f"cost/{cost}/")] for cost in self._costs
        }
        self._last: Plan | None = None

    def plan(self, knobs: Knobs) -> Plan:
        """The plan for these knobs; the last one if nothing changed."""
        last, alive = self._last, self._cohort.alive_N
        if last is None or last.knobs is not knobs or not np.array_equal(last.alive_N, alive):
            self._last = self._plan(knobs, alive.copy())
        assert self._last is not None
        return self._last

    def _plan(self, knobs: Knobs, alive_N: Flags) -> Plan:
        weighs = dict(zip(self._costs, (knobs.weight_CN > 0) & alive_N, strict=True))
        live = tuple(name for name, lives in weighs.items() if lives.any())
        kept, strengths = self._deficits(knobs, alive_N)
        moves = self._moves(knobs, alive_N, weighs, kept)
        for name, value in {**self._cohort.params, **self._cohort.learned}.items():
            value.requires_grad_(name in moves)
        rows = dict(zip(self._costs, knobs.weight_CN, strict=True))
        upstream = [self._costs[name] for name in live]
        return Plan(
            knobs,
            alive_N,
            tuple(_live_cost(name, rows[name], weighs[name], alive_N) for name in live),
            Wiring(closed_pathways(self._regime.organism, upstream), kept or None),
            strengths,
            self._groups(live, moves),
            self._optimizer.mover(
                moves, {name: knobs.rate_AN[self._areas.index(self._area_of(name))] for name in moves}
            ),
        )

    def _area_of(self, name: str) -> str:
        """The area whose rate moves a parameter: its own, or the one its cost judges."""
        family, owner = name.split("/")[:2]
        return owner if family == "area" else self._costs[owner].at

    def _deficits(self, knobs: Knobs, alive_N: Flags) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Shares that cut pathways let through, and strengths of the deficits of senses, where not 0 for all."""
        kept: dict[str, Tensor] = {}
        strengths: dict[str, Tensor] = {}
        deficits = sorted(
            zip(self._regime.deficits.items(), knobs.strength_DN, strict=True), key=lambda each: each[0][0]
        )
        for (name, deficit), strength in deficits:
            if not (strength[alive_N] > 0).any():
                continue
            strength_N = torch.from_numpy(strength.astype(np.float32))
            if not isinstance(deficit.transform, CutPathwaySpec):
                strengths[name] = strength_N
                continue
            for title in deficit.transform.pathways:
                kept[title] = kept.get(title, 1.0) * (1.0 - strength_N)
        return kept, strengths

    def _moves(
        self, knobs: Knobs, alive_N: Flags, weighs: Mapping[str, Flags], kept: Mapping[str, Tensor]
    ) -> dict[str, Flags]:
        """Parameter -> lives (N,) for which it moves; parameters that move for none are left out."""
        moves: dict[str, Flags] = {}
        plastic = dict(zip(self._areas, (knobs.rate_AN > 0) & alive_N, strict=True))
        for area in self._areas:
            taught = np.zeros_like(alive_N)
            for cost in self._costs:
                taught |= weighs[cost] & (area in self._reach[cost])
            moves |= dict.fromkeys(self._names[area], plastic[area] & taught)
        for cost, spec in self._costs.items():
            moves |= dict.fromkeys(self._heads[cost], plastic[spec.at] & weighs[cost])
        for path in self._regime.organism.pathways:
            if path.title in kept:
                moves[f"area/{path.target}/from/{path.source}/weight"] &= kept[path.title].numpy() > 0
        return {name: lives for name, lives in moves.items() if lives.any()}

    def _groups(self, live: tuple[str, ...], moves: Mapping[str, Flags]) -> tuple[Group, ...]:
        together = [name for name in live if name not in self._alone]
        apart = [
            [name for name in live if name in self._alone and self._costs[name].at == area] for area in self._areas
        ]
        groups = []
        for several in (together, *apart):
            costs = [cost for cost in several if any(name in moves for name in self._within(cost))]
            names = dict.fromkeys(name for cost in costs for name in self._within(cost) if name in moves)
            if names:
                groups.append(Group(tuple(live.index(cost) for cost in costs), tuple(names)))
        return tuple(groups)

    def _within(self, cost: str) -> list[str]:
        """Parameters that a cost's error reaches, and its own."""
        reached = [name for area in self._areas if area in self._reach[cost] for name in self._names[area]]
        return reached + self._heads[cost]


def _live_cost(name: str, weight: np.ndarray, weighs_N: Flags, alive_N: Flags) -> LiveCost:
    partly = bool((alive_N & ~weighs_N).any())
    return LiveCost(name, torch.from_numpy(weight.astype(np.float32)), torch.from_numpy(weighs_N) if partly else None)


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
    return any(_ever_plastic(regime, organism, path.source) for path in organism.into(area) if carries(organism, path))
