"""Whether durations, envelopes, triggers and overlays make sense in time: E10 to E13, E19 to E22, E30, E31."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from models.specs.durations import Duration
from models.specs.envelopes import Decay, Ramp, Steps, factors, span
from models.specs.findings import Finding, finding
from models.specs.findings import Steps as Path
from models.specs.overlays import CriticalPeriodSpec
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import Lengths, common_pass, event_age, pass_sp, since, stage_lengths
from models.specs.times import Clock, Level, Timed, durations, levels, placed_factors
from models.specs.triggers import Trigger, leaves


def check_units(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Units that have no meaning where they stand, and spans of nothing; of a schedule whose worlds are all known."""
    for timed in durations(schedule):
        problem = _unit(schedule, timed)
        if problem is not None:
            yield problem
        elif timed.duration.amount == 0 and timed.steps[-1] in ("limit", "every", "patience", "half_life"):
            message = f"{timed.place}: {timed.steps[-1]} {timed.duration} is no span"
            yield finding("E13", timed.steps, message, "one batch at least, such as 1ba")
    for level in levels(schedule):
        yield from _bounds(level)


def check_times(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Of a schedule whose names are known and whose units have a meaning."""
    clock = Clock(schedule, stage_lengths(schedule))
    for index, (stage, lengths) in enumerate(zip(schedule.stages, clock.lengths, strict=True)):
        yield from _length(clock, index, stage, lengths)
        for path, leaf in leaves(stage.until):
            steps: Path = ("stages", index, "until", *path)
            yield from _reading(clock, index, leaf, steps)
            yield from _event(clock, index, leaf, steps)
    shares = {timed.steps for timed in durations(schedule) if timed.duration.unit == "st"}
    for timed in durations(schedule):
        if timed.steps in shares and timed.stage is not None and not clock.lengths[timed.stage].fixed:
            message = f"{timed.place}: '{timed.duration}' is a share of a stage whose length a trigger decides"
            yield finding("E11", timed.steps, message, "give it in sp")
    for level in levels(schedule):
        yield from _envelopes(clock, level)
    yield from _overlays(clock)


# ---- units and bounds


def _unit(schedule: ScheduleSpec, timed: Timed) -> Finding | None:
    unit = timed.duration.unit
    if unit == "st" and (timed.role != "envelope" or timed.stage is None):
        message = f"{timed.place}: '{timed.duration}': st is a share of a stage, only envelopes in stages take it"
        return finding("E19", timed.steps, message, "unit one of sp ba ep")
    if unit == "st" and timed.duration.amount > 1 and timed.steps[-1] != "half_life":
        message = f"{timed.place}: '{timed.duration}' is a share of its stage and ends after it"
        return finding("E30", timed.steps, message, "between 0st and 1st; longer spans in sp, ba or ep")
    if unit != "ep":
        return None
    if timed.stage is None and timed.role != "cadence":
        return _overlay_unit(schedule, timed)
    stages = schedule.stages if timed.stage is None else schedule.stages[timed.stage : timed.stage + 1]
    endless = next((stage.world for stage in stages if pass_sp(schedule.worlds[stage.world]) is None), None)
    if endless is None:
        return None
    message = f"{timed.place}: '{timed.duration}': world {endless} never ends, it has no passes"
    return finding("E19", timed.steps, message, "give it in sp or ba, or the world a size")


def _overlay_unit(schedule: ScheduleSpec, timed: Timed) -> Finding | None:
    if common_pass(schedule) is not None:
        return None
    passes = {stage.world: pass_sp(schedule.worlds[stage.world]) for stage in schedule.stages}
    told = ", ".join(f"of {world} is {'without end' if sp is None else f'{sp}sp'}" for world, sp in passes.items())
    message = f"{timed.place}: '{timed.duration}' is by age, but the pass {told}"
    return finding("E20", timed.steps, message, "give it in sp")


def _bounds(level: Level) -> Iterator[Finding]:
    for steps, factor in placed_factors(level):
        if isinstance(factor, Ramp) and factor.shape == "exp" and min(factor.from_, factor.to) <= 0.0:
            message = f"{level.place}: {level.what}: an exp ramp runs between numbers above 0"
            yield finding("E30", steps, message, "another shape, or a small number such as 0.001")
        elif level.low is not None and span(factor)[0] < level.low:
            message = f"{level.place}: {level.what} {span(factor)[0]:g} is out of bounds"
            yield finding("E30", steps, message, f"between {level.low:g} and {level.high:g}")
    highest = prod(span(factor)[1] for factor in factors(level.scalar))
    if level.high is not None and highest > level.high:
        message = f"{level.place}: {level.what} {highest:g} is out of bounds"
        yield finding("E30", level.steps, message, f"between {level.low or 0:g} and {level.high:g}")


# ---- stages


def _length(clock: Clock, index: int, stage: StageSpec, lengths: Lengths) -> Iterator[Finding]:
    steps: Path = ("stages", index)
    if not lengths.bounded:
        message = f"stage {stage.name}: stage {stage.name} may never end: its trigger may never fire"
        yield finding("E21", steps, message, "add a limit, such as limit: 100ep")
    if lengths.fixed and stage.limit is not None:
        limit, batch = clock.updates(stage.limit, index), clock.schedule.clock.batch
        if limit * batch < lengths.longest_sp:
            message = f"stage {stage.name}: limit {stage.limit} ends it before until ({lengths.longest_sp}sp)"
            yield finding("E22", (*steps, "limit"), message, f"at least {lengths.longest_sp}sp")


def _reading(clock: Clock, index: int, leaf: Trigger, steps: Path) -> Iterator[Finding]:
    """E10: the readings a condition waits for come after the stage's end."""
    condition = leaf.criterion or leaf.plateau
    lengths, stage = clock.lengths[index], clock.schedule.stages[index]
    if condition is None or not lengths.bounded:
        return
    every = clock.updates(clock.schedule.probes[condition.probe].every, index)
    hold = leaf.criterion.hold if leaf.criterion else 1
    first = max(1, hold - 1) * every
    longest = lengths.longest_sp // clock.schedule.clock.batch
    if first <= longest:
        return
    what = "is never taken" if every > longest else f"is never taken {hold} times"
    message = f"stage {stage.name}: probe {condition.probe} {what} within {longest}ba: first due at {first}ba"
    yield finding("E10", (*steps, leaf.key, "probe"), message, "a smaller `every`, a longer limit, or a smaller hold")


def _event(clock: Clock, index: int, leaf: Trigger, steps: Path) -> Iterator[Finding]:
    """E31: an event that lies ahead for ever, or whose age is not known."""
    if leaf.since is None:
        return
    schedule, stage, lengths = clock.schedule, clock.schedule.stages[index], clock.lengths[index]
    before, event = clock.lengths[:index], leaf.since.event
    age = event_age(schedule, before, event)
    if since(schedule, before, stage, leaf.since) is None:
        reason = f"stage {stage.name}: event {event} is not before this stage, or its age differs between lives"
        yield finding("E31", (*steps, "since", "event"), reason, "use after, or an event of known age")
    elif age is not None and not lengths.fixed and lengths.bounded and age > lengths.oldest_sp + lengths.longest_sp:
        message = f"stage {stage.name}: event {event} not before {age}sp, the stage ends by"
        end = lengths.oldest_sp + lengths.longest_sp
        yield finding("E31", (*steps, "since", "event"), f"{message} {end}sp", "a longer limit, or an earlier event")


# ---- envelopes


def _envelopes(clock: Clock, level: Level) -> Iterator[Finding]:
    if level.stage is not None and not clock.lengths[level.stage].fixed and _has_shares(level):
        return
    for steps, factor in placed_factors(level):
        match factor:
            case Ramp() if not _before(clock, level, factor.start, factor.end):
                message = f"{level.place}: ramp ends ({factor.end}) before it starts ({factor.start})"
                yield finding("E13", (*steps, "end"), message, "swap start and end")
            case Steps():
                yield from _sorted(clock, level, factor, steps)
            case _:
                pass


def _has_shares(level: Level) -> bool:
    times = [time for _, factor in placed_factors(level) for time in _times(factor)]
    return any(time.unit == "st" for time in times)


def _times(factor: object) -> list[Duration]:
    match factor:
        case Ramp():
            return [factor.start, factor.end]
        case Steps():
            return [time for time, _ in factor.points]
        case Decay():
            return [factor.start, factor.half_life, *factor.restart_at]
        case _:
            return [time for field in ("onset", "duration") if (time := getattr(factor, field, None)) is not None]


def _before(clock: Clock, level: Level, first: Duration, second: Duration) -> bool:
    return clock.updates(first, level.stage) < clock.updates(second, level.stage)


def _sorted(clock: Clock, level: Level, factor: Steps, steps: Path) -> Iterator[Finding]:
    times = [time for time, _ in factor.points]
    if clock.updates(times[0], level.stage) != 0:
        message = f"{level.place}: the first step stands at {times[0]}, it must stand at 0sp"
        yield finding("E13", (*steps, "points", 0, 0), message, "begin with [0sp, ...]")
    for index in range(1, len(times)):
        if not _before(clock, level, times[index - 1], times[index]):
            message = f"{level.place}: step {times[index]} does not come after {times[index - 1]}"
            yield finding("E13", (*steps, "points", index, 0), message, "sort the steps")


# ---- overlays


def _overlays(clock: Clock) -> Iterator[Finding]:
    schedule = clock.schedule
    edges: list[tuple[Path, str, int]] = []
    for name, deficit in schedule.deficits.items():
        onset, duration = clock.updates(deficit.onset, None), clock.updates(deficit.duration, None)
        if duration:
            edges.append((("deficits", name, "onset"), f"deficit {name}", onset))
            edges.append((("deficits", name, "duration"), f"deficit {name}", onset + duration))
    for name, period in schedule.critical_periods.items():
        if period.level is None:
            yield from _window(clock, name, period)
            edges += [(steps, f"critical period {name}", age) for steps, age in _corners(clock, name, period)]
    if not all(each.bounded for each in clock.lengths):
        return
    batch, end = schedule.clock.batch, clock.longest_life
    late: set[str] = set()
    for steps, place, age in edges:
        if age > end and place not in late:
            late.add(place)
            message = f"{place}: edge at {age * batch}sp, life ends by {end * batch}sp"
            yield finding("E12", steps, message, "an earlier edge, or longer stages")


def _corners(clock: Clock, name: str, period: CriticalPeriodSpec) -> Iterator[tuple[Path, int]]:
    assert period.closes is not None
    steps, edge = ("critical_periods", name), clock.updates(period.edge, None)
    yield (*steps, "opens"), clock.updates(period.opens, None)
    yield (*steps, "closes"), clock.updates(period.closes, None) + edge
    for index, opening in enumerate(period.reopen):
        at = clock.updates(opening.at, None)
        yield (*steps, "reopen", index, "at"), at
        yield (*steps, "reopen", index, "duration"), at + clock.updates(opening.duration, None) + edge


def _window(clock: Clock, name: str, period: CriticalPeriodSpec) -> Iterator[Finding]:
    """E13: the openings follow each other, each at least as long as the flank that opens it."""
    steps, place, edge = ("critical_periods", name), f"critical period {name}", clock.updates(period.edge, None)
    corners = list(_corners(clock, name, period))
    for (opens_at, opens), (closes_at, closed) in zip(corners[::2], corners[1::2], strict=True):
        closes = closed - edge
        if closes <= opens:
            batch = clock.schedule.clock.batch
            message = f"{place}: closes ({closes * batch}sp) no later than it opens ({opens * batch}sp)"
            yield finding("E13", closes_at, message, "swap them")
        elif closes - opens < edge:
            yield finding("E13", (*steps, "edge"), f"{place}: edge {period.edge} is longer than the opening", "shorter")
        first = corners[0][1]
        if opens_at[-1] == "at" and opens < first:
            yield finding("E13", opens_at, f"{place}: reopens before it first opens", "sort the openings")
    ends = [corner for _, corner in corners]
    for index in range(1, len(corners) - 1, 2):
        if ends[index + 1] < ends[index] and ends[index + 1] >= ends[0]:
            message = f"{place}: reopens before the opening before it is over"
            yield finding("E13", corners[index + 1][0], message, "a later `at`")
