"""What one submission may cost, and which edit would bring it below (E17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil, prod

from pydantic import Field

from models.specs.base import Spec
from models.specs.findings import Finding, Steps, finding
from models.specs.probes import MEASURES, areas_of
from models.specs.regime import NORMS_EVERY
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import area_parameters, area_shapes, parameter_count
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
    snapshot_bytes: int = Field(default=64 * 2**30, ge=1)
    """Snapshots at the ends of all stages of all lives."""
    activity_values: int = Field(default=64_000_000, ge=1)
    """Batch x steps x units of one life."""


class Asked(Spec):
    """What a schedule asks for, per life; bounds where a trigger decides."""

    parameters: int
    updates: int
    history_values: int
    snapshot_bytes: int
    activity_values: int


def asked(schedule: ScheduleSpec) -> Asked:
    """What a schedule without errors asks for."""
    parameters = parameter_count(schedule.organism)
    clock = Clock(schedule, stage_lengths(schedule))
    units = sum(map(prod, area_shapes(schedule.organism).values()))
    steps = schedule.clock.sweeps * max(world.steps for world in schedule.worlds.values())
    return Asked(
        parameters=parameters,
        updates=clock.longest_life,
        history_values=_history_values(clock),
        snapshot_bytes=parameters * _FLOAT_BYTES * _COPIES * len(schedule.stages),
        activity_values=schedule.clock.batch * steps * units,
    )


def check_limits(schedules: Sequence[ScheduleSpec], seeds: int, limits: Limits | None = None) -> Iterator[Finding]:
    """E17 for everything that schedules without errors, one per arm, ask beyond a limit; arms are counted apart."""
    limits, costs = limits or Limits(), [asked(schedule) for schedule in schedules]
    amounts: list[tuple[str, Sequence[int], int, _Hint]] = [
        ("parameters per life", [cost.parameters for cost in costs], limits.parameters_per_life, _smaller_areas),
        ("updates per life", [cost.updates for cost in costs], limits.updates_per_life, _shorter),
        ("values of activity", [cost.activity_values for cost in costs], limits.activity_values, _smaller_batch),
    ]
    for what, each, limit, hint in amounts:
        largest = max(range(len(each)), key=each.__getitem__)
        if each[largest] > limit:
            steps, text = hint(schedules[largest], limit / each[largest])
            yield _beyond(steps, each[largest], limit, what, text)
    lives = [seeds] * len(schedules)
    sums: list[tuple[str, int, int]] = [
        ("values of history", _total(lives, [cost.history_values for cost in costs]), limits.history_values),
        ("bytes of snapshots", _total(lives, [cost.snapshot_bytes for cost in costs]), limits.snapshot_bytes),
    ]
    for what, amount, limit in sums:
        if amount > limit:
            fitting = f"{int(sum(lives) * limit / amount)} lives fit, or shorter stages"
            yield _beyond(("seeds", "count"), amount, limit, what, fitting)


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


def _total(lives: Sequence[int], each: Sequence[int]) -> int:
    return sum(count * amount for count, amount in zip(lives, each, strict=True))


def _smaller_areas(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    shapes = area_shapes(schedule.organism)
    largest = max(schedule.organism.areas, key=lambda area: area_parameters(schedule.organism, area, shapes))
    return ("organism", "areas", largest), f"a smaller {largest}: {share:.2g} times the parameters fit"


def _shorter(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    lengths = [each.longest_sp for each in stage_lengths(schedule)]
    longest = lengths.index(max(lengths))
    text = f"a shorter {schedule.stages[longest].name}, or a batch of {ceil(schedule.clock.batch / share)}"
    return ("stages", longest), text


def _smaller_batch(schedule: ScheduleSpec, share: float) -> tuple[Steps, str]:
    return ("clock", "batch"), f"a batch of {max(1, int(schedule.clock.batch * share))}, or smaller areas"


def _history_values(clock: Clock) -> int:
    """Per update one of each cost, weight, plasticity, rate, change and deficit; of norms and readings at a cadence."""
    schedule, batch = clock.schedule, clock.schedule.clock.batch
    areas = tuple(schedule.organism.areas)
    total = 0
    for index, (stage, lengths) in enumerate(zip(schedule.stages, clock.lengths, strict=True)):
        updates = lengths.longest_sp // batch
        total += updates * (2 * len(stage.costs) + 3 * len(areas) + len(schedule.deficits))
        total += ceil(updates / NORMS_EVERY) * 2 * len(areas)
        for probe in schedule.probes.values():
            width = len(areas_of(getattr(probe, "at", "*"), areas)) if MEASURES[probe.kind].by_area else 1
            total += width * (updates // clock.updates(probe.every, index) + 2)
    return total
