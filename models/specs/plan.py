"""From a canonical schedule to trajectories: stages cut where overlays change, merged where nothing does.

An arm is a path of steps; each step asks one trajectory for an offset, or for the ends that a trigger decides. The key
of a trajectory says where it starts and what is in force, never how long it lasts: arms and jobs that agree on a first
part have the same keys there, and train it once.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.errors import Refused
from models.specs.base import Spec
from models.specs.canonical import canonical_bytes, measured, probe_ids
from models.specs.in_force import Stretch, edges, regime_of, varies_by_stage_time
from models.specs.numerics import NumericsSpec
from models.specs.regime import Ending, Measured, Reading, RegimeSpec
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import Lengths, pass_sp, since, stage_lengths
from models.specs.triggers import Trigger, probes_read


@dataclass(frozen=True)
class Demand:
    """What a step asks of its trajectory: an offset, or ends decided life by life up to that offset."""

    offset: int
    ending: Ending | None = None


@dataclass(frozen=True)
class Span:
    """The part of a stage that a step covers: offsets [start, end]; the last end of a triggered stage is a bound."""

    stage: str
    start: int
    end: int
    stage_time_sp: int
    """Stage time at `start`."""


@dataclass(frozen=True)
class StepPlan:
    """One trajectory's part in an arm."""

    ordinal: int
    regime: RegimeSpec
    demand: Demand
    readings: Mapping[str, tuple[Reading, ...]]
    spans: tuple[Span, ...]
    from_age: tuple[int, int]
    """Least and greatest age at offset 0."""


@dataclass(frozen=True)
class ArmPlan:
    """The path of one arm, and its probes by id and by the names they have in the document."""

    steps: tuple[StepPlan, ...]
    probes: Mapping[str, Measured]
    probe_names: Mapping[str, str]

    @property
    def updates_max(self) -> int:
        """Updates of one life if every limit is met."""
        return sum(step.demand.offset for step in self.steps)

    @property
    def samples_max(self) -> int:
        """Samples of one life if every limit is met."""
        return sum(step.demand.offset * step.regime.batch for step in self.steps)


@dataclass
class _Draft:
    """A step that is still growing."""

    regime: RegimeSpec
    stage: str
    from_age: tuple[int, int]
    length: int = 0
    ending: Ending | None = None
    spans: list[Span] = field(default_factory=list)
    readings: dict[str, list[Reading]] = field(default_factory=dict)


def plan_arm(schedule: ScheduleSpec) -> ArmPlan:
    """The path of a canonical schedule's lives through trajectories; Refused (E31) if an end cannot be known."""
    probes = {name: measured(probe, schedule) for name, probe in schedule.probes.items()}
    names = probe_ids(schedule, probes)
    drafts: list[_Draft] = []
    for index, (stage, lengths) in enumerate(zip(schedule.stages, stage_lengths(schedule), strict=True)):
        for stretch in _stretches(schedule, stage, lengths):
            _lay(drafts, schedule, stage, stretch)
            last = stretch.end == lengths.longest_sp
            _read(drafts[-1], schedule, stage, names, stretch, ends=last and lengths.fixed)
        if not lengths.fixed:
            drafts[-1].ending = _ending(schedule, index, names, drafts[-1])
    steps = tuple(
        StepPlan(
            ordinal,
            draft.regime,
            Demand(draft.length, draft.ending),
            {probe: tuple(readings) for probe, readings in draft.readings.items()},
            tuple(draft.spans),
            draft.from_age,
        )
        for ordinal, draft in enumerate(drafts)
    )
    return ArmPlan(steps, {names[name]: probe for name, probe in probes.items()}, names)


def _stretches(schedule: ScheduleSpec, stage: StageSpec, lengths: Lengths) -> Iterator[Stretch]:
    """An aligned stage of fixed length is cut at overlay edges; any other is one stretch."""
    young, old = lengths.youngest_sp, lengths.oldest_sp
    cuts = {0, lengths.longest_sp}
    if lengths.fixed and lengths.aligned:
        cuts |= {age - young for age in edges(schedule, stage.world) if young < age < young + lengths.longest_sp}
    marks = sorted(cuts)
    for start, end in itertools.pairwise(marks):
        yield Stretch(start, end, young + start, old + end, lengths.aligned)


def _lay(drafts: list[_Draft], schedule: ScheduleSpec, stage: StageSpec, stretch: Stretch) -> None:
    """Let the stretch continue the last step if nothing changes there, else begin a new step."""
    batch = schedule.clock.batch
    regime = regime_of(schedule, stage, stretch)
    if not (drafts and _continues(drafts[-1], stage.name, regime)):
        oldest = stretch.oldest - (stretch.end - stretch.start)
        drafts.append(_Draft(regime, stage.name, (stretch.youngest, oldest)))
    draft = drafts[-1]
    start = draft.length
    draft.length += (stretch.end - stretch.start) // batch
    draft.stage = stage.name
    if draft.spans and draft.spans[-1].stage == stage.name:
        draft.spans[-1] = replace(draft.spans[-1], end=draft.length)
    else:
        draft.spans.append(Span(stage.name, start, draft.length, stretch.start))


def _continues(draft: _Draft, stage: str, regime: RegimeSpec) -> bool:
    if draft.ending is not None or regime.on_enter:
        return False
    same = _body(draft.regime) == _body(regime)
    return same and (stage == draft.stage or not varies_by_stage_time(regime))


def _body(regime: RegimeSpec) -> RegimeSpec:
    """The regime without what only its beginning decides."""
    acts: dict[str, Any] = {"on_enter": (), "looked_at": {}, "restores": {}, "rewired": {}}
    return regime.model_copy(update={**acts, "stage_origin_sp": 0, "age_origin_sp": None})


def _read(
    draft: _Draft, schedule: ScheduleSpec, stage: StageSpec, names: Mapping[str, str], stretch: Stretch, *, ends: bool
) -> None:
    """Every probe at stage time 0, at the multiples of its cadence, and at the end of a fixed stage."""
    batch = schedule.clock.batch
    origin = draft.length - stretch.end // batch
    first, last = stretch.start // batch, stretch.end // batch
    for name, probe in schedule.probes.items():
        every = probe.every.updates(batch, pass_sp=pass_sp(schedule.worlds[stage.world]))
        begin = 0 if first == 0 else (first // every + 1) * every
        series = draft.readings.setdefault(names[name], [])
        if begin <= last:
            _extend(series, Reading(first=origin + begin, every=every, last=origin + last // every * every))
        if ends and last % every:
            series.append(Reading(first=origin + last, every=0, last=origin + last))


def _extend(series: list[Reading], reading: Reading) -> None:
    """Append a progression, as one with the last if it goes on in step."""
    previous = series[-1] if series else None
    if previous and previous.every == reading.every and reading.first in (previous.last, previous.last + reading.every):
        series[-1] = previous.model_copy(update={"last": reading.last})
    else:
        series.append(reading)


def _ending(schedule: ScheduleSpec, index: int, names: Mapping[str, str], draft: _Draft) -> Ending:
    stage, batch = schedule.stages[index], schedule.clock.batch
    one_pass = pass_sp(schedule.worlds[stage.world])
    return Ending(
        until=_by_id(schedule, index, stage.until, names),
        entry=draft.spans[-1].start,
        limit=draft.length,
        on_limit=stage.on_limit,
        readings=tuple(sorted(set(names.values()))),
        every={
            names[probe]: schedule.probes[probe].every.updates(batch, pass_sp=one_pass)
            for probe in sorted(probes_read(stage.until))
        },
    )


def _by_id(schedule: ScheduleSpec, index: int, trigger: Trigger, names: Mapping[str, str]) -> Trigger:
    """The trigger with probes by id, and events by stage time or age."""
    match trigger.key:
        case "criterion" | "plateau":
            condition = getattr(trigger, trigger.key)
            return Trigger.model_validate({trigger.key: condition.model_copy(update={"probe": names[condition.probe]})})
        case "any" | "all":
            parts = tuple(_by_id(schedule, index, part, names) for part in getattr(trigger, trigger.key))
            return Trigger.model_validate({trigger.key: parts})
        case "not":
            assert trigger.not_ is not None
            return Trigger.model_validate({"not": _by_id(schedule, index, trigger.not_, names)})
        case "since":
            return _since(schedule, index, trigger)
        case _:
            return trigger


def _since(schedule: ScheduleSpec, index: int, trigger: Trigger) -> Trigger:
    assert trigger.since is not None
    stage = schedule.stages[index]
    resolved = since(schedule, stage_lengths(schedule)[:index], stage, trigger.since)
    if resolved is None:
        place = f"/stages/{index}/until"
        message = f"stage {stage.name}: the age of '{trigger.since.event}' differs between lives"
        raise Refused.because("E31", place, message, "use `after`, or an event of an aligned stage")
    return resolved


# ---- keys


def body_bytes(regime: RegimeSpec) -> bytes:
    """What of a regime enters the key of a child: all but what the root already says."""
    return canonical_bytes({k: v for k, v in regime.model_dump(mode="json").items() if k not in ("organism", "batch")})


def seedless_key(regime: RegimeSpec, numerics: NumericsSpec) -> str:
    """What trajectories of different seeds born under the same regime share."""
    return _digest("root", canonical_bytes(regime), canonical_bytes(numerics))


def root_key(regime: RegimeSpec, seeds: Sequence[int], numerics: NumericsSpec) -> str:
    """Key of a trajectory that begins at birth."""
    return _digest(seedless_key(regime, numerics), _numbers(seeds))


def child_key(parent_key: str, stop: str, regime: RegimeSpec, seeds: Sequence[int]) -> str:
    """Key of a trajectory that begins where another was left: at `stop`, with those seeds."""
    return _digest("child", parent_key, stop, body_bytes(regime), _numbers(seeds))


def realised_stop(offsets: Mapping[int, int]) -> str:
    """The stop of a triggered end: `d` and the digest of the offset at which each advancing seed left."""
    return "d" + _digest(*(f"{seed}:{offsets[seed]}" for seed in sorted(offsets)))[:24]


def ending_id(ending: Ending) -> str:
    """Name of a triggered end inside a trajectory."""
    return "e" + _digest(canonical_bytes(ending))[:12]


def provisional_stop(ending: Ending) -> str:
    """Stands for the stop of a triggered end that has not happened: equal ones share for certain."""
    return "u" + ending_id(ending)


def arm_keys(arm: ArmPlan, seeds: Sequence[int], numerics: NumericsSpec) -> list[str]:
    """Key of every step of an arm; provisional after the first triggered end."""
    keys: list[str] = []
    for step in arm.steps:
        if not keys:
            keys.append(root_key(step.regime, seeds, numerics))
            continue
        demand = arm.steps[step.ordinal - 1].demand
        stop = provisional_stop(demand.ending) if demand.ending else str(demand.offset)
        keys.append(child_key(keys[-1], stop, step.regime, seeds))
    return keys


def _numbers(seeds: Sequence[int]) -> str:
    return ",".join(map(str, sorted(seeds)))


def _digest(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


# ---- the plan of a whole document


class Totals(Spec):
    """What a document asks for, in samples over all lives; bounds if a trigger decides."""

    arms: int
    distinct_ends: int
    lives: int
    samples_flat: int
    samples_shared: int
    upper_bound: bool

    @property
    def saving(self) -> float:
        """Share of the flat samples that sharing saves."""
        return 1.0 - self.samples_shared / self.samples_flat


def totals(arms: Sequence[ArmPlan], seeds: Sequence[int], numerics: NumericsSpec) -> Totals:
    """Samples with and without sharing."""
    furthest: dict[str, int] = {}
    ends: set[tuple[str, str]] = set()
    for arm in arms:
        keys = arm_keys(arm, seeds, numerics)
        for key, step in zip(keys, arm.steps, strict=True):
            furthest[key] = max(furthest.get(key, 0), step.demand.offset * step.regime.batch)
        final = arm.steps[-1].demand
        ends.add((keys[-1], provisional_stop(final.ending) if final.ending else str(final.offset)))
    return Totals(
        arms=len(arms),
        distinct_ends=len(ends),
        lives=len(arms) * len(seeds),
        samples_flat=sum(arm.samples_max for arm in arms) * len(seeds),
        samples_shared=sum(furthest.values()) * len(seeds),
        upper_bound=any(step.demand.ending for arm in arms for step in arm.steps),
    )


@dataclass(frozen=True)
class Divergence:
    """The smallest age at which two arms differ, and the stages they are in."""

    age_sp: int
    exact: bool
    """False after a triggered end: not before this age."""
    stages: tuple[str | None, str | None]


def divergence(left: ArmPlan, right: ArmPlan) -> Divergence | None:
    """Where the regimes of two arms part; None if one lives the life of the other."""
    age, exact = 0, True
    batch = left.steps[0].regime.batch
    for ordinal in range(max(len(left.steps), len(right.steps))):
        pair = [arm.steps[ordinal] if ordinal < len(arm.steps) else None for arm in (left, right)]
        a, b = pair
        if a is None or b is None or a.regime != b.regime:
            stages = (a.spans[0].stage if a else None, b.spans[0].stage if b else None)
            return Divergence(age, exact, stages)
        if a.demand != b.demand:
            offset = min(a.demand.offset, b.demand.offset)
            exact = exact and not (a.demand.ending or b.demand.ending)
            return Divergence(age + (offset * batch if exact else 0), exact, (a.spans[-1].stage, b.spans[-1].stage))
        age += a.demand.offset * batch if exact and not a.demand.ending else 0
        exact = exact and a.demand.ending is None
    return None
