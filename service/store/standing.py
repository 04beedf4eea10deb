"""Where jobs stand: status derived from what is stored, in the transaction that stored it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from service.lifecycle import TERMINAL, Standing, status_of
from service.store import events
from service.store.rows import Row, fetch
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, trajectory

WAITING = "waiting-for-retry"
"""How the reason of a job begins while a slice that failed is not tried again yet."""


def jobs_of(db: sa.Connection, trajectory_ids: Iterable[str], *, wanting: bool = False) -> list[str]:
    """Ids, in order, of jobs with a step on one of the trajectories; `wanting`: an open step of a job that runs."""
    query = (
        sa.select(arm_step.c.job)
        .join(job, job.c.id == arm_step.c.job)
        .where(arm_step.c.trajectory.in_(sorted(set(trajectory_ids))), job.c.status.not_in(TERMINAL))
    )
    if wanting:
        query = query.where(arm_step.c.state == "open", job.c.desired == "running")
    return list(db.execute(query.distinct().order_by(arm_step.c.job)).scalars())


def refresh(db: sa.Connection, now: float, jobs: Iterable[str]) -> None:
    """Bring status and progress of jobs up to what is stored; jobs are locked in the order of their ids.

    A job that ended and was deleted since its id was read is passed over.
    """
    for each in sorted(set(jobs)):
        row = db.execute(sa.select(job).where(job.c.id == each).with_for_update()).one_or_none()
        if row is not None and row.status not in TERMINAL:
            _refresh(db, now, row._asdict())


def _refresh(db: sa.Connection, now: float, row: Row) -> None:
    arms_open, faults = _arms(db, row["id"])
    standing = Standing(
        status=row["status"],
        desired=row["desired"],
        started=row["started_at"] is not None,
        leased=_is_leased(db, row["id"], now),
        arms_open=arms_open,
        arms_failed=len(faults),
    )
    status = status_of(standing)
    values: dict[str, Any] = {
        "status": status,
        "updates_done": updates_done(db, row["id"]),
        "version": job.c.version + 1,
    }
    if faults:
        values["error"] = {"arms": faults}
    if status in TERMINAL:
        values["finished_at"] = now
    changed = status != row["status"]
    if changed or values["updates_done"] != row["updates_done"] or faults != (row["error"] or {}).get("arms", []):
        db.execute(sa.update(job).where(job.c.id == row["id"]).values(values))
    if changed:
        level = "error" if status == "failed" else "info"
        events.append(db, now, row["id"], "job.status", f"{row['status']} -> {status}", {"status": status}, level)


def _arms(db: sa.Connection, job_id: str) -> tuple[int, list[dict[str, Any]]]:
    """How many arms can still go on, and why the others that ended badly did."""
    going, faults = set[int](), dict[int, dict[str, Any]]()
    query = (
        sa.select(arm_step.c.arm, arm_step.c.state, arm_step.c.trajectory, trajectory.c.error, arm_step.c.ending_id)
        .outerjoin(trajectory, trajectory.c.id == arm_step.c.trajectory)
        .where(arm_step.c.job == job_id)
        .order_by(arm_step.c.arm, arm_step.c.cohort, arm_step.c.ordinal)
    )
    for row in fetch(db, query):
        if row["state"] == "open" and row["error"] is not None:
            faults[row["arm"]] = {"arm": row["arm"], "trajectory": row["trajectory"], **row["error"]}
        elif row["state"] == "open":
            going.add(row["arm"])
        elif row["ending_id"] is not None and _has_failed(db, row):
            message = "a life met the limit of a stage with on_limit: fail"
            faults[row["arm"]] = {"arm": row["arm"], "trajectory": row["trajectory"], "message": message}
    return len(going), [faults[arm] for arm in sorted(faults)]


def _has_failed(db: sa.Connection, step: Row) -> bool:
    same = (transition.c.trajectory == step["trajectory"], transition.c.demand == step["ending_id"])
    return db.execute(sa.select(transition.c.seed).where(*same, transition.c.status == "failed")).first() is not None


def _is_leased(db: sa.Connection, job_id: str, now: float) -> bool:
    """Whether a worker holds a trajectory that no other running job wants."""
    held = (
        sa.select(arm_step.c.trajectory)
        .join(trajectory, trajectory.c.id == arm_step.c.trajectory)
        .where(arm_step.c.job == job_id, arm_step.c.state == "open", trajectory.c.lease_until > now)
    )
    for found in db.execute(held.distinct()).scalars():
        if not [other for other in jobs_of(db, [found], wanting=True) if other != job_id]:
            return True
    return False


def updates_done(db: sa.Connection, job_id: str) -> int:
    """Cohort updates of distinct trajectories that the job needs and that are done."""
    furthest = (
        sa.select(arm_step.c.trajectory, sa.func.max(arm_step.c.demand).label("demand"))
        .where(arm_step.c.job == job_id, arm_step.c.trajectory.is_not(None))
        .group_by(arm_step.c.trajectory)
        .subquery()
    )
    done = sa.case((trajectory.c.reached < furthest.c.demand, trajectory.c.reached), else_=furthest.c.demand)
    query = sa.select(sa.func.coalesce(sa.func.sum(done), 0)).join(furthest, furthest.c.trajectory == trajectory.c.id)
    return int(db.execute(query).scalar_one())
