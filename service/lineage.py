"""Jobs that come from a job: retry goes on after a failure, fork leaves an arm at an age, extend lengthens a stage.

All three are new jobs with a parent. What they share with it is found by the keys of trajectories, so nothing is
copied; what they ask of the past that is not stored there is trained again, to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from models.errors import Refused as RefusedDocument
from models.specs import patches
from models.specs.agreement import Lived, Parting, parting
from models.specs.document import Parsed
from models.specs.durations import Duration, Unresolvable
from models.specs.findings import did_you_mean
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import common_pass, stage_lengths
from service.errors import NotFound, Refused
from service.lifecycle import obeys
from service.store import jobs, snapshots
from service.store.creation import NewJob
from service.store.rows import Row
from service.submission import (
    About,
    Door,
    Prepared,
    PreparedArm,
    Submitted,
    limits_of,
    need_of,
    new_job,
    prepare,
    store,
)
from service.wire.jobs import ExtendBody, ForkBody, NewJobBody

Data = dict[str, Any]


def retry(door: Door, job: str, body: NewJobBody) -> Submitted:
    """A new job of the same document that goes on from the last snapshots, failure marks cleared."""
    with door.database.read() as db:
        row = jobs.get(db, door.caller.project, job)
    if not obeys(row["status"], "retry"):
        raise jobs.refusal(row["status"], "retry")
    prepared = _prepared(door, row, row["document"])
    return _stored(door, row, prepared, body, relation="retry")


def fork(door: Door, job: str, body: ForkBody) -> Submitted:
    """A new job whose lives are those of an arm up to an age, and live by another document from there on."""
    with door.database.read() as db:
        arm = Arm.read(db, jobs.get(db, door.caller.project, job), body.arm)
        age_sp = _age(arm, body)
        prepared = _prepared(door, arm.job, _document(arm, body), body.base)
        for each in prepared.arms:
            _require_past(arm, prepared, each, age_sp)
        if not body.retrain:
            _require_stored(db, arm, age_sp)
    return _stored(door, arm.job, prepared, body, relation="fork", parent_age_sp=age_sp)


def extend(door: Door, job: str, body: ExtendBody) -> Submitted:
    """A new job of the same arms with one stage made longer; what they have lived of it is shared."""
    with door.database.read() as db:
        row = jobs.get(db, door.caller.project, job)
        arms = [Arm.read(db, row, each["idx"]) for each in jobs.arms_of(db, job)]
    prepared = _prepared(door, row, _lengthened(row, body))
    longer = [_is_longer(arm, new, body) for arm, new in zip(arms, prepared.arms, strict=True)]
    if not any(longer):
        at = "/until" if body.until is not None else "/limit"
        raise _refused("not-longer", at, f"stage {body.stage} would not be longer in any arm", "a greater length")
    return _stored(door, row, prepared, body, relation="extend")


# ---- the job that is left


@dataclass(frozen=True)
class Arm:
    """An arm of a stored job: its schedule, its plan, and its steps as far as it has come."""

    job: Row
    index: int
    schedule: ScheduleSpec
    plan: ArmPlan
    steps: Sequence[Row]
    ends: Mapping[tuple[int, int, int], int]
    """(cohort, ordinal, seed) -> offset at which the life left."""

    @classmethod
    def read(cls, db: sa.Connection, row: Row, index: int) -> Arm:
        """The arm of a job; NotFound if it has none of that index."""
        found = next((arm for arm in jobs.arms_of(db, row["id"]) if arm["idx"] == index), None)
        if found is None:
            raise NotFound(f"job {row['id']} has no arm {index}")
        schedule = ScheduleSpec.model_validate_json(orjson.dumps(found["document"]))
        steps = [step for step in jobs.steps_of(db, row["id"]) if step["arm"] == index and step["trajectory"]]
        ended = [each for each in jobs.transitions_of(db, row["id"]) if each["arm"] == index]
        ends: dict[tuple[int, int, int], int] = {}
        for each in ended:
            place = (each["cohort"], each["ordinal"], each["seed"])
            ends[place] = min(each["offset"], ends.get(place, each["offset"]))
        return cls(row, index, schedule, plan_arm(schedule), steps, ends)

    @property
    def batch(self) -> int:
        """Samples per update, the same all life long."""
        return self.schedule.clock.batch

    def left(self, step: Row, seed: int) -> int:
        """The offset at which a life left a step, or stands in it."""
        stands = min(step["reached"], step["demand"])
        return int(self.ends.get((step["cohort"], step["ordinal"], seed), stands))

    def lived(self) -> list[Lived]:
        """The steps entered, over all cohorts."""
        found: list[Lived] = []
        for ordinal in range(len(self.plan.steps)):
            here = [step for step in self.steps if step["ordinal"] == ordinal]
            if not here:
                break
            born = {seed: int(step["born"][str(seed)]) for step in here for seed in step["seeds"]}
            # a fixed end is where the plan says, whether or not the life has come there yet
            left = {seed: self._leaves(step, seed) for step in here for seed in step["seeds"]}
            found.append(Lived(born, left))
        return found

    def _leaves(self, step: Row, seed: int) -> int:
        return int(step["demand"]) if step["ending"] is None else self.left(step, seed)


def _age(arm: Arm, body: ForkBody) -> int:
    """The age in samples that a fork names; Refused unless it is a border between two updates."""
    if body.age_sp is not None:
        age_sp = body.age_sp
    else:
        assert body.age is not None
        try:
            duration = Duration.parse(body.age)
            age_sp = duration.updates(arm.batch, pass_sp=common_pass(arm.schedule)) * arm.batch
        except Unresolvable as error:
            raise _refused("age", "/age", str(error), "an age in sp or ba") from None
        except ValueError as error:
            raise _refused("age", "/age", str(error), "an age such as 24000sp or 40ep") from None
    if age_sp % arm.batch:
        below = age_sp - age_sp % arm.batch
        message = f"age {age_sp} sp lies within an update of {arm.batch} samples"
        raise _refused("age", "/age_sp", message, f"{below} or {below + arm.batch}")
    return age_sp


def _document(arm: Arm, body: ForkBody) -> Data:
    """The document of a fork: the one that is sent, or the arm's own with the patch applied."""
    if body.document is not None:
        return body.document
    try:
        writes = [patches.write_of(edit, f"/patch/{place}", "patch") for place, edit in enumerate(body.patch or ())]
        return patches.apply(arm.schedule.model_dump(mode="json"), writes)
    except RefusedDocument as error:
        faults = [_fault(each.code, each.pointer, each.message, each.suggestion) for each in error.findings]
        raise Refused(faults[0]["message"], errors=faults) from None


def _require_past(arm: Arm, prepared: Prepared, new: PreparedArm, age_sp: int) -> None:
    """Refused, with the first divergence, unless a new arm lives the arm's lives up to an age."""
    ours = tuple(arm.job["seeds"])
    if prepared.seeds != ours:
        hint = f"seeds: {{start: {ours[0]}, count: {len(ours)}}}, or submit the document as a job of its own"
        raise _refused("seeds", "/document/seeds", "a fork continues the lives of the arm, seed by seed", hint)
    where = parting(arm.plan, new.plan, arm.lived())
    if where.age_sp >= age_sp:
        return
    first, second = (stage or "the end of life" for stage in where.stages)
    which = f"arm {new.name}" if len(prepared.arms) > 1 else "the document"
    message = f"{which} leaves arm {arm.index} at age {where.age_sp} sp ({first} / {second}), before {age_sp} sp"
    hint = f"fork at {where.age_sp} sp or before, or change only what is later than {age_sp} sp"
    divergence = {"age_sp": where.age_sp, "stage_a": where.stages[0], "stage_b": where.stages[1]}
    fault = _fault("diverges-before", "/age_sp", message, hint)
    raise Refused(message, errors=[{**fault, "first_divergence": divergence}])


def _require_stored(db: sa.Connection, arm: Arm, age_sp: int) -> None:
    """Refused unless every life of the arm is in a stored snapshot at an age."""
    stored = {(row["trajectory"], row["stop"]) for row in snapshots.of_job(db, arm.job["id"]) if row["complete"]}
    known: dict[tuple[int, int], set[int]] = {}
    for step in arm.steps:
        for seed in step["seeds"]:
            ages = known.setdefault((step["cohort"], seed), {0})
            ages |= set(_stored_ages(arm, step, seed, stored))
    lacking = sorted(seed for (_, seed), ages in known.items() if age_sp not in ages)
    if lacking:
        common = set.intersection(*known.values())
        least, nearest = min(common), min(common, key=lambda age: (abs(age - age_sp), age))
        message = f"no snapshot of age {age_sp} sp is stored for seeds {lacking[:10]}"
        hint = f"fork at {nearest} sp (stored: {len(common)} ages from {least} to {max(common)} sp), or retrain: true"
        raise Refused(message, code="age-not-stored", errors=[_fault("age-not-stored", "/age_sp", message, hint)])


def _stored_ages(arm: Arm, step: Row, seed: int, stored: set[tuple[str, str]]) -> Iterator[int]:
    born, left = int(step["born"][str(seed)]), arm.left(step, seed)
    for trajectory, stop in stored:
        if trajectory != step["trajectory"]:
            continue
        if stop.isdecimal() and int(stop) <= left:
            yield born + int(stop) * arm.batch
        elif stop == step["stop"]:
            yield born + left * arm.batch


# ---- a longer stage


def _lengthened(row: Row, body: ExtendBody) -> Data:
    """The job's document with another length of a stage; of a study, in its base."""
    document = row["document"]
    inner = document["base"] if row["kind"] == "study" else document
    names = [stage.get("name") for stage in inner["stages"]]
    if body.stage not in names:
        hint = did_you_mean(body.stage, names) or "name a stage of the document"
        raise _refused("unknown-stage", "/stage", f"there is no stage {body.stage!r}", hint)
    stages = [_longer_stage(stage, body) if stage.get("name") == body.stage else stage for stage in inner["stages"]]
    longer = {**inner, "stages": stages}
    return {**document, "base": longer} if row["kind"] == "study" else longer


def _longer_stage(stage: Data, body: ExtendBody) -> Data:
    """A length that the document fixes needs no limit."""
    if body.until is None:
        return {**stage, "limit": body.limit}
    fixed = body.until.keys() <= {"after", "age", "since"}
    return {**{name: part for name, part in stage.items() if not (fixed and name == "limit")}, "until": body.until}


def _is_longer(arm: Arm, new: PreparedArm, body: ExtendBody) -> bool:
    """Whether an arm gets a longer stage; Refused if it would be shorter, or another before its present end."""
    places = [place for place, stage in enumerate(arm.schedule.stages) if stage.name == body.stage]
    if not places or new.schedule == arm.schedule:
        return False
    (place,) = places
    before, after = stage_lengths(arm.schedule)[place], stage_lengths(new.schedule)[place]
    pointer = "/until" if body.until is not None else "/limit"
    old, young = arm.schedule.stages[place].until, new.schedule.stages[place].until
    if not after.fixed and young != old:
        message = f"stage {body.stage}: another trigger may end it earlier"
        raise _refused("not-longer", pointer, message, "a fixed length beyond its limit, a greater limit, or a fork")
    if after.longest_sp < before.longest_sp:
        message = f"stage {body.stage} would last {after.longest_sp} sp, shorter than its {before.longest_sp} sp"
        raise _refused("not-longer", pointer, message, f"more than {before.longest_sp} sp, or a fork")
    where = parting(arm.plan, new.plan, arm.lived())
    if where.stages[0] not in (body.stage, *_after(arm, place)) or _too_early(arm, where, place):
        message = (
            f"arm {arm.index} would be another from age {where.age_sp} sp on: a value varies with the stage's length"
        )
        hint = "write the durations of the stage in sp, ba or ep, not in st, and submit that first"
        raise _refused("diverges-before", pointer, message, hint)
    return after.longest_sp > before.longest_sp


def _after(arm: Arm, place: int) -> list[str | None]:
    """What a life that has left the stage is in: the next stage, or nothing."""
    following = arm.schedule.stages[place + 1 : place + 2]
    return [following[0].name if following else None]


def _too_early(arm: Arm, where: Parting, place: int) -> bool:
    """Whether lives would part before the first of them leaves the stage."""
    entered = stage_lengths(arm.schedule)[place]
    least = entered.youngest_sp + (entered.longest_sp if entered.fixed else arm.batch)
    return where.age_sp < least


# ---- the new job


def _prepared(door: Door, row: Row, document: Data, base: Data | None = None) -> Prepared:
    numerics = NumericsSpec.model_validate(row["numerics"])
    return prepare(Parsed(document), base, numerics, limits_of(door.settings, door.caller))


def _stored(door: Door, parent: Row, prepared: Prepared, body: NewJobBody, **lineage: Any) -> Submitted:
    labels = parent["labels"] if body.labels is None else body.labels
    priority = parent["priority"] if body.priority is None else body.priority
    notes = parent["notes"] if body.notes is None else body.notes
    about = About(body.name or parent["name"], notes, labels, priority)
    new: NewJob = replace(new_job(prepared, door.caller, about), parent=parent["id"], **lineage)
    return store(door, new, need_of(prepared))


def _refused(code: str, pointer: str, message: str, suggestion: str) -> Refused:
    return Refused(message, code="invalid-query", errors=[_fault(code, pointer, message, suggestion)])


def _fault(code: str, pointer: str, message: str, suggestion: str | None) -> Data:
    return {"pointer": pointer, "code": code, "message": message, "suggestion": suggestion and {"text": suggestion}}
