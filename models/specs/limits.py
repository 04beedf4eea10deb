"""What one submission may cost, and which edit would bring it below (E17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil, prod

from pydantic import Field

from models.specs.base import Spec
from models.specs.findings import Finding, Steps, finding
from models.specs.kept import probes_kept
from models.specs.recorded import fitting_cadence, recorded
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import area_parameters, area_shapes, contents_count, parameter_count
from models.specs.timeline import stage_lengths
from models.specs.times import Clock

_FLOAT_BYTES = 4
_Hint = Callable[[ScheduleSpec, float], tuple[Steps, str]]
"""From a schedule and the share of it that fits to a place and an edit."""
_COPIES = 4
"""Parameters, two moments and the state of rules and costs: what a snapshot keeps per parameter, at most."""


class Limits(Spec):
    """The largest submission that is taken on; an operator may set others."""

    parameters_per_life: int = Field(default=20_000_000, ge=1)
    arms: int = Field(default=2_000, ge=1)
    lives: int = Field(default=20_000, ge=1)
    updates_per_life: int = Field(default=10_000_000, ge=1)
    history_values: int = Field(default=100_000_000, ge=1)
    """Values of all series of all lives."""
    series_per_trajectory: int = Field(default=2_000, ge=1)
    snapshot_bytes: int = Field(default=64 * 2**30, ge=1)
    """Snapshots at the ends of all stages of all lives."""
    activity_values: int = Field(default=64_000_000, ge=1)
    """Batch x steps x units of one life, and what some areas work with beside them."""


class Asked(Spec):
    """What a schedule asks for, per life; bounds where a trigger decides."""

    parameters: int
    """Of areas, and what they keep beside them."""
    updates: int
    history_values: int
    series: int
    """Of one trajectory."""
    snapshot_bytes: int
    activity_values: int


def asked(schedule: ScheduleSpec) -> Asked:
    """What a schedule without errors asks for."""
    kept = contents_count(schedule.organism)
    parameters = parameter_count(schedule.organism) + kept
    clock = Clock(schedule, stage_lengths(schedule))
    told = recorded(clock)
    copies = sum(1 + len(probes) for probes in probes_kept(schedule.stages))
    steps = schedule.clock.sweeps * max(world.steps for world in schedule.worlds.values())
    return Asked(
        parameters=parameters,
        updates=clock.longest_life,
        history_values=told.values,
        series=told.series,
        snapshot_bytes=parameters * _FLOAT_BYTES * _COPIES * copies,
        activity_values=_activity(schedule, schedule.clock.batch * steps),
    )


def _activity(schedule: ScheduleSpec, seen: int) -> int:
    """Numbers that all units of a life show, and work with, in so many steps of a batch."""
    units = sum(map(prod, area_shapes(schedule.organism).values()))
    return seen * (units + sum(area.working(seen) for area in schedule.organism.areas.values()))


def check_limits(schedules: Sequence[ScheduleSpec], seeds: int, limits: Limits | None = None) -> Iterator[Finding]:
    """E17 for everything that schedules without errors, one per arm, ask beyond a limit; arms are counted apart."""
    limits, costs = limits or Limits(), [asked(schedule) for schedule in schedules]
    amounts: list[tuple[str, Sequence[int], int, _Hint]] = [
        ("parameters per life", [cost.parameters for cost in costs], limits.parameters_per_life, _smaller_areas),
        ("updates per life", [cost.updates for cost in costs], limits.updates_per_life, _shorter),
        ("values of activity", [cost.activity_values for cost in costs], limits.activity_values, _smaller_batch),
        ("series per trajectory", [cost.series for cost in costs], limits.series_per_trajectory, _fewer_series),
    ]
    for what, each, limit, hint in amounts:
        largest = max(range(len(each)), key=each.__getitem__)
        if each[largest] > limit:
            steps, text = hint(schedules[largest], limit / each[largest])
            yield _beyond(steps, each[largest], limit, what, text)
    values = seeds * sum(cost.history_values for cost in costs)
    if values > limits.history_values:
        clocks = [Clock(each, stage_lengths(each)) for each in schedules]
        fitting = fitting_cadence(clocks, seeds, limits.history_values)
        steps, text = fitting or _fewer_lives(seeds * len(schedules), limits.history_values / values)
        yield _beyond(steps, values, limits.history_values, "values of history", text)
    stored = seeds * sum(cost.snapshot_bytes for cost in costs)
    if stored > limits.snapshot_bytes:
        steps, text = _fewer_lives(seeds * len(schedules), limits.snapshot_bytes / stored)
        yield _beyond(steps, stored, limits.snapshot_bytes, "bytes of snapshots", text)


def check_lives(seeds: int, arms: int, limits: Limits | None = None) -> Iterator[Finding]:
    """E17 for too many arms or lives; they need not be made to be counted."""
    limits = limits or Limits()
    if arms > limits.arms:
        yield _beyond(("axes",), arms, limits.arms, "arms", "fewer values, or more than one study")
    if seeds * arms > limits.lives:
        hint = f"at most {limits.lives // arms} seeds" if arms <= limits.lives else "fewer arms"
        yield _beyond(("seeds", "count"), seeds * arms, limits.lives, "lives", hint)


def _beyond(steps: Steps, amount: int, limit: int, what: str, hint: str) -> Finding:
    return finding("E17", steps, f"{steps[0]}: {amount:,} {what} asked of limit {limit:,}", hint)


def _fewer_lives(lives: int, share: float) -> tuple[Steps, str]:
    return ("seeds", "count"), f"{int(lives * share)} lives fit, or shorter stages"


def _smaller_areas(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    shapes = area_shapes(schedule.organism)
    largest = max(schedule.organism.areas, key=lambda area: area_parameters(schedule.organism, area, shapes))
    return ("organism", "areas", largest), f"a smaller {largest}: {share:.2g} times the parameters fit"


def _shorter(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    lengths = [each.longest_sp for each in stage_lengths(schedule)]
    longest = lengths.index(max(lengths))
    text = f"a shorter {schedule.stages[longest].name}, or a batch of {ceil(schedule.clock.batch / share)}"
    return ("stages", longest), text


def _fewer_series(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    probes = sorted(schedule.probes, key=lambda name: getattr(schedule.probes[name], "at", "") == "*", reverse=True)
    if probes:
        return ("probes", probes[0]), f"probes at fewer areas, or fewer probes: {share:.2g} times the series fit"
    return ("organism", "areas"), f"fewer areas or costs: {share:.2g} times the series fit"


def _smaller_batch(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    return ("clock", "batch"), f"a batch of {max(1, int(schedule.clock.batch * share))}, or smaller areas"
