"""Trajectories: claimed under a fenced lease, renewed, advanced by one transaction per slice, given back.

The fence is a number that only grows. Every write of a worker is conditional on it, so of two workers that believe they
hold a trajectory only the later one can write.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import demands, events, history, standing
from service.store.engine import Database
from service.store.leases import Lease, LeaseLost, SliceResult, SnapshotRef, SnapshotRow
from service.store.rows import Row, fetch_one
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, snapshot, trajectory

__all__ = [
    "Lease",
    "LeaseLost",
    "SliceResult",
    "SnapshotRow",
    "claim",
    "commit_slice",
    "fail",
    "release",
    "renew",
    "runnable",
]

POISON_CRASHES = 5


def runnable(now: float) -> list[Any]:
    """Conditions under which a trajectory can be claimed."""
    t, s = trajectory.c, snapshot.alias("start").c
    has_start = sa.exists().where(s.trajectory == t.parent, s.stop == t.parent_stop, s.lost_at.is_(None))
    return [
        t.error.is_(None),
        sa.or_(t.reached < t.wanted, sa.and_(t.replay.is_not(None), t.wanted > 0)),
        t.not_before <= now,
        sa.or_(t.lease_until.is_(None), t.lease_until < now),
        sa.or_(t.parent.is_(None), has_start),
    ]


def claim(database: Database, owner: str, numerics: str, ttl_seconds: float, named: str | None = None) -> Lease | None:
    """The named trajectory if it can run, else, with no name, the best one; None if there is nothing to do."""
    with database.write() as db:
        now = database.now(db)
        row = _best(db, now, numerics, named)
        if row is None:
            return None
        crashed = row["lease_until"] is not None
        taken = {
            "fence": row["fence"] + 1,
            "owner": owner,
            "lease_until": now + ttl_seconds,
            "crashes": row["crashes"] + crashed,
        }
        db.execute(sa.update(trajectory).where(trajectory.c.id == row["id"]).values(taken))
        _started(db, now, row["id"])
        if crashed and row["crashes"] + 1 >= POISON_CRASHES:
            _give_up(db, now, row["id"], f"{row['crashes'] + 1} workers died or hung without any progress")
            return None
        return _lease(db, {**row, **taken})


def _best(db: sa.Connection, now: float, numerics: str, named: str | None) -> Row | None:
    t, r = trajectory.c, trajectory.alias("running").c
    busy = sa.select(sa.func.count()).where(r.project == t.project, r.lease_until > now).scalar_subquery()
    left = (t.wanted - t.reached).desc()  # the longest path first, so that the last worker does not run alone
    query = sa.select(trajectory).where(*runnable(now), t.numerics == numerics)
    if named is not None:
        query = query.where(t.id == named)
    query = query.order_by(t.priority.desc(), t.crashes, busy, t.rung_at > 0, left, t.rung_at, t.id).limit(1)
    return fetch_one(db, query.with_for_update(skip_locked=True, of=trajectory))


def _started(db: sa.Connection, now: float, found: str) -> None:
    """Jobs that waited for this claim run from now on."""
    queued = list(standing.jobs_of(db, [found], wanting=True))
    for each in queued:
        fresh = sa.update(job).where(job.c.id == each, job.c.started_at.is_(None)).values(started_at=now)
        if db.execute(fresh).rowcount:
            standing.refresh(db, now, [each])


def _lease(db: sa.Connection, row: Mapping[str, Any]) -> Lease:
    replay = row["replay"] is not None
    steps = db.execute(
        sa.select(arm_step.c.demand, arm_step.c.ending, arm_step.c.ending_id)
        .join(job, job.c.id == arm_step.c.job)
        .where(
            arm_step.c.trajectory == row["id"],
            arm_step.c.state != "waiting",
            job.c.status.not_in(("cancelled", "failed")),
        )
    ).mappings()
    asked = list(steps)
    begin = row["replayed"] if replay else row["reached"]
    return Lease(
        id=row["id"],
        project=row["project"],
        fence=row["fence"],
        regime=row["regime"],
        seeds=tuple(row["seeds"]),
        ages={int(seed): age for seed, age in row["ages"].items()},
        parent=row["parent"],
        parent_stop=row["parent_stop"],
        start=_start(db, row, begin),
        reached=begin,
        wanted=row["replay"] if replay else row["wanted"],
        replay=replay,
        had=row["missing"] if replay else {},
        probes=row["probes"],
        readings=row["readings"],
        offsets=tuple(sorted({step["demand"] for step in asked if step["ending_id"] is None})),
        endings={step["ending_id"]: step["ending"] for step in asked if step["ending_id"] is not None},
        layer=row["layer"],
        first_slice=row["slices"] == 0,
    )


def _start(db: sa.Connection, row: Mapping[str, Any], begin: int) -> SnapshotRef | None:
    if begin == 0:
        place: tuple[Any, Any] = (row["parent"], row["parent_stop"])
    else:
        place = (row["id"], str(begin))
    if place[0] is None:
        return None
    query = sa.select(snapshot).where(snapshot.c.trajectory == place[0], snapshot.c.stop == place[1])
    found = db.execute(query).mappings().one()
    return SnapshotRef(*(found[name] for name in ("trajectory", "stop", "at_offset", "uri", "sha256", "state_hash")))


def renew(database: Database, lease: Lease, ttl_seconds: float, offset: int) -> str:
    """Keep the lease: `go` on, or `stop` at the next boundary because nobody wants more; LeaseLost if it is gone."""
    with database.write() as db:
        now = database.now(db)
        kept = (
            sa.update(trajectory)
            .where(*_held(lease))
            .values(lease_until=now + ttl_seconds)
            .returning(trajectory.c.wanted, trajectory.c.reached, trajectory.c.replay)
        )
        row = fetch_one(db, kept)
    if row is None:
        raise LeaseLost(lease.id)
    wanted = row["wanted"] > 0 if lease.replay else row["wanted"] > max(row["reached"], lease.reached)
    return "go" if wanted else "stop"


def _held(lease: Lease) -> list[Any]:
    t = trajectory.c
    return [t.id == lease.id, t.fence == lease.fence, t.lease_until.is_not(None)]


def commit_slice(database: Database, lease: Lease, result: SliceResult) -> list[str]:
    """Store all that a slice found out, or, with LeaseLost, nothing; ids of trajectories that can run now."""
    with database.write() as db:
        now = database.now(db)
        row = fetch_one(db, sa.select(trajectory).where(*_held(lease)).with_for_update())
        if row is None:
            raise LeaseLost(lease.id)
        _append(db, now, lease, result)
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(_moved(row, lease, result)))
        if not lease.replay:
            _store_transitions(db, lease, result.transitions)
        touched = demands.settle(db, now, [lease.id])
        wanting = standing.jobs_of(db, [lease.id])
        demands.refresh_wanted(db, touched)
        _tell(db, now, wanting, lease, result)
        standing.refresh(db, now, standing.jobs_of(db, touched) + wanting)
        query = sa.select(trajectory.c.id).where(trajectory.c.id.in_(touched), *runnable(now))
        return list(db.execute(query.order_by(trajectory.c.id)).scalars())


def _moved(row: Row, lease: Lease, result: SliceResult) -> dict[str, Any]:
    """The trajectory's row after the slice."""
    values: dict[str, Any] = {
        "owner": None,
        "lease_until": None,
        "rung_at": 0.0,
        "crashes": 0,
        "not_before": 0.0,
        "slices": row["slices"] + 1,
    }
    if lease.replay:
        done = result.end >= row["replay"] and row["layer"] == lease.layer
        begun_anew = row["layer"] != lease.layer
        values |= {"replayed": 0 if begun_anew else result.end}
        values |= {"replay": None, "missing": {}} if done else {}
        return values
    values |= {"reached": result.end, "train_seconds": row["train_seconds"] + result.train_seconds}
    if row["layer"] != lease.layer:  # readings were added while this slice ran without them
        values |= {"replay": result.end, "replayed": 0}
    return values


def _append(db: sa.Connection, now: float, lease: Lease, result: SliceResult) -> None:
    for block in result.blocks:
        history.append_block(db, lease.id, lease.layer if lease.replay else 0, lease.fence, block, result.units)
    for each in result.snapshots:
        stored = (
            db.execute(sa.select(snapshot).where(snapshot.c.trajectory == lease.id, snapshot.c.stop == each.stop))
            .mappings()
            .first()
        )
        values = {
            "at_offset": each.at_offset,
            "fence": lease.fence,
            "sha256": each.sha256,
            "bytes": each.bytes,
            "uri": each.uri,
            "state_hash": each.state_hash,
            "lost_at": None,
            "created_at": now,
        }
        if stored is None:
            about = {"id": "snp_" + secrets.token_hex(13), "trajectory": lease.id, "stop": each.stop}
            db.execute(sa.insert(snapshot).values({**about, **values}))
            continue
        if stored["state_hash"] != each.state_hash:
            for job_id in standing.jobs_of(db, [lease.id]):
                data = {"trajectory": lease.id, "stop": each.stop}
                events.append(db, now, job_id, "replay.mismatch", "the same part gave other weights", data, "error")
        if stored["lost_at"] is not None:
            db.execute(sa.update(snapshot).where(snapshot.c.id == stored["id"]).values(values))


def _store_transitions(db: sa.Connection, lease: Lease, rows: Sequence[Mapping[str, Any]]) -> None:
    names = ("demand", "seed", "offset", "age_sp", "fired", "status", "values")
    for row in rows:
        db.execute(sa.insert(transition).values({"trajectory": lease.id, **{name: row[name] for name in names}}))


def _tell(db: sa.Connection, now: float, jobs: Sequence[str], lease: Lease, result: SliceResult) -> None:
    """Events of a commit, once for each job that looks at this trajectory."""
    for job_id in jobs:
        for row in result.transitions:
            kind = "life.transition" if row["status"] == "advanced" else f"life.{row['status']}"
            data = {name: row[name] for name in ("seed", "age_sp", "fired", "status")} | {"trajectory": lease.id}
            events.append(db, now, job_id, kind, f"seed {row['seed']}: {row['fired']}", data)
        upto = {"trajectory": lease.id, "upto_offset": result.end, "train_seconds": round(result.train_seconds, 4)}
        events.append(db, now, job_id, "history", "more is stored", upto)
        db.execute(sa.update(job).where(job.c.id == job_id).values(committed_at=now))


def release(database: Database, lease: Lease) -> None:
    """Give a lease back with nothing done."""
    with database.write() as db:
        db.execute(sa.update(trajectory).where(*_held(lease)).values(owner=None, lease_until=None))


def fail(
    database: Database, lease: Lease, error: Mapping[str, Any], *, again: bool, backoff_seconds: float = 5.0
) -> None:
    """A slice ended in an error: tried again after a while, or never; the error is told to all who wanted it."""
    with database.write() as db:
        now = database.now(db)
        row = fetch_one(db, sa.select(trajectory).where(*_held(lease)).with_for_update())
        if row is None:
            raise LeaseLost(lease.id)
        crashes = row["crashes"] + 1
        wait = backoff_seconds * 2 ** min(crashes - 1, 6)
        values = {"owner": None, "lease_until": None, "crashes": crashes, "not_before": now + wait}
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(values))
        if not again or crashes >= POISON_CRASHES:
            _give_up(db, now, lease.id, error["message"], error)
            return
        for job_id in standing.jobs_of(db, [lease.id], wanting=True):
            data = {**error, "trajectory": lease.id, "again_in_seconds": wait}
            events.append(db, now, job_id, "slice.failed", error["message"], data, "warning")
            reason = f"waiting-for-retry: {error['message']}"[:2000]
            db.execute(sa.update(job).where(job.c.id == job_id).values(reason=reason))


def _give_up(db: sa.Connection, now: float, found: str, message: str, error: Mapping[str, Any] | None = None) -> None:
    """Mark a trajectory failed; arms that need it fail, the others go on."""
    told = {"message": message, **(error or {})}
    values = {"error": told, "owner": None, "lease_until": None}
    db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(values))
    jobs = standing.jobs_of(db, [found])
    for job_id in jobs:
        events.append(db, now, job_id, "trajectory.failed", message, {"trajectory": found, **told}, "error")
    standing.refresh(db, now, jobs)
