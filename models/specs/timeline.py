"""When stages begin and end, as far as a document says: lengths that are fixed, bounds where a trigger decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.specs.durations import Duration
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.triggers import Since, Trigger
from models.specs.worlds import WorldSpec


@dataclass(frozen=True)
class Lengths:
    """How long a stage lasts and how old lives are when they enter it, in samples."""

    fixed: bool
    """Whether the length is known before the run; it is then `longest_sp`."""
    aligned: bool
    """Whether all lives enter at one age."""
    longest_sp: int
    """The length, or its bound; 0 if nothing bounds it."""
    youngest_sp: int
    oldest_sp: int
    bounded: bool = True


def pass_sp(world: WorldSpec) -> int | None:
    """Samples in one pass of a world; None for an endless one."""
    return world.pass_size


def common_pass(schedule: ScheduleSpec) -> int | None:
    """The pass of the stages' worlds if they agree: what `ep` means in overlays and events."""
    passes = {pass_sp(schedule.worlds[stage.world]) for stage in schedule.stages}
    return passes.pop() if len(passes) == 1 else None


def timeline(schedule: ScheduleSpec) -> list[tuple[str, int | None, int | None]]:
    """(stage, start_sp, end_sp) of every stage; None where a trigger has made ages differ."""
    rows: list[tuple[str, int | None, int | None]] = []
    for stage, lengths in zip(schedule.stages, stage_lengths(schedule), strict=True):
        start = lengths.youngest_sp if lengths.aligned else None
        end = start + lengths.longest_sp if start is not None and lengths.fixed else None
        rows.append((stage.name, start, end))
    return rows


def stage_lengths(schedule: ScheduleSpec) -> list[Lengths]:
    """Lengths of all stages, in order."""
    known: list[Lengths] = []
    for stage in schedule.stages:
        known.append(_lengths(schedule, stage, known))
    return known


def _lengths(schedule: ScheduleSpec, stage: StageSpec, before: Sequence[Lengths]) -> Lengths:
    batch = schedule.clock.batch
    aligned = all(each.fixed for each in before)
    shortest = sum(each.longest_sp if each.fixed else batch for each in before)
    oldest = sum(each.longest_sp for each in before)
    clock = _Clock(schedule, stage, before, shortest // batch if aligned else None, oldest // batch)
    exact = clock.exact(stage.until)
    if exact is not None:
        return Lengths(True, aligned, max(1, exact) * batch, shortest, oldest)
    bounds = [clock.bound(stage.until), None if stage.limit is None else clock.updates(stage.limit)]
    longest = min((bound for bound in bounds if bound is not None), default=None)
    bounded = longest is not None
    return Lengths(
        False, aligned, max(1, longest) * batch if longest else batch * (not bounded), shortest, oldest, bounded
    )


@dataclass(frozen=True)
class _Clock:
    """Tells times in updates from the entry of one stage on."""

    schedule: ScheduleSpec
    stage: StageSpec
    before: Sequence[Lengths]
    entry: int | None
    """Age at entry, in updates; None if it differs between lives."""
    latest_entry: int

    def updates(self, duration: Duration) -> int:
        return duration.updates(self.schedule.clock.batch, pass_sp=pass_sp(self.schedule.worlds[self.stage.world]))

    def exact(self, trigger: Trigger) -> int | None:
        """Stage time at which the trigger fires, if the document alone decides it."""
        match trigger.key:
            case "after":
                assert trigger.after is not None
                return self.updates(trigger.after)
            case "age":
                assert trigger.age is not None
                return None if self.entry is None else self.updates(trigger.age) - self.entry
            case "since":
                assert trigger.since is not None
                resolved = since(self.schedule, self.before, self.stage, trigger.since)
                return None if resolved is None else self.exact(resolved)
            case "any" | "all":
                parts = [self.exact(part) for part in getattr(trigger, trigger.key)]
                times = [part for part in parts if part is not None]
                return (min(times) if trigger.key == "any" else max(times)) if len(times) == len(parts) else None
            case _:
                return None

    def bound(self, trigger: Trigger) -> int | None:
        """Stage time by which the trigger has fired for certain."""
        exact = self.exact(trigger)
        if exact is not None:
            return exact
        match trigger.key:
            case "age":
                assert trigger.age is not None
                return self.updates(trigger.age)
            case "since":
                assert trigger.since is not None
                resolved = since(self.schedule, self.before, self.stage, trigger.since)
                return None if resolved is None else self.bound(resolved)
            case "any" | "all":
                parts = [self.bound(part) for part in getattr(trigger, trigger.key)]
                times = [part for part in parts if part is not None]
                if trigger.key == "any":
                    return min(times, default=None)
                return max(times) if len(times) == len(parts) else None
            case _:
                return None


def since(schedule: ScheduleSpec, before: Sequence[Lengths], stage: StageSpec, spec: Since) -> Trigger | None:
    """`since` as `after` or `age`; None if the event's age is not known before the run, or it lies ahead."""
    batch = schedule.clock.batch
    delay_sp = spec.time.updates(batch, pass_sp=pass_sp(schedule.worlds[stage.world])) * batch
    back = _before_entry(schedule, before, spec.event)
    if back is not None:
        return Trigger(after=Duration.of_samples(max(0, delay_sp - back)))
    age = event_age(schedule, before, spec.event)
    return None if age is None else Trigger(age=Duration.of_samples(age + delay_sp))


def _before_entry(schedule: ScheduleSpec, before: Sequence[Lengths], event: str) -> int | None:
    """Samples between a stage's border and the entry of the present one, if all stages between are fixed."""
    family, _, rest = event.partition(".")
    if family != "stages":
        return None
    name, _, border = rest.rpartition(".")
    index = next((i for i, each in enumerate(schedule.stages) if each.name == name), None)
    first = None if index is None else index + (border == "end")
    if first is None or first > len(before) or not all(each.fixed for each in before[first:]):
        return None
    return sum(each.longest_sp for each in before[first:])


def event_age(schedule: ScheduleSpec, before: Sequence[Lengths], event: str) -> int | None:
    """Age of an event in samples, if it is the same for all lives and known before the run."""
    family, _, rest = event.partition(".")
    name, _, border = rest.rpartition(".")
    batch, one_pass = schedule.clock.batch, common_pass(schedule)

    def samples(duration: Duration) -> int:
        return duration.updates(batch, pass_sp=one_pass) * batch

    match family:
        case "birth":
            return 0
        case "deficits" if name in schedule.deficits:
            deficit = schedule.deficits[name]
            return samples(deficit.onset) + (samples(deficit.duration) if border == "end" else 0)
        case "critical_periods" if name in schedule.critical_periods:
            period = schedule.critical_periods[name]
            edge = period.opens if border == "opens" else period.closes
            return None if edge is None or period.level is not None else samples(edge)
        case "stages":
            index = next((i for i, each in enumerate(schedule.stages) if each.name == name), None)
            last = None if index is None else index + (border == "end")
            if last is None or last > len(before) or not all(each.fixed for each in before[:last]):
                return None
            return sum(each.longest_sp for each in before[:last])
        case _:
            return None
