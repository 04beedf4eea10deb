"""Jobs: created with their arms and steps in one transaction, listed by key, asked to stop, hold and go on, deleted."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from models.specs.canonical import canonical_bytes
from models.specs.numerics import NumericsSpec
from models.specs.plan import root_key, seedless_key
from models.specs.regime import RegimeSpec
from service.errors import Conflict, NotFound, Stale
from service.lifecycle import ALLOWED, ALREADY, DESIRED, TERMINAL, Verb, obeys
from service.store import demands, events, standing
from service.store.rows import Row, fetch, fetch_one
from service.store.tables.record import event, history_block, history_chunk, series, transition
from service.store.tables.work import arm, arm_step, job, snapshot, trajectory

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
    numerics: NumericsSpec = field(default_factory=NumericsSpec)
    notes: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    created_by: str | None = None
    warnings: Sequence[Mapping[str, Any]] = ()
    parent: str | None = None
    relation: str | None = None


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
        for seeds in cohorts_of(db, whole.project, root, whole.seeds, cohort_lives)
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


def cohorts_of(db: sa.Connection, project: str, root: str, seeds: Sequence[int], largest: int) -> list[tuple[int, ...]]:
    """Seeds in cohorts: those that were born together under this regime stay together, the others form new ones."""
    left, cohorts = set(seeds), list[tuple[int, ...]]()
    query = sa.select(trajectory.c.seeds).where(trajectory.c.project == project, trajectory.c.root == root)
    for found in sorted(db.execute(query.order_by(trajectory.c.id)).scalars(), key=len, reverse=True):
        if left.issuperset(found):
            cohorts.append(tuple(found))
            left -= set(found)
    rest = sorted(left)
    count = -(-len(rest) // largest)
    size = -(-len(rest) // count) if count else 0
    cohorts += [tuple(rest[start : start + size]) for start in range(0, len(rest), size or 1)]
    return cohorts


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


# ---- reading


def get(db: sa.Connection, project: str, job_id: str) -> Row:
    """The row of a job; NotFound if it is not there or another project's."""
    row = fetch_one(db, sa.select(job).where(job.c.id == job_id, job.c.project == project))
    if row is None:
        raise NotFound(f"there is no job {job_id}")
    return row


def list_page(
    db: sa.Connection,
    project: str,
    conditions: Sequence[Any] = (),
    *,
    before: str | None = None,
    limit: int = 50,
    ascending: bool = False,
) -> list[Row]:
    """Rows of jobs without documents, newest first; `before` is the last id of the page before."""
    columns = [column for column in job.c if column.name not in ("document", "warnings")]
    query = sa.select(*columns).where(job.c.project == project, *conditions)
    if before is not None:
        query = query.where(job.c.id > before if ascending else job.c.id < before)
    return fetch(db, query.order_by(job.c.id.asc() if ascending else job.c.id.desc()).limit(limit))


def arms_of(db: sa.Connection, job_id: str) -> list[Row]:
    """The arms of a job, in order."""
    return fetch(db, sa.select(arm).where(arm.c.job == job_id).order_by(arm.c.idx))


def steps_of(db: sa.Connection, job_id: str) -> list[Row]:
    """The steps of all arms, each with the trajectory's state."""
    t = trajectory.c
    told = [t.reached, t.wanted, t.lease_until, t.owner, t.fence, t.crashes, t.error, t.train_seconds]
    query = (
        sa.select(arm_step, *told, t.ages.label("born"), t.seeds.label("lives"), t.key)
        .outerjoin(trajectory, t.id == arm_step.c.trajectory)
        .where(arm_step.c.job == job_id)
        .order_by(arm_step.c.arm, arm_step.c.cohort, arm_step.c.ordinal)
    )
    return fetch(db, query)


def transitions_of(db: sa.Connection, job_id: str) -> list[Row]:
    """Ends of stages on the job's paths: those that triggers decided, and divergences, with arm and stage spans."""
    within = sa.and_(transition.c.demand == "diverged", transition.c.offset <= arm_step.c.demand)
    ours = sa.or_(transition.c.demand == arm_step.c.ending_id, within)
    query = (
        sa.select(transition, arm_step.c.arm, arm_step.c.cohort, arm_step.c.ordinal, arm_step.c.spans, arm_step.c.seeds)
        .join(arm_step, sa.and_(arm_step.c.trajectory == transition.c.trajectory, ours))
        .where(arm_step.c.job == job_id)
        .order_by(arm_step.c.arm, transition.c.seed, arm_step.c.ordinal)
    )
    rows = [row for row in fetch(db, query) if row["seed"] in row["seeds"]]
    left = {_life(row): row["offset"] for row in rows if row["demand"] != "diverged"}
    return [row for row in rows if row["demand"] != "diverged" or row["offset"] <= left.get(_life(row), row["offset"])]


def _life(row: Row) -> tuple[int, int, int]:
    """One life in one step: what happens to it in the trajectory after it left is another arm's."""
    return row["arm"], row["ordinal"], row["seed"]


def trained_to(db: sa.Connection, project: str, keys: Sequence[str]) -> dict[str, int]:
    """Offset reached by those of the trajectories that exist, by key."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        part = list(keys[start : start + 500])
        query = sa.select(trajectory.c.key, trajectory.c.reached).where(
            trajectory.c.project == project, trajectory.c.key.in_(part)
        )
        found |= {row.key: row.reached for row in db.execute(query)}
    return found


# ---- asking


def request(db: sa.Connection, now: float, project: str, job_id: str, verb: Verb, reason: str | None = None) -> bool:
    """Cancel, pause or resume; False if it is so already. Conflict, with the verbs allowed, where it cannot be."""
    ids = _lock_trajectories(db, job_id)
    row = _locked(db, project, job_id)
    if not obeys(row["status"], verb):
        allowed = ALLOWED[row["status"]]
        raise Conflict(f"a job that is {row['status']} cannot be asked to {verb}", allowed=allowed)
    if row["status"] in ALREADY[verb]:
        return False
    values = {"desired": DESIRED[verb], "reason": reason, "version": job.c.version + 1}
    db.execute(sa.update(job).where(job.c.id == job_id).values(values))
    events.append(db, now, job_id, "job.asked", f"asked to {verb}", {"verb": verb, "reason": reason})
    demands.refresh_wanted(db, demands.settle(db, now, ids))
    standing.refresh(db, now, [job_id])
    return True


def clear_failures(db: sa.Connection, job_id: str) -> None:
    """Let failed trajectories of a job be tried again."""
    values = {"error": None, "crashes": 0, "not_before": 0.0, "rung_at": 0.0}
    ids = _trajectories(db, job_id)
    db.execute(sa.update(trajectory).where(trajectory.c.id.in_(ids), trajectory.c.error.is_not(None)).values(values))


def patch(db: sa.Connection, project: str, job_id: str, values: Mapping[str, Any], version: int | None) -> Row:
    """Change name, notes, labels or priority; Stale if the version is another than the one named."""
    ids = _lock_trajectories(db, job_id) if "priority" in values else []
    row = _locked(db, project, job_id)
    if version is not None and version != row["version"]:
        raise Stale(f"the job is at version {row['version']}, not {version}")
    db.execute(sa.update(job).where(job.c.id == job_id).values({**values, "version": job.c.version + 1}))
    demands.refresh_wanted(db, ids)
    return get(db, project, job_id)


def delete(db: sa.Connection, project: str, job_id: str, version: int | None = None) -> list[str]:
    """Delete a job that has ended, with all that no other job reaches; names of the snapshot files to remove."""
    ids = _lock_trajectories(db, job_id)
    row = _locked(db, project, job_id)
    if version is not None and version != row["version"]:
        raise Stale(f"the job is at version {row['version']}, not {version}")
    if row["status"] not in TERMINAL:
        raise Conflict(f"a job that is {row['status']} cannot be deleted", allowed=ALLOWED[row["status"]])
    for table in (arm_step, event, arm):
        db.execute(sa.delete(table).where(table.c.job == job_id))
    db.execute(sa.delete(job).where(job.c.id == job_id))
    return _forget_unreached(db, ids)


def _forget_unreached(db: sa.Connection, ids: Sequence[str]) -> list[str]:
    """Forget trajectories that no step names, children before parents."""
    files: list[str] = []
    left = set(ids)
    while True:
        named = sa.exists().where(arm_step.c.trajectory == trajectory.c.id)
        child = trajectory.alias("child").c
        has_child = sa.exists().where(child.parent == trajectory.c.id)
        query = sa.select(trajectory.c.id).where(trajectory.c.id.in_(left), ~named, ~has_child)
        gone = list(db.execute(query).scalars())
        if not gone:
            return files
        files += db.execute(sa.select(snapshot.c.uri).where(snapshot.c.trajectory.in_(gone))).scalars()
        inside = sa.select(series.c.id).where(series.c.trajectory.in_(gone))
        db.execute(sa.delete(history_chunk).where(history_chunk.c.series.in_(inside)))
        for table in (series, history_block, transition, snapshot):
            db.execute(sa.delete(table).where(table.c.trajectory.in_(gone)))
        db.execute(sa.delete(trajectory).where(trajectory.c.id.in_(gone)))
        left -= set(gone)


def _locked(db: sa.Connection, project: str, job_id: str) -> Row:
    query = sa.select(job).where(job.c.id == job_id, job.c.project == project).with_for_update()
    row = fetch_one(db, query)
    if row is None:
        raise NotFound(f"there is no job {job_id}")
    return row


def _lock_trajectories(db: sa.Connection, job_id: str) -> list[str]:
    """Lock the trajectories of a job before the job, in the order in which everybody does."""
    ids = _trajectories(db, job_id)
    query = sa.select(trajectory.c.id).where(trajectory.c.id.in_(ids)).order_by(trajectory.c.id)
    return list(db.execute(query.with_for_update()).scalars())


def _trajectories(db: sa.Connection, job_id: str) -> list[str]:
    query = sa.select(arm_step.c.trajectory).where(arm_step.c.job == job_id, arm_step.c.trajectory.is_not(None))
    return sorted(db.execute(query.distinct()).scalars())
