"""The one business act: a document becomes arms, arms become paths through trajectories, and all of it one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from models.errors import Refused as RefusedDocument
from models.specs.base import Spec
from models.specs.canonical import canonical, document_id
from models.specs.checks import Checked, check_document
from models.specs.document import Parsed
from models.specs.findings import Finding, finding, from_reason
from models.specs.limits import Limits, asked
from models.specs.members import uses
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, StepPlan, ending_id, plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec
from service.errors import Gone, NotFound, Refused
from service.settings import Settings
from service.store import access, creation, jobs, quotas
from service.store.access import Caller, Repeat
from service.store.crash import crash_point
from service.store.creation import NewArm, NewJob, NewStep
from service.store.engine import Database, again_on_conflict
from service.store.quotas import Need

Data = dict[str, Any]


@dataclass(frozen=True)
class PreparedArm:
    """One arm: its place in the study, its canonical schedule and its path."""

    index: int
    name: str
    labels: Mapping[str, str]
    schedule: ScheduleSpec
    plan: ArmPlan
    document_id: str


@dataclass(frozen=True)
class Prepared:
    """A document that passed the checks, planned."""

    kind: str
    name: str
    notes: str
    document: Data
    """As submitted; a study has its base inside."""
    canonical: Data
    document_id: str
    study: StudySpec | None
    """What is asked of the arms; None: the document is one schedule."""
    arms: tuple[PreparedArm, ...]
    seeds: tuple[int, ...]
    confirmatory: tuple[int, ...]
    """Those of the seeds that are kept for claims."""
    numerics: NumericsSpec
    warnings: tuple[Data, ...]


@dataclass(frozen=True)
class About:
    """How a job is listed, beside its document."""

    name: str | None = None
    notes: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True)
class Submitted:
    """A stored job: its id, the trajectories to ring for, and whether an earlier request had stored it."""

    job: str
    ring: tuple[str, ...]
    replayed: bool = False


def submit(
    database: Database, settings: Settings, caller: Caller, prepared: Prepared, about: About, repeat: Repeat | None
) -> Submitted:
    """Store a prepared document as a job, with the row of its idempotency key, in one transaction; ring after it."""
    return store(Door(database, settings, caller, repeat), new_job(prepared, caller, about), need_of(prepared))


@dataclass(frozen=True)
class Door:
    """Where a job is stored, under which settings, for whom, and whether the request may be a repeat."""

    database: Database
    settings: Settings
    caller: Caller
    repeat: Repeat | None


@again_on_conflict
def store(door: Door, new: NewJob, need: Need) -> Submitted:
    """A new job, with the row of its idempotency key, in one transaction; QuotaExceeded if the key has no room."""
    settings, repeat = door.settings, door.repeat
    with door.database.write() as db:
        now = door.database.now(db)
        before = repeat and access.answered(db, now, repeat)
        if repeat and before:
            job = first_answer(repeat, before).rpartition("/")[2]
            if not jobs.heads(db, [job]):
                raise Gone(f"the first request with this key made {job}, which has been deleted; choose a new key")
            return Submitted(job, (), replayed=True)
        quotas.require(db, door.caller.key, door.caller.quotas, need)
        if new.parent is not None:
            jobs.get(db, new.project, new.parent)
        if new.parent is not None and new.relation == "retry":
            jobs.clear_failures(db, new.parent)
        job, ring = creation.create(db, now, new, settings.cohort_lives)
        if repeat:
            access.remember(db, now, repeat, 201, f"/v1/jobs/{job}", settings.idempotency_seconds)
    crash_point("after_submit_commit")
    return Submitted(job, tuple(ring))


def first_answer(repeat: Repeat, before: Mapping[str, Any]) -> str:
    """Where the first request with this idempotency key led; Refused if it had another body."""
    if before["body_sha256"] != repeat.body_sha256:
        raise Refused("this idempotency key came before with another body", code="idempotency-key-reused")
    if before["location"] is None:
        raise NotFound("the first request with this key made nothing that can be shown")
    return str(before["location"])


def need_of(prepared: Prepared) -> Need:
    """What a document may add to what is stored, at most; equal arms are counted once."""
    arms = {arm.document_id: arm.schedule for arm in prepared.arms}.values()
    costs = [asked(schedule) for schedule in arms]
    lives = len(prepared.seeds)
    return Need(lives * sum(cost.history_values for cost in costs), lives * sum(cost.snapshot_bytes for cost in costs))


def limits_of(settings: Settings, caller: Caller) -> Limits:
    """The largest submission that a caller may make."""
    own = {name: value for name, value in caller.quotas.items() if name in Limits.model_fields}
    return settings.limits.model_copy(
        update={name: min(value, getattr(settings.limits, name)) for name, value in own.items()}
    )


def new_job(prepared: Prepared, caller: Caller, about: About) -> NewJob:
    """A prepared document as the store takes it."""
    return NewJob(
        project=caller.project,
        created_by=caller.key,
        kind=prepared.kind,
        name=about.name or prepared.name,
        notes=prepared.notes if about.notes is None else about.notes,
        labels=about.labels,
        priority=about.priority,
        document=prepared.document,
        document_hash=prepared.document_id,
        seeds=prepared.seeds,
        apart=prepared.confirmatory,
        numerics=prepared.numerics,
        warnings=prepared.warnings,
        uses=uses(prepared.study, {arm.document_id: arm.schedule for arm in prepared.arms}.values()),
        arms=[_new_arm(arm) for arm in prepared.arms],
    )


def _new_arm(arm: PreparedArm) -> NewArm:
    return NewArm(
        name=arm.name,
        labels=arm.labels,
        document=arm.schedule.model_dump(mode="json"),
        document_hash=arm.document_id,
        probes={name: probe.model_dump(mode="json") for name, probe in arm.plan.probes.items()},
        probe_names=arm.plan.probe_names,
        steps=[_new_step(step) for step in arm.plan.steps],
    )


def _new_step(step: StepPlan) -> NewStep:
    ending = step.demand.ending
    return NewStep(
        regime=step.regime,
        demand=step.demand.offset,
        ending=None if ending is None else ending.model_dump(mode="json"),
        ending_id=None if ending is None else ending_id(ending),
        readings={
            name: [(each.first, each.every, each.last) for each in taken] for name, taken in step.readings.items()
        },
        spans=[asdict(span) for span in step.spans],
        ages=step.from_age,
    )


@dataclass(frozen=True)
class Examined:
    """Everything that was found in a document, and the document planned if nothing forbids it."""

    result: Checked
    findings: tuple[Data, ...]
    prepared: Prepared | None


def examine(
    parsed: Parsed, base: Mapping[str, Any] | None, numerics: NumericsSpec, limits: Limits | None = None
) -> Examined:
    """Check a document and plan it; findings have line and column where these are known."""
    result = check_document(parsed.data, base, limits)
    strangers = _unfit_base(parsed.data, base)
    findings = [told(each, parsed) for each in (*strangers, *result.findings)]
    if strangers or not result.ok:
        return Examined(result, tuple(findings), None)
    try:
        arms = tuple(_arms(result))
    except RefusedDocument as error:
        refused = [told(from_reason(each), parsed) for each in error.findings]
        return Examined(result, (*refused, *findings), None)
    document = {**parsed.data, "base": dict(base)} if base is not None else parsed.data
    return Examined(result, tuple(findings), _prepared(result, document, arms, numerics, findings))


def prepare(
    parsed: Parsed, base: Mapping[str, Any] | None, numerics: NumericsSpec, limits: Limits | None = None
) -> Prepared:
    """A document checked and planned; Refused with all findings if it cannot run."""
    examined = examine(parsed, base, numerics, limits)
    if examined.prepared is None:
        raise _refusal(examined.result.kind, examined.findings)
    return examined.prepared


def told(finding: Finding, parsed: Parsed) -> Data:
    """A finding as data, with the position in the text."""
    line, column = parsed.position(finding.pointer) or (None, None)
    return {**finding.model_dump(mode="json"), "line": line, "column": column}


def _unfit_base(data: Mapping[str, Any], base: Mapping[str, Any] | None) -> list[Finding]:
    """A base that is sent along must be the one that the study names."""
    named = data.get("base")
    if base is None or named == base.get("name"):
        return []
    if not isinstance(named, str):
        return [finding("E23", ("base",), "base: sent along, but not named by the document", "leave one of them out")]
    message = f"base: '{named}' is named, '{base.get('name')}' was sent along"
    return [finding("E16", ("base",), message, "name the one that is sent")]


def _prepared(
    result: Checked, document: Data, arms: tuple[PreparedArm, ...], numerics: NumericsSpec, warnings: Sequence[Data]
) -> Prepared:
    assert result.spec is not None
    assert result.kind is not None
    study = result.spec if isinstance(result.spec, StudySpec) else None
    return Prepared(
        kind=result.kind,
        name=result.spec.name,
        notes=result.spec.notes,
        document=document,
        canonical=_canonical_form(result.spec, document, arms),
        document_id=arms[0].document_id if result.kind == "schedule" else study_id(result.spec, document),
        study=study,
        arms=arms,
        seeds=result.numbers,
        confirmatory=() if study is None else study.confirmatory,
        numerics=numerics,
        warnings=tuple(warnings),
    )


def study_id(spec: Spec, document: Mapping[str, Any]) -> str:
    """Id of a study with the base it was submitted with; names and notes of the base do not count."""
    unhashed = ("name", "notes", "tags", "seeds")
    base = {key: part for key, part in document["base"].items() if key not in unhashed}
    return document_id({**spec.model_dump(mode="json"), "base": base})


def _arms(result: Checked) -> list[PreparedArm]:
    """Arms in order; equal schedules are planned once."""
    planned: dict[str, tuple[ScheduleSpec, ArmPlan]] = {}
    arms = []
    for index, schedule in enumerate(result.schedules):
        form = canonical(schedule)
        name = document_id(form)
        if name not in planned:
            planned[name] = (form, plan_arm(form))
        about = result.arms[index] if result.arms else None
        labels = about.labels if about else {}
        arms.append(PreparedArm(index, about.name if about else schedule.name, labels, *planned[name], name))
    return arms


def _canonical_form(spec: ScheduleSpec | StudySpec, document: Data, arms: Sequence[PreparedArm]) -> Data:
    if isinstance(spec, StudySpec):
        return {**spec.model_dump(mode="json"), "base": document["base"]}
    return arms[0].schedule.model_dump(mode="json")


def _refusal(kind: str | None, findings: Sequence[Data]) -> Refused:
    errors = [each for each in findings if each["severity"] == "error"]
    warnings = [each for each in findings if each["severity"] == "warning"]
    only_cost = all(each["code"] == "E17" for each in errors)
    code = "too-costly" if only_cost else "invalid-study" if kind == "study" else "invalid-schedule"
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    return Refused(errors[0]["message"] + more, code=code, errors=errors, warnings=warnings)
