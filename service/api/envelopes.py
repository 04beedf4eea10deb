"""What a schedule does to one life, drawn before anything runs: weights, plasticity and overlays by age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.specs.envelopes import Scalar, gates, value
from models.specs.in_force import edges, modulator_factor, window_level
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import stage_lengths


@dataclass(frozen=True)
class Lived:
    """A stage, and the ages between which a life that meets every limit is in it."""

    stage: StageSpec
    start: int
    end: int
    fixed: bool
    """Whether the document alone decides its length."""
    exact: bool
    """Whether it decides both ages, too."""


def envelopes(schedule: ScheduleSpec, points: int, *, to_limits: bool = False) -> dict[str, Any]:
    """Values of a canonical schedule at `points` ages and at every border.

    Where a gate decides they are None; where a trigger does they are None too or, with `to_limits`, those of a life
    that meets every limit.
    """
    lived = list(_lived(schedule))
    exact_until = next((each.start for each in lived if not each.exact), lived[-1].end)
    ages = _ages(schedule, lived, points)
    at_age = [(age, _stage_at(lived, age) if to_limits or age <= exact_until else None) for age in ages]
    return {
        "age": ages,
        "exact_until": exact_until,
        "stages": [
            {"name": e.stage.name, "from": e.start, "to": e.end, "fixed": e.fixed, "exact": e.exact} for e in lived
        ],
        "costs": {cost: [_weight(schedule, cost, *at) for at in at_age] for cost in schedule.costs},
        "plasticity": {area: [_plasticity(schedule, area, *at) for at in at_age] for area in schedule.organism.areas},
        "deficits": {name: [_strength(schedule, name, age) for age in ages] for name in schedule.deficits},
        "critical_periods": {
            name: [None if gates(period.level or 0.0) else window_level(period, age) for age in ages]
            for name, period in schedule.critical_periods.items()
        },
        "modulators": {
            name: [None if gates(modulator.level) else value(modulator.level, age) for age in ages]
            for name, modulator in schedule.modulators.items()
        },
        "world": [each and each.stage.world for _, each in at_age],
    }


def _lived(schedule: ScheduleSpec) -> Iterator[Lived]:
    start = 0
    for stage, lengths in zip(schedule.stages, stage_lengths(schedule), strict=True):
        exact = lengths.fixed and lengths.aligned
        yield Lived(stage, start, start + lengths.longest_sp, lengths.fixed, exact)
        start += lengths.longest_sp


def _ages(schedule: ScheduleSpec, lived: list[Lived], points: int) -> list[int]:
    end = lived[-1].end
    borders = {age for each in lived for age in (each.start, each.end, *edges(schedule, each.stage.world))}
    return sorted({end * index // (points - 1) for index in range(points)} | {age for age in borders if age <= end})


def _stage_at(lived: list[Lived], age: int) -> Lived:
    return next((each for each in lived if age < each.end), lived[-1])


def _weight(schedule: ScheduleSpec, cost: str, age: int, lived: Lived | None) -> float | None:
    if lived is None:
        return None
    modulators = [each for each in schedule.modulators.values() if cost in each.costs]
    scalar = lived.stage.costs.get(cost, 0.0)
    if any(map(gates, [scalar, *(each.level for each in modulators)])):
        return None
    weight = value(scalar, age - lived.start)
    for modulator in modulators:
        weight *= modulator_factor(modulator, modulator.costs[cost], age)
    return weight


def _plasticity(schedule: ScheduleSpec, area: str, age: int, lived: Lived | None) -> float | None:
    if lived is None:
        return None
    rule = schedule.organism.rule_of(area)
    if schedule.organism.areas[area].innate or (rule is not None and rule.kind == "frozen"):
        return 0.0
    if any(map(gates, _levels(schedule, area, lived.stage))):
        return None
    level = value(lived.stage.plasticity[area], age - lived.start)
    for period in schedule.critical_periods.values():
        if area in period.areas:
            level *= window_level(period, age)
    for modulator in schedule.modulators.values():
        if area in modulator.plasticity:
            level *= modulator_factor(modulator, modulator.plasticity[area], age)
    return level


def _levels(schedule: ScheduleSpec, area: str, stage: StageSpec) -> Iterator[Scalar]:
    """All that scales the plasticity of an area."""
    yield stage.plasticity[area]
    yield from (each.level for each in schedule.critical_periods.values() if area in each.areas and each.level)
    yield from (each.level for each in schedule.modulators.values() if area in each.plasticity)


def _strength(schedule: ScheduleSpec, name: str, age: int) -> float | None:
    deficit = schedule.deficits[name]
    onset = deficit.onset.samples
    if gates(deficit.strength):
        return None
    live = onset <= age < onset + deficit.duration.samples
    return value(deficit.strength, age) if live else 0.0
