"""Means over life of what a schedule turns up and down, update by update as the engine applies it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.specs.envelopes import Scalar, is_constant, value
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import stage_lengths

MOST_UPDATES = 100_000
"""Longer stages are averaged over evenly spaced updates, at least this many."""

Gain = Callable[[int], float]
"""Factor at an age in samples."""


def mean_weight(schedule: ScheduleSpec, cost: str, *, modulated: bool) -> float:
    """Mean weight of a cost over the life of a canonical schedule of fixed stages; `modulated` with modulators."""
    gains = [
        _gain(each.level, each.costs[cost]) for each in schedule.modulators.values() if modulated and cost in each.costs
    ]
    return _mean(schedule, [stage.costs.get(cost, 0.0) for stage in schedule.stages], gains)


def mean_plasticity(schedule: ScheduleSpec, area: str) -> float:
    """Mean of an area's stage plasticity over the life of a canonical schedule of fixed stages."""
    return _mean(schedule, [stage.plasticity[area] for stage in schedule.stages], [])


def _mean(schedule: ScheduleSpec, scalars: Sequence[Scalar], gains: Sequence[Gain]) -> float:
    batch, age, total = schedule.clock.batch, 0, 0.0
    for scalar, lengths in zip(scalars, stage_lengths(schedule), strict=True):
        updates = lengths.longest_sp // batch
        total += updates * _stage_mean(scalar, gains, age, updates, batch)
        age += lengths.longest_sp
    return total / (age // batch)


def _stage_mean(scalar: Scalar, gains: Sequence[Gain], age: int, updates: int, batch: int) -> float:
    if is_constant(scalar) and not gains:
        return value(scalar, 0.0)
    times = range(0, updates * batch, batch * max(1, updates // MOST_UPDATES))
    total = 0.0
    for time in times:
        factor = value(scalar, time)
        for gain in gains:
            factor *= gain(age + time)
        total += factor
    return total / len(times)


def _gain(level: Scalar, gain: float) -> Gain:
    return lambda age_sp: max(0.0, 1.0 + gain * (value(level, age_sp) - 1.0))
