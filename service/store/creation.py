"""A new job: stored with its arms and steps in one transaction, on trajectories that are found or made."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from models.specs.canonical import canonical_bytes
from models.specs.members import Use
from models.specs.numerics import NumericsSpec
from models.specs.plan import root_key, seedless_key
from models.specs.regime import RegimeSpec
from service.store import demands, events, search, standing
from service.store.rows import Row, fetch
from service.store.tables.work import arm, arm_step, job, trajectory

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class NewStep:
    """One step of an arm, as planned."""

    regime: RegimeSpec
    demand: int
    ending: Mapping[str, Any] | None
    ending_id: str | None
    readings: Mapping[str, Sequence[Sequence[int]]]
    """Probe id -> (first, every, last)."""
    spans: Sequence[Mapping[str, Any]]
    """stage, start, end, stage_time_sp."""
    ages: tuple[int, int]


@dataclass(frozen=True)
class NewArm:
    """One arm and its path."""

    name: str
    labels: Mapping[str, str]
    document: Mapping[str, Any]
    document_hash: str
    probes: Mapping[str, Mapping[str, Any]]
    probe_names: Mapping[str, str]
    steps: Sequence[NewStep]


@dataclass(frozen=True)
class NewJob:
    """What is submitted, checked and planned."""

    project: str
    kind: str
    name: str
    document: Mapping[str, Any]
    document_hash: str
    seeds: Sequence[int]
    arms: Sequence[NewArm]
    apart: Sequence[int] = ()
    """Seeds that are not born in one cohort with the others, so that jobs of either kind alone share with this one."""
    numerics: NumericsSpec = field(default_factory=NumericsSpec)
    notes: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    created_by: str | None = None
    warnings: Sequence[Mapping[str, Any]] = ()
    uses: frozenset[Use] = frozenset()
    """Members of the registry, by which the job is found."""
    parent: str | None = None
    relation: str | None = None
    parent_age_sp: int | None = None
    """Of a fork: the age up to which it is the parent's arm."""


def numerics_text(numerics: NumericsSpec | Mapping[str, Any]) -> str:
    """A numerics class as trajectories carry it."""
    return canonical_bytes(numerics if isinstance(numerics, NumericsSpec) else dict(numerics)).decode()


def new_id(now: float) -> str:
    """`job_` and 26 characters that sort by creation."""
    number = (int(now * 1000) << 80) | secrets.randbits(80)
    return "job_" + "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def create(db: sa.Connection, now: float, new: NewJob, cohort_lives: int) -> tuple[str, list[str]]:
    """Store a job, find or make its trajectories, meet what is trained already; its id, and what to ring."""
    job_id = new_id(max(now, time.time()))
    db.execute(sa.insert(job).values(_job_row(job_id, now, new)))
    search.remember_uses(db, job_id, new.uses)
    wanted = [_births(db, each, new, cohort_lives) for each in new.arms]
    roots = {demands.trajectory_id(each.project, each.key): each for several in wanted for each in several}
    for _, each in sorted(roots.items()):  # in the order in which everybody locks them
        demands.find_or_create(db, now, each)
    for index, (new_arm, births) in enumerate(zip(new.arms, wanted, strict=True)):
        _create_arm(db, job_id, index, new_arm, births)
    events.append(db, now, job_id, "job.created", f"{len(new.arms)} arms, {len(new.seeds)} seeds", {})
    touched = demands.settle(db, now, sorted(roots))
    demands.refresh_wanted(db, touched)
    _count(db, now, job_id)
    standing.refresh(db, now, [job_id])
    return job_id, sorted(touched)


def _job_row(job_id: str, now: float, new: NewJob) -> dict[str, Any]:
    bound = any(step.ending is not None for each in new.arms for step in each.steps)
    return {
        "id": job_id,
        "project": new.project,
        "created_by": new.created_by,
        "kind": new.kind,
        "name": new.name,
        "notes": new.notes,
        "labels": dict(new.labels),
        "priority": new.priority,
        "document": dict(new.document),
        "document_hash": new.document_hash,
        "numerics": new.numerics.model_dump(mode="json"),
        "status": "queued",
        "desired": "running",
        "warnings": list(new.warnings),
        "parent": new.parent,
        "relation": new.relation,
        "parent_age_sp": new.parent_age_sp,
        "arms": len(new.arms),
        "seeds": list(new.seeds),
        "updates_done": 0,
        "updates_total": 0,
        "updates_reused": 0,
        "total_is": "bound" if bound else "exact",
        "last_event": 0,
        "version": 1,
        "created_at": now,
    }


def _births(db: sa.Connection, new: NewArm, whole: NewJob, cohort_lives: int) -> list[demands.Wanted]:
    """Where the cohorts of an arm begin."""
    first = new.steps[0]
    root = seedless_key(first.regime, whole.numerics)
    return [
        demands.Wanted(
            project=whole.project,
            key=root_key(first.regime, seeds, whole.numerics),
            root=root,
            regime=first.regime.model_dump(mode="json"),
            numerics=numerics_text(whole.numerics),
            seeds=seeds,
            ages=dict.fromkeys(seeds, 0),
            priority=whole.priority,
        )
        for seeds in cohorts_of(db, whole.project, root, (whole.seeds, whole.apart), cohort_lives)
    ]


def _create_arm(db: sa.Connection, job_id: str, index: int, new: NewArm, births: Sequence[demands.Wanted]) -> None:
    db.execute(
        sa.insert(arm).values(
            job=job_id,
            idx=index,
            name=new.name,
            labels=dict(new.labels),
            document=dict(new.document),
            document_hash=new.document_hash,
            probes=dict(new.probes),
            probe_names=dict(new.probe_names),
        )
    )
    first = new.steps[0]
    for number, birth in enumerate(births):
        found = demands.trajectory_id(birth.project, birth.key)
        for ordinal, step in enumerate(new.steps):
            row = _step_row(step) | {"job": job_id, "arm": index, "cohort": number, "ordinal": ordinal}
            begun = {"state": "open", "trajectory": found} if ordinal == 0 else {"state": "waiting"}
            db.execute(sa.insert(arm_step).values({**row, **begun, "seeds": list(birth.seeds)}))
        demands.add_readings(db, found, {probe: new.probes[probe] for probe in first.readings}, first.readings)


def _step_row(step: NewStep) -> dict[str, Any]:
    return {
        "regime": step.regime.model_dump(mode="json"),
        "demand": step.demand,
        "ending": None if step.ending is None else dict(step.ending),
        "ending_id": step.ending_id,
        "readings": {probe: [list(each) for each in progressions] for probe, progressions in step.readings.items()},
        "spans": [dict(span) for span in step.spans],
        "ages": list(step.ages),
    }


def cohorts_of(
    db: sa.Connection, project: str, root: str, seeds: tuple[Sequence[int], Sequence[int]], largest: int
) -> list[tuple[int, ...]]:
    """Seeds in cohorts: those that were born together under this regime stay together, the others form new ones.

    `seeds` are all of them, and those among them that are born apart from the rest.
    """
    everyone, apart = map(set, seeds)
    left, cohorts = set(everyone), list[tuple[int, ...]]()
    query = sa.select(trajectory.c.seeds).where(trajectory.c.project == project, trajectory.c.root == root)
    for found in sorted(db.execute(query.order_by(trajectory.c.id)).scalars(), key=len, reverse=True):
        if left.issuperset(found):
            cohorts.append(tuple(found))
            left -= set(found)
    return cohorts + [cohort for group in (left - apart, left & apart) for cohort in _parted(sorted(group), largest)]


def _parted(seeds: Sequence[int], largest: int) -> list[tuple[int, ...]]:
    """Seeds in as few cohorts of nearly equal size as the largest allows."""
    count = -(-len(seeds) // largest)
    size = -(-len(seeds) // count) if count else 0
    return [tuple(seeds[start : start + size]) for start in range(0, len(seeds), size or 1)]


def _count(db: sa.Connection, now: float, job_id: str) -> None:
    """Totals of distinct trajectories: later steps are told apart by where they will start."""
    total, seen = 0, dict[tuple[Any, ...], int]()
    for step in _steps(db, job_id):
        place = (step["trajectory"],) if step["trajectory"] else _place(seen, step)
        before = seen.get(place, 0)
        seen[place] = max(before, step["demand"])
        seen["last", step["arm"], step["cohort"]] = hash((place, step["demand"], step["ending_id"]))
        total += seen[place] - before
    reused = standing.updates_done(db, job_id)
    values = {"updates_total": total, "updates_reused": reused, "updates_done": reused}
    db.execute(sa.update(job).where(job.c.id == job_id).values(values))
    if reused:
        data = {"updates": reused}
        events.append(db, now, job_id, "trajectory.reused", f"{reused} of {total} updates are trained already", data)


def _place(seen: Mapping[tuple[Any, ...], int], step: Row) -> tuple[Any, ...]:
    body = canonical_bytes({name: part for name, part in step["regime"].items() if name != "organism"})
    return (seen["last", step["arm"], step["cohort"]], body)


def _steps(db: sa.Connection, job_id: str) -> list[Row]:
    order = (arm_step.c.arm, arm_step.c.cohort, arm_step.c.ordinal)
    return fetch(db, sa.select(arm_step).where(arm_step.c.job == job_id).order_by(*order))
