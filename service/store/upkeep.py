"""What reconcilers do to the tables: announce again, expire leases, go back to an earlier snapshot, collect garbage.

Every function is idempotent; any number of processes may call them at any time.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from service.lifecycle import TERMINAL
from service.store import demands, events, history, standing
from service.store.engine import Database
from service.store.leases import Lease, LeaseLost
from service.store.rows import Row, fetch
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, snapshot, trajectory
from service.store.trajectories import runnable

RINGS = 200
KEPT_LATEST = 2


def unannounced(database: Database, grace_seconds: float) -> list[str]:
    """Runnable trajectories whose bell may be lost, marked as rung now; ring them after this."""
    with database.write() as db:
        now = database.now(db)
        t = trajectory.c
        query = sa.select(t.id).where(*runnable(now), t.rung_at < now - grace_seconds).order_by(t.rung_at).limit(RINGS)
        found = list(db.execute(query.with_for_update(skip_locked=True, of=trajectory)).scalars())
        if found:
            db.execute(sa.update(trajectory).where(t.id.in_(found)).values(rung_at=now))
        return found


def expire_leases(database: Database) -> list[str]:
    """Tell the jobs of trajectories whose worker fell silent, once for each fence; their status is repaired."""
    with database.write() as db:
        now = database.now(db)
        t = trajectory.c
        silent = db.execute(
            sa.select(t.id, t.fence, t.owner)
            .where(t.lease_until < now, t.owner.is_not(None))
            .with_for_update(skip_locked=True)
        ).mappings()
        found = list(silent)
        for row in found:
            db.execute(sa.update(trajectory).where(t.id == row["id"], t.fence == row["fence"]).values(owner=None))
            jobs = standing.jobs_of(db, [row["id"]])
            for job_id in jobs:
                data = {"trajectory": row["id"], "owner": row["owner"], "fence": row["fence"]}
                events.append(db, now, job_id, "lease.expired", f"{row['owner']} fell silent", data, "warning")
            standing.refresh(db, now, jobs)
        return [row["id"] for row in found]


def repair_statuses(database: Database) -> None:
    """Bring the status of every job that has not ended up to what is stored."""
    with database.write() as db:
        going = db.execute(sa.select(job.c.id).where(job.c.status.not_in(TERMINAL)).order_by(job.c.id)).scalars()
        standing.refresh(db, database.now(db), list(going))


def go_back(database: Database, lease: Lease) -> None:
    """The snapshot that a slice was to start from is lost: stand at the one before it, or at the beginning.

    If the lost one was the parent's, the parent goes back; its replay makes the same bits again.
    """
    assert lease.start is not None
    with database.write() as db:
        now = database.now(db)
        held = [trajectory.c.id == lease.id, trajectory.c.fence == lease.fence, trajectory.c.lease_until.is_not(None)]
        if db.execute(sa.select(trajectory.c.id).where(*held).with_for_update()).first() is None:
            raise LeaseLost(lease.id)
        db.execute(
            sa.update(snapshot)
            .where(snapshot.c.trajectory == lease.start.trajectory, snapshot.c.stop == lease.start.stop)
            .values(lost_at=now)
        )
        jobs = standing.jobs_of(db, [lease.id])
        for job_id in jobs:
            data = {"trajectory": lease.start.trajectory, "stop": lease.start.stop}
            events.append(
                db, now, job_id, "snapshot.lost", "a snapshot is missing or damaged; it is made again", data, "warning"
            )
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(owner=None, lease_until=None))
        _rewind(db, lease.start.trajectory, lease.start.at_offset)
        demands.refresh_wanted(db, [lease.start.trajectory, lease.id])
        standing.refresh(db, now, jobs)


def _rewind(db: sa.Connection, found: str, offset: int) -> None:
    """Stand at the latest good snapshot before the offset; what came after it is forgotten and trained again."""
    s = snapshot.c
    good = sa.select(s.at_offset, s.stop).where(s.trajectory == found, s.lost_at.is_(None), s.at_offset < offset)
    last = next((row for row in db.execute(good.order_by(s.at_offset.desc())) if row.stop == str(row.at_offset)), None)
    back = 0 if last is None else int(last.at_offset)
    history.cut_after(db, found, back)
    db.execute(sa.delete(transition).where(transition.c.trajectory == found, transition.c.offset > back))
    db.execute(
        sa.update(trajectory).where(trajectory.c.id == found).values(reached=back, rung_at=0.0, replay=None, missing={})
    )
    reopened = sa.update(arm_step).where(
        arm_step.c.trajectory == found, arm_step.c.state == "met", arm_step.c.demand > back
    )
    db.execute(reopened.values(state="open", stop=None))


def idle(database: Database, ids: Iterable[str]) -> set[str]:
    """Those of some trajectories that nobody holds and nobody wants to go on."""
    t = trajectory.c
    done = (t.lease_until.is_(None), t.reached >= t.wanted, sa.or_(t.replay.is_(None), t.wanted == 0))
    with database.read() as db:
        return set(db.execute(sa.select(t.id).where(t.id.in_(sorted(ids)), *done)).scalars())


def collectable(database: Database, grace_seconds: float) -> list[Row]:
    """Snapshots that nothing needs: older than the grace, not among the last of their trajectory, not asked for."""
    with database.read() as db:
        now = database.now(db)
        s = snapshot.c
        later = snapshot.alias("later").c
        newer = (
            sa.select(sa.func.count())
            .where(later.trajectory == s.trajectory, later.at_offset > s.at_offset)
            .scalar_subquery()
        )
        asked = sa.exists().where(arm_step.c.trajectory == s.trajectory, arm_step.c.stop == s.stop)
        child = sa.exists().where(trajectory.c.parent == s.trajectory, trajectory.c.parent_stop == s.stop)
        query = sa.select(snapshot).where(~asked, ~child, newer >= KEPT_LATEST, s.created_at < now - grace_seconds)
        return fetch(db, query)


def forget_snapshot(database: Database, snapshot_id: str) -> None:
    """Delete the row; the file goes after it."""
    with database.write() as db:
        db.execute(sa.delete(snapshot).where(snapshot.c.id == snapshot_id))


def named_files(database: Database) -> set[str]:
    """Files that a row names."""
    with database.read() as db:
        return set(db.execute(sa.select(snapshot.c.uri)).scalars())
