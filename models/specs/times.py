"""Every duration and every scalar of a schedule with its place, and what it comes to in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from models.specs.durations import Duration
from models.specs.envelopes import Decay, Factor, Gate, Pulse, Ramp, Scalar, Steps, factors
from models.specs.findings import Steps as Path
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import Lengths, common_pass, pass_sp
from models.specs.triggers import leaves
from models.specs.worlds import PacedOrder

Role = Literal["span", "envelope", "cadence"]


@dataclass(frozen=True)
class Timed:
    """A duration and where it stands."""

    steps: Path
    duration: Duration
    role: Role
    """`envelope`: may be a share of the stage; `cadence`: counted in the passes of each stage's world."""
    place: str
    """What messages begin with."""
    stage: int | None
    """None: by age."""


@dataclass(frozen=True)
class Level:
    """A scalar and where it stands."""

    steps: Path
    scalar: Scalar
    what: str
    low: float | None
    high: float | None
    place: str
    stage: int | None
    several: bool = False
    """Whether it stands outside of the stage, which is then only the first of those that it acts in."""


def levels(schedule: ScheduleSpec) -> Iterator[Level]:
    """Every scalar, with its bounds."""
    for index, stage in enumerate(schedule.stages):
        place = f"stage {stage.name}"
        for cost, weight in stage.costs.items():
            yield Level(("stages", index, "costs", cost), weight, f"weight of {cost}", 0.0, 1e6, place, index)
        for area, level in stage.plasticity.items():
            where = ("stages", index, "plasticity", area)
            yield Level(where, level, f"plasticity of {area}", 0.0, 100.0, place, index)
    yield from _of_worlds(schedule)
    for name, deficit in schedule.deficits.items():
        steps = ("deficits", name, "strength")
        yield Level(steps, deficit.strength, "strength", 0.0, 1.0, f"deficit {name}", None)
    for name, period in schedule.critical_periods.items():
        if period.level is not None:
            at = ("critical_periods", name, "level")
            yield Level(at, period.level, "level", 0.0, 100.0, f"critical period {name}", None)
    for name, modulator in schedule.modulators.items():
        yield Level(("modulators", name, "level"), modulator.level, "level", None, None, f"modulator {name}", None)


def _of_worlds(schedule: ScheduleSpec) -> Iterator[Level]:
    for name, world in schedule.worlds.items():
        mixes = [each for each, other in schedule.worlds.items() if name in (other.mix or {})]
        shown = next((index for index, stage in enumerate(schedule.stages) if stage.world in (name, *mixes)), None)
        if isinstance(world.order, PacedOrder) and shown is not None:
            at = ("worlds", name, "order", "available")
            yield Level(at, world.order.available, "available", 0.0, 1.0, f"world {name}", shown, several=True)


def placed_factors(level: Level) -> Iterator[tuple[Path, Factor]]:
    """The factors of a scalar, each with its place."""
    several = isinstance(level.scalar, tuple)
    for index, factor in enumerate(factors(level.scalar)):
        yield ((*level.steps, index) if several else level.steps), factor


def placed_gates(schedule: ScheduleSpec) -> Iterator[tuple[Path, Gate, Level]]:
    """Every gate with its place."""
    for level in levels(schedule):
        for steps, factor in placed_factors(level):
            if isinstance(factor, Gate):
                yield steps, factor, level


def durations(schedule: ScheduleSpec) -> Iterator[Timed]:
    """Every duration."""
    for index, stage in enumerate(schedule.stages):
        yield from _of_stage(index, stage)
    for level in levels(schedule):
        for steps, factor in placed_factors(level):
            for path, duration in _of_factor(factor):
                role: Role = "span" if level.several else "envelope"
                yield Timed((*steps, *path), duration, role, level.place, level.stage)
    for steps, duration, place in _of_overlays(schedule):
        yield Timed(steps, duration, "span", place, None)
    for name, probe in schedule.probes.items():
        yield Timed(("probes", name, "every"), probe.every, "cadence", f"probe {name}", None)


def _of_stage(index: int, stage: StageSpec) -> Iterator[Timed]:
    place = f"stage {stage.name}"
    for path, leaf in leaves(stage.until):
        steps: Path = ("stages", index, "until", *path, leaf.key)
        for duration in (leaf.after, leaf.age):
            if duration is not None:
                yield Timed(steps, duration, "span", place, index)
        if leaf.since is not None:
            yield Timed((*steps, "time"), leaf.since.time, "span", place, index)
        if leaf.plateau is not None:
            yield Timed((*steps, "patience"), leaf.plateau.patience, "span", place, index)
    if stage.limit is not None:
        yield Timed(("stages", index, "limit"), stage.limit, "span", place, index)


def _of_factor(factor: Factor) -> Iterator[tuple[Path, Duration]]:
    match factor:
        case Ramp():
            yield from ((("start",), factor.start), (("end",), factor.end))
        case Pulse():
            yield from ((("onset",), factor.onset), (("duration",), factor.duration))
        case Steps():
            for index, (time, _) in enumerate(factor.points):
                yield ("points", index, 0), time
        case Decay():
            yield from ((("start",), factor.start), (("half_life",), factor.half_life))
            for index, time in enumerate(factor.restart_at):
                yield ("restart_at", index), time
        case _:
            return


def _of_overlays(schedule: ScheduleSpec) -> Iterator[tuple[Path, Duration, str]]:
    for name, deficit in schedule.deficits.items():
        for field in ("onset", "duration"):
            yield ("deficits", name, field), getattr(deficit, field), f"deficit {name}"
    for name, period in schedule.critical_periods.items():
        for field in ("opens", "closes", "edge"):
            duration = getattr(period, field)
            if duration is not None:
                yield ("critical_periods", name, field), duration, f"critical period {name}"
        for index, opening in enumerate(period.reopen):
            for field in ("at", "duration"):
                steps = ("critical_periods", name, "reopen", index, field)
                yield steps, getattr(opening, field), f"critical period {name}"


@dataclass(frozen=True)
class Clock:
    """Durations in batches, once the lengths of stages are known."""

    schedule: ScheduleSpec
    lengths: Sequence[Lengths]

    def updates(self, duration: Duration, stage: int | None) -> int:
        """Batches until the first boundary at or after a duration of stage time, or of age if `stage` is None."""
        batch = self.schedule.clock.batch
        if stage is None:
            return duration.updates(batch, pass_sp=common_pass(self.schedule))
        length = self.lengths[stage]
        one_pass = pass_sp(self.schedule.worlds[self.schedule.stages[stage].world])
        return duration.updates(batch, pass_sp=one_pass, stage_sp=length.longest_sp if length.fixed else None)

    @property
    def longest_life(self) -> int:
        """Batches of a life that meets every limit."""
        return sum(each.longest_sp for each in self.lengths) // self.schedule.clock.batch
