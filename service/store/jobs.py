"""Jobs: shown by key, asked to stop, hold and go on, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.errors import Conflict, NotFound, Stale
from service.lifecycle import ALLOWED, ALREADY, DESIRED, TERMINAL, Verb, obeys
from service.store import demands, events, history, standing
from service.store.rows import Row, fetch, fetch_one
from service.store.tables.record import event, transition
from service.store.tables.search import member_use
from service.store.tables.work import arm, arm_step, job, snapshot, trajectory


def get(db: sa.Connection, project: str | None, job_id: str) -> Row:
    """The row of a job; NotFound if it is not there or another project's. None: of whatever project."""
    ours = [] if project is None else [job.c.project == project]
    row = fetch_one(db, sa.select(job).where(job.c.id == job_id, *ours))
    if row is None:
        raise NotFound(f"there is no job {job_id}")
    return row


def heads(db: sa.Connection, ids: Sequence[str]) -> list[Row]:
    """Last event, version and status of those of the jobs that exist."""
    return fetch(db, sa.select(job.c.id, job.c.last_event, job.c.version, job.c.status).where(job.c.id.in_(ids)))


def arms_of(db: sa.Connection, job_id: str) -> list[Row]:
    """The arms of a job, in order."""
    return fetch(db, sa.select(arm).where(arm.c.job == job_id).order_by(arm.c.idx))


def steps_of(db: sa.Connection, job_id: str) -> list[Row]:
    """The steps of all arms, each with the trajectory's state."""
    t = trajectory.c
    told = [t.reached, t.wanted, t.lease_until, t.owner, t.fence, t.crashes, t.error, t.train_seconds, t.numerics]
    query = (
        sa.select(arm_step, *told, t.ages.label("born"), t.seeds.label("lives"), t.key)
        .outerjoin(trajectory, t.id == arm_step.c.trajectory)
        .where(arm_step.c.job == job_id)
        .order_by(arm_step.c.arm, arm_step.c.cohort, arm_step.c.ordinal)
    )
    return fetch(db, query)


def slices_of(db: sa.Connection, job_id: str) -> list[list[Any]]:
    """How often each of a job's trajectories was held, how often a slice of it was stored, and how far it is."""
    t = trajectory.c
    query = sa.select(t.id, t.fence, t.slices, t.reached).where(t.id.in_(_on_path(job_id))).order_by(t.id)
    return [list(row) for row in db.execute(query)]


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


@dataclass(frozen=True)
class Wish:
    """A verb, why it was asked for, and whether a cancel waits for the end of the slice."""

    verb: Verb
    reason: str | None = None
    at_once: bool = False


def request(db: sa.Connection, now: float, project: str, job_id: str, wish: Wish) -> bool:
    """Cancel, pause or resume; False if it is so already. Conflict, with the verbs allowed, where it cannot be.

    A cancel at once takes the leases that nobody else needs from their workers: what they trained since their last
    commit is lost, and they leave as soon as they hear of it.
    """
    ids = _lock_trajectories(db, job_id)
    row, verb = _locked(db, project, job_id), wish.verb
    if not obeys(row["status"], verb):
        raise refusal(row["status"], verb)
    if row["status"] in ALREADY[verb] and not (wish.at_once and row["status"] == "cancelling"):
        return False
    values = {"desired": DESIRED[verb], "reason": wish.reason, "version": job.c.version + 1}
    db.execute(sa.update(job).where(job.c.id == job_id).values(values))
    told = {"verb": verb, "reason": wish.reason} | ({"at_once": True} if wish.at_once else {})
    events.append(db, now, job_id, "job.asked", f"asked to {verb}", told)
    demands.refresh_wanted(db, demands.settle(db, now, ids))
    if wish.at_once:
        _take_leases(db, ids)
    standing.refresh(db, now, [job_id])
    return True


def refusal(status: str, verb: Verb) -> Conflict:
    """What a job in a state answers to a verb that it does not obey."""
    allowed = ALLOWED[status]
    others = f"; what it can be asked to: {', '.join(allowed)}" if allowed else ""
    return Conflict(f"a job that is {status} cannot be asked to {verb}{others}", allowed=allowed)


def _take_leases(db: sa.Connection, ids: Sequence[str]) -> None:
    """End leases on trajectories that nobody wants further; their workers' fences are old from now on."""
    t = trajectory.c
    idle = sa.or_(t.wanted == 0, sa.and_(t.wanted <= t.reached, t.replay.is_(None)))
    taken = sa.update(trajectory).where(t.id.in_(ids), t.lease_until.is_not(None), idle)
    db.execute(taken.values(fence=t.fence + 1, owner=None, lease_until=None, rung_at=0.0))


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
    _lock_trajectories(db, job_id)
    row = _locked(db, project, job_id)
    if version is not None and version != row["version"]:
        raise Stale(f"the job is at version {row['version']}, not {version}")
    if row["status"] not in TERMINAL:
        raise refusal(row["status"], "delete")
    ids = _lock_trajectories(db, job_id)  # one more may have been keyed before the job ended and could be locked
    for table in (arm_step, event, arm, member_use):
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
        history.forget(db, gone)
        for table in (transition, snapshot):
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
    return sorted(db.execute(_on_path(job_id).distinct()).scalars())


def _on_path(job_id: str) -> sa.Select[Any]:
    return sa.select(arm_step.c.trajectory).where(arm_step.c.job == job_id, arm_step.c.trajectory.is_not(None))
