"""Acts: what is done to lives once, on entering a stage."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import torch

from models.draw import Draw
from models.engine import bests, units
from models.engine.anchor import anchored
from models.engine.cohort import Cohort
from models.engine.examiner import Examiner, portion_of
from models.engine.feed import Stream
from models.engine.measure import Items
from models.engine.organism import Organism
from models.protocols import Holds, Params
from models.specs.acts import (
    ActSpec,
    Anchor,
    ResetArea,
    ResetOptimizer,
    ResetState,
    ResetUnits,
    RestoreBest,
    Rewire,
    SetTemplate,
    ShrinkPerturb,
    areas_of,
)
from models.specs.costs import target_of
from models.specs.costs.target import TemplateTarget
from models.specs.regime import RegimeSpec


def perform(cohort: Cohort, regime: RegimeSpec, organism: Organism) -> None:
    """All acts of the regime, in order."""
    for ordinal, act in enumerate(regime.on_enter):
        areas = _areas(act, regime)
        match act:
            case ResetOptimizer():
                _forget(cohort, regime, areas, heads=True)
            case ResetArea():
                _renew(cohort, organism, areas, ordinal)
                _forget(cohort, regime, areas, heads=False)
            case ResetState():
                _empty(cohort, organism, areas)
            case ResetUnits():
                _renew_units(cohort, regime, organism, act, ordinal)
            case ShrinkPerturb():
                _shrink(cohort, act, _fresh(cohort, organism, areas, ordinal))
            case RestoreBest() | SetTemplate() | Anchor() | Rewire():
                _look(cohort, regime, organism, act)
            case _:
                assert_never(act)


def _shrink(cohort: Cohort, act: ShrinkPerturb, fresh: Params) -> None:
    for name, value in fresh.items():
        kept = cohort.params[name].detach()
        kept.copy_(kept * (1.0 - act.shrink) + value * act.noise)


def _renew_units(cohort: Cohort, regime: RegimeSpec, organism: Organism, act: ResetUnits, ordinal: int) -> None:
    """The least of each area's units start anew, all areas judged before any changes."""
    areas, spec = _areas(act, regime), regime.organism
    if act.world is None:
        draw = Draw(cohort.seeds_N, torch.from_numpy(cohort.age_N)[:, None]).at("act", str(ordinal))
        worth = {area: draw.at("units", area).uniform(organism.areas[area].shape[0])[:, 0] for area in areas}
    else:
        rate = _items(cohort, regime, organism, act.world, act.n).moment().rate
        worth = {area: units.utility(rate[area], area, spec, cohort.params) for area in areas}
    fresh = _fresh(cohort, organism, areas, ordinal)
    for area in areas:
        units.renew(cohort, spec, area, units.least(worth[area], act.share), fresh)


def _items(cohort: Cohort, regime: RegimeSpec, organism: Organism, world: str, n: int | None) -> Items:
    stream = Stream(regime.looked_at[world], regime.organism.senses, {}, regime.sweeps)
    return Items(stream, n, portion_of(cohort, range(len(cohort.seeds))), organism)


def _go_back(cohort: Cohort, regime: RegimeSpec, organism: Organism, probe: str) -> None:
    """A last reading of a probe, and who it does not find at its best becomes what it was then."""
    examiner = Examiner(regime.restores, organism, regime.sweeps)
    lives = [life for life in range(len(cohort.seeds)) if cohort.is_finite(life)]
    reading_N = np.full(len(cohort.seeds), np.nan, dtype=np.float32)
    if lives:
        reading_N[lives] = examiner.take([probe], cohort, lives)[probe][0]
    bests.go_back(cohort, probe, reading_N, higher=examiner.higher_is_better(probe))


def _look(
    cohort: Cohort, regime: RegimeSpec, organism: Organism, act: RestoreBest | SetTemplate | Anchor | Rewire
) -> None:
    """What the lives make of a world now is held against their best, or kept."""
    if isinstance(act, Rewire):
        return  # done when the cohort entered, before anything was built on its parameters
    if isinstance(act, RestoreBest):
        _go_back(cohort, regime, organism, act.probe)
        return
    items = _items(cohort, regime, organism, act.world, act.n)
    if isinstance(act, Anchor):
        cohort.own.update(anchored(items, act.name, _areas(act, regime), act.answers))
        return
    mean_NU = items.moment().rate[act.area].flatten(3).mean(dim=(1, 2))
    for name, weighted in regime.costs.items():
        target = target_of(weighted.cost)
        if isinstance(target, TemplateTarget) and target.area == act.area:
            cohort.own[f"cost/{name}/template"].copy_(mean_NU)


def _areas(act: ActSpec, regime: RegimeSpec) -> tuple[str, ...]:
    """The areas an act names; `*` leaves out what is innate."""
    named = areas_of(act)
    if "*" in named:
        return tuple(area for area, spec in regime.organism.areas.items() if not spec.innate)
    return named


def _fresh(cohort: Cohort, organism: Organism, areas: tuple[str, ...], ordinal: int) -> Params:
    """New first parameters: draws of seeds that are themselves drawn by life, age and place of the act."""
    age_N1 = torch.from_numpy(cohort.age_N)[:, None]
    bits = Draw(cohort.seeds_N, age_N1).at("act", str(ordinal)).bits(2)[:, 0]
    seeds_N = (bits[:, 0] << 31) | (bits[:, 1] >> 1)
    draw = Draw(seeds_N).at("init")
    return {name: value for area in areas for name, value in organism.areas[area].init(draw).items()}


def _renew(cohort: Cohort, organism: Organism, areas: tuple[str, ...], ordinal: int) -> None:
    """New first parameters; areas that hold something are as at birth."""
    for name, value in _fresh(cohort, organism, areas, ordinal).items():
        cohort.params[name].detach().copy_(value)
    _empty(cohort, organism, areas)


def _empty(cohort: Cohort, organism: Organism, areas: tuple[str, ...]) -> None:
    """What areas hold is as at birth."""
    draw = Draw(cohort.seeds_N).at("init")
    holders = (organism.areas[area] for area in areas)
    for holder in (each for each in holders if isinstance(each, Holds)):
        for name, value in holder.contents(draw).items():
            cohort.own[name].copy_(value)


def _forget(cohort: Cohort, regime: RegimeSpec, areas: tuple[str, ...], *, heads: bool) -> None:
    """Moments and step counts of areas start anew; with `heads`, those of decoders that learn with them too."""
    prefixes = [f"{family}/{area}/" for area in areas for family in ("area", "rule/area")]
    if heads:
        prefixes += [f"cost/{name}/" for name, each in regime.costs.items() if each.cost.at in areas]
    start = tuple(prefixes)
    for key, moment in cohort.moments.items():
        if key.split("/", 1)[1].startswith(start):
            moment.zero_()
    for name, steps in cohort.steps.items():
        if name.startswith(start):
            steps[:] = 0
