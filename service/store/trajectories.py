"""Trajectories: claimed under a fenced lease, renewed, advanced by one transaction per slice, given back.

The fence is a number that only grows. Every write of a worker is conditional on it, so of two workers that believe they
hold a trajectory only the later one can write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.store import events, replays, standing, tallies, turns
from service.store.claims import held, runnable
from service.store.commits import commit_slice
from service.store.engine import Database, again_on_conflict
from service.store.leases import Lease, LeaseLost, SliceResult, SnapshotRef, SnapshotRow
from service.store.rows import Row, fetch_one
from service.store.tables.work import job, snapshot, trajectory

__all__ = [
    "Lease",
    "LeaseLost",
    "SliceResult",
    "SnapshotRow",
    "claim",
    "commit_slice",
    "fail",
    "heed",
    "release",
    "renew",
    "runnable",
    "waiting",
]

CRASHES_MAX = 5
"""So many in a row without progress, and a trajectory is given up, unless the operator says otherwise."""


@again_on_conflict
def claim(
    database: Database,
    owner: str,
    numerics: str,
    ttl_seconds: float,
    named: str | None = None,
    *,
    crashes_max: int = CRASHES_MAX,
) -> Lease | None:
    """The named trajectory if it can run, else, with no name, the best one; None if there is nothing to do."""
    with database.write() as db:
        now = database.now(db)
        row = _best(db, now, numerics, named)
        if row is None:
            return None
        crashed = row["lease_until"] is not None
        if crashed:
            tell_expired(db, now, row)
        taken = {
            "fence": row["fence"] + 1,
            "owner": owner,
            "lease_until": now + ttl_seconds,
            "crashes": row["crashes"] + crashed,
        }
        db.execute(sa.update(trajectory).where(trajectory.c.id == row["id"]).values(taken))
        _started(db, now, row["id"])
        if crashed and row["crashes"] + 1 >= crashes_max:
            _give_up(db, now, row["id"], f"{row['crashes'] + 1} workers died or hung without any progress")
            return None
        lease = _lease(db, {**row, **taken})
        turns.take(db, row["project"])
        return lease


def tell_expired(db: sa.Connection, now: float, row: Row) -> None:
    """Tell the jobs of a trajectory, once for each fence, that its worker fell silent; their status is repaired."""
    if row["owner"] is None:
        return
    db.execute(sa.update(trajectory).where(trajectory.c.id == row["id"]).values(owner=None))
    tallies.add(db, "store", {"leases_expired": 1})
    jobs = standing.jobs_of(db, [row["id"]])
    for job_id in jobs:
        data = {"trajectory": row["id"], "owner": row["owner"], "fence": row["fence"]}
        events.append(db, now, job_id, "lease.expired", f"{row['owner']} fell silent", data, "warning")
    standing.refresh(db, now, jobs)


def _best(db: sa.Connection, now: float, numerics: str, named: str | None) -> Row | None:
    query = turns.in_turn(sa.select(trajectory)).where(*runnable(now), trajectory.c.numerics == numerics)
    if named is not None:
        query = query.where(trajectory.c.id == named)
    return fetch_one(db, query.limit(1).with_for_update(skip_locked=True, of=trajectory))


def _started(db: sa.Connection, now: float, found: str) -> None:
    """Jobs that waited for this claim run from now on."""
    queued = list(standing.jobs_of(db, [found], wanting=True))
    for each in queued:
        fresh = sa.update(job).where(job.c.id == each, job.c.started_at.is_(None)).values(started_at=now)
        if db.execute(fresh).rowcount:
            standing.refresh(db, now, [each])


def _lease(db: sa.Connection, row: Row) -> Lease:
    replay = row["replay"] is not None
    begin = row["replayed"] if replay else row["reached"]
    steps = replays.open_steps(db, row["id"])
    offsets = {step["demand"] for step in steps if step["ending"] is None} | ({row["replay"]} if replay else set())
    return Lease(
        id=row["id"],
        project=row["project"],
        fence=row["fence"],
        born=row["created_at"],
        regime=row["regime"],
        seeds=tuple(row["seeds"]),
        ages={int(seed): age for seed, age in row["ages"].items()},
        parent=row["parent"],
        parent_stop=row["parent_stop"],
        start=_start(db, row, begin),
        reached=begin,
        wanted=row["replay"] if replay else row["wanted"],
        replay=replay,
        probes=row["probes"],
        readings=row["readings"],
        offsets=tuple(sorted(offsets)),
        endings=replays.followed(row, steps, begin),
        layer=row["layer"],
        first_slice=row["slices"] == 0,
        jobs=tuple(standing.jobs_of(db, [row["id"]], wanting=True)[:10]),
    )


def _start(db: sa.Connection, row: Row, begin: int) -> SnapshotRef | None:
    found, stop = (row["id"], str(begin)) if begin else (row["parent"], row["parent_stop"])
    if found is None:
        return None
    stored = fetch_one(db, sa.select(snapshot).where(snapshot.c.trajectory == found, snapshot.c.stop == stop))
    if stored is None:
        raise LookupError(f"trajectory {row['id']} stands at {begin}, and no snapshot of {found} has the stop {stop}")
    names = ("trajectory", "stop", "at_offset", "fence", "uri", "sha256", "state_hash")
    return SnapshotRef(**{name: stored[name] for name in names})


def waiting(db: sa.Connection, now: float) -> tuple[int, float | None]:
    """How many trajectories could be claimed, and since when the one that waits longest could."""
    t, own, start = trajectory.c, snapshot.alias("own").c, snapshot.alias("born").c
    last = sa.select(sa.func.max(own.created_at)).where(own.trajectory == t.id).scalar_subquery()
    born = sa.select(start.created_at).where(start.trajectory == t.parent, start.stop == t.parent_stop)
    rows = db.execute(sa.select(t.created_at, t.not_before, last, born.scalar_subquery()).where(*runnable(now))).all()
    since = [max(time or 0.0 for time in row) for row in rows]
    return len(since), min(since, default=None)


@again_on_conflict
def renew(database: Database, lease: Lease, ttl_seconds: float, offset: int) -> str:
    """Keep the lease: `go` on, or `stop` at the next boundary because nobody wants more; LeaseLost if it is gone."""
    with database.write() as db:
        now = database.now(db)
        kept = (
            sa.update(trajectory)
            .where(*held(lease))
            .values(lease_until=now + ttl_seconds)
            .returning(trajectory.c.wanted, trajectory.c.reached, trajectory.c.replay)
        )
        row = fetch_one(db, kept)
    return _wish(lease, row)


def heed(database: Database, lease: Lease) -> str:
    """What `renew` would say, without keeping the lease: a look that costs nobody a lock."""
    t = trajectory.c
    with database.read() as db:
        row = fetch_one(db, sa.select(t.wanted, t.reached, t.replay).where(*held(lease)))
    return _wish(lease, row)


def _wish(lease: Lease, row: Row | None) -> str:
    if row is None:
        raise LeaseLost(lease.id)
    wanted = row["wanted"] > 0 if lease.replay else row["wanted"] > max(row["reached"], lease.reached)
    return "go" if wanted else "stop"


@again_on_conflict
def release(database: Database, lease: Lease) -> None:
    """Give a lease back with nothing done."""
    with database.write() as db:
        db.execute(sa.update(trajectory).where(*held(lease)).values(owner=None, lease_until=None))
        standing.refresh(db, database.now(db), standing.jobs_of(db, [lease.id]))


@again_on_conflict
def fail(
    database: Database,
    lease: Lease,
    error: Mapping[str, Any],
    *,
    again: bool,
    backoff_seconds: float = 5.0,
    crashes_max: int = CRASHES_MAX,
) -> None:
    """A slice ended in an error: tried again after a while, or never; the error is told to all who wanted it."""
    with database.write() as db:
        now = database.now(db)
        row = fetch_one(db, sa.select(trajectory).where(*held(lease)).with_for_update())
        if row is None:
            raise LeaseLost(lease.id)
        crashes = row["crashes"] + 1
        wait = backoff_seconds * 2 ** min(crashes - 1, 6)
        values = {"owner": None, "lease_until": None, "crashes": crashes, "not_before": now + wait}
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(values))
        if not again or crashes >= crashes_max:
            _give_up(db, now, lease.id, error["message"], error)
            return
        for job_id in standing.jobs_of(db, [lease.id], wanting=True):
            data = {**error, "trajectory": lease.id, "again_in_seconds": wait}
            events.append(db, now, job_id, "slice.failed", error["message"], data, "warning")
            reason = f"{standing.WAITING}: {error['message']}"[:2000]
            db.execute(sa.update(job).where(job.c.id == job_id).values(reason=reason))
        standing.refresh(db, now, standing.jobs_of(db, [lease.id]))


def _give_up(db: sa.Connection, now: float, found: str, message: str, error: Mapping[str, Any] | None = None) -> None:
    """Mark a trajectory failed; arms that need it fail, the others go on."""
    told = {"message": message, **(error or {})}
    values = {"error": told, "owner": None, "lease_until": None}
    db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(values))
    jobs = standing.jobs_of(db, [found])
    for job_id in jobs:
        events.append(db, now, job_id, "trajectory.failed", message, {"trajectory": found, **told}, "error")
    standing.refresh(db, now, jobs)
