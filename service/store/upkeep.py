"""What reconcilers do to the tables: announce again, expire leases, go back to an earlier snapshot, collect garbage.

Every function is idempotent; any number of processes may call them at any time.
"""

from __future__ import annotations

import sqlalchemy as sa

from service.lifecycle import TERMINAL
from service.store import demands, events, replays, standing, tallies
from service.store.claims import held, runnable
from service.store.engine import Database, again_on_conflict
from service.store.leases import Lease, LeaseLost
from service.store.rows import Row, fetch
from service.store.tables.work import arm_step, job, snapshot, trajectory
from service.store.trajectories import tell_expired

RINGS = 200
KEPT_LATEST = 2
FENCE_LEAP = 1_000_000


@again_on_conflict
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


@again_on_conflict
def expire_leases(database: Database) -> list[str]:
    """Tell the jobs of trajectories whose worker fell silent; the trajectories."""
    with database.write() as db:
        now = database.now(db)
        t = trajectory.c
        query = sa.select(trajectory).where(t.lease_until < now, t.owner.is_not(None)).order_by(t.id)
        found = fetch(db, query.with_for_update(skip_locked=True))
        for row in found:
            tell_expired(db, now, row)
        return [row["id"] for row in found]


def silent(db: sa.Connection, before: float) -> list[str]:
    """Trajectories whose lease ran out before a time, and of which nobody has taken note."""
    t = trajectory.c
    query = sa.select(t.id).where(t.lease_until < before, t.owner.is_not(None))
    return list(db.execute(query.order_by(t.lease_until)).scalars())


@again_on_conflict
def repair_statuses(database: Database) -> None:
    """Bring the status of every job that has not ended up to what is stored."""
    with database.write() as db:
        going = db.execute(sa.select(job.c.id).where(job.c.status.not_in(TERMINAL)).order_by(job.c.id)).scalars()
        standing.refresh(db, database.now(db), list(going))


@again_on_conflict
def go_back(database: Database, lease: Lease) -> None:
    """The snapshot that a slice was to start from is lost: it is made again, from the one before it or the beginning.

    Nothing stored is taken back: the part is run again, and its values are compared with those that are there. If the
    lost one was the parent's, it is the parent that runs again.
    """
    assert lease.start is not None
    with database.write() as db:
        now = database.now(db)
        found, stop = lease.start.trajectory, lease.start.stop
        ids = sorted({lease.id, found})
        fetch(
            db, sa.select(trajectory.c.id).where(trajectory.c.id.in_(ids)).order_by(trajectory.c.id).with_for_update()
        )
        if not fetch(db, sa.select(trajectory.c.id).where(*held(lease))):
            raise LeaseLost(lease.id)
        same = (snapshot.c.trajectory == found, snapshot.c.stop == stop, snapshot.c.fence == lease.start.fence)
        db.execute(sa.update(snapshot).where(*same).values(lost_at=now))
        released = {"owner": None, "lease_until": None, "rung_at": 0.0}
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(released))
        _reopen(db, found, stop)
        tallies.add(db, "store", {"snapshots_lost": 1})
        demands.refresh_wanted(db, demands.settle(db, now, ids))
        jobs = standing.jobs_of(db, ids)
        for job_id in jobs:
            data = {"trajectory": found, "stop": stop}
            what = "a snapshot is missing or damaged; it is made again"
            events.append(db, now, job_id, "snapshot.lost", what, data, "warning")
        standing.refresh(db, now, jobs)


def _reopen(db: sa.Connection, found: str, stop: str) -> None:
    """Let steps wait again for the stop that is lost, and any replay be planned anew."""
    db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(replay=None, covers=[], rung_at=0.0))
    given_up = sa.select(job.c.id).where(job.c.status.in_(replays.GIVEN_UP))
    c = arm_step.c
    met = (c.trajectory == found, c.state == "met", c.stop == stop, c.job.not_in(given_up))
    db.execute(sa.update(arm_step).where(*met).values(state="open", stop=None))


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
        replayed = sa.exists().where(trajectory.c.id == s.trajectory, trajectory.c.replay.is_not(None))
        old = s.created_at < now - grace_seconds
        query = sa.select(snapshot).where(~asked, ~child, ~replayed, newer >= KEPT_LATEST, old)
        return fetch(db, query)


def forget_snapshot(database: Database, snapshot_id: str) -> None:
    """Delete the row; the file goes after it."""
    with database.write() as db:
        db.execute(sa.delete(snapshot).where(snapshot.c.id == snapshot_id))


def named_files(database: Database) -> set[str]:
    """Files that a row names."""
    with database.read() as db:
        return set(db.execute(sa.select(snapshot.c.uri)).scalars())


def files_to_keep(database: Database) -> dict[str, str]:
    """Files of snapshots that are not lost, each with the hash of its content."""
    query = sa.select(snapshot.c.uri, snapshot.c.sha256).where(snapshot.c.lost_at.is_(None))
    with database.read() as db:
        return {row.uri: row.sha256 for row in db.execute(query)}


def after_restore(database: Database) -> int:
    """Make a database that was set back to an earlier state safe to work with; how many trajectories it has.

    Workers from before may still hold leases under fences that the backup has not seen yet: all fences jump beyond
    those, so that such a worker can write nothing.
    """
    with database.write() as db:
        values = {"fence": trajectory.c.fence + FENCE_LEAP, "owner": None, "lease_until": None, "rung_at": 0.0}
        count = db.execute(sa.update(trajectory).values(values)).rowcount
    repair_statuses(database)
    return int(count)
