"""The one transaction of a slice: progress, history, ends of stages, snapshots, events; all of it, or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import demands, events, history, replays, standing, tallies
from service.store.blocks import EncodedBlock
from service.store.claims import held, runnable
from service.store.engine import Database, again_on_conflict
from service.store.leases import Lease, LeaseLost, SliceResult, SnapshotRow
from service.store.readings import covers_all
from service.store.rows import Row, fetch, fetch_one
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, snapshot, trajectory

_TRANSITION = ("demand", "seed", "offset", "age_sp", "fired", "status", "values")


@again_on_conflict
def commit_slice(database: Database, lease: Lease, result: SliceResult) -> list[str]:
    """Store all that a slice found out, or, with LeaseLost, nothing; ids of trajectories that can run now."""
    with database.write() as db:
        now = database.now(db)
        row = fetch_one(db, sa.select(trajectory).where(*held(lease)).with_for_update())
        if row is None or result.start != (lease.reached if lease.replay else row["reached"]):
            raise LeaseLost(lease.id)
        wanting = standing.jobs_of(db, [lease.id])
        news = _store_transitions(db, lease, result.transitions)
        gone = replays.diverged_by(db, lease.id, result.end)
        complete = replays.stands_complete(result.blocks, lease.seeds, result.end, gone)
        values, differing = _append_blocks(db, lease, result)
        differing += [stop for each in result.snapshots if (stop := _store_snapshot(db, now, lease, each, complete))]
        moved = _replayed(row, lease, result) if lease.replay else _reached(row, lease, result)
        db.execute(sa.update(trajectory).where(trajectory.c.id == lease.id).values(moved))
        touched = demands.settle(db, now, [lease.id])
        demands.refresh_wanted(db, touched)
        _tell(db, now, wanting, lease, result, news, differing)
        standing.refresh(db, now, standing.jobs_of(db, touched) + wanting)
        tallies.add(db, tallies.source_of(row["owner"] or ""), _counted(lease, result, values, differing))
        query = sa.select(trajectory.c.id).where(trajectory.c.id.in_(touched), *runnable(now))
        return list(db.execute(query.order_by(trajectory.c.id)).scalars())


def _counted(lease: Lease, result: SliceResult, values: int, differing: Sequence[str]) -> dict[str, float]:
    """What the commit adds to what is counted over all time."""
    own = {
        "updates": 0.0 if lease.replay else float(result.updates),
        "history_values": float(values),
        "snapshot_bytes": float(sum(each.bytes for each in result.snapshots)),
        "replay_mismatch": float(len(differing)),
    }
    return tallies.together(own, result.counts)


def _given_back(row: Row) -> dict[str, Any]:
    return {
        "owner": None,
        "lease_until": None,
        "rung_at": 0.0,
        "crashes": 0,
        "not_before": 0.0,
        "slices": row["slices"] + 1,
    }


def _reached(row: Row, lease: Lease, result: SliceResult) -> dict[str, Any]:
    """The trajectory after a slice that went on; what came meanwhile was not in its orders."""
    missing = dict(row["missing"])
    for probe, progressions in row["readings"].items():
        had = lease.readings.get(probe, ())
        if not covers_all({probe: had}, {probe: progressions}, result.end):
            missing.setdefault(probe, had)
    return {
        **_given_back(row),
        "reached": result.end,
        "train_seconds": row["train_seconds"] + result.train_seconds,
        "missing": missing,
        "watched": row["watched"] | dict.fromkeys(lease.endings, result.end),
        "replay": None,
        "covers": [],
    }


def _replayed(row: Row, lease: Lease, result: SliceResult) -> dict[str, Any]:
    """The trajectory after a slice of a replay; if something was asked for meanwhile, the replay began anew."""
    values = _given_back(row)
    if row["layer"] != lease.layer or row["replay"] is None:
        return values
    values["replayed"] = result.end
    if result.end < row["replay"]:
        return values
    values |= {"replay": None, "covers": []}
    if result.end == row["reached"]:
        values["watched"] = row["watched"] | dict.fromkeys(lease.endings, result.end)
        if any(name.startswith(replays.READING) for name in row["covers"]):  # then it ran from the start
            values["missing"] = {}
    return values


def _append_blocks(db: sa.Connection, lease: Lease, result: SliceResult) -> tuple[int, list[str]]:
    """Append the history; of a replay what is new. How many values came in, and paths whose stored ones were others."""
    values, differing = 0, list[str]()
    for block in result.blocks:
        part: EncodedBlock = block
        if lease.replay:
            part, differs = replays.fresh_part(db, lease.id, block)
            differing += differs
        layer = lease.layer if lease.replay else 0
        values += history.append_block(db, lease.id, layer, lease.fence, part, result.described)
    return values, differing


def _store_snapshot(db: sa.Connection, now: float, lease: Lease, new: SnapshotRow, complete: bool) -> str | None:
    """Name the file of a snapshot unless one as good is named; the stop, if the same lives have other weights there."""
    values = {
        "at_offset": new.at_offset,
        "fence": lease.fence,
        "sha256": new.sha256,
        "bytes": new.bytes,
        "uri": new.uri,
        "state_hash": new.state_hash,
        "complete": complete or not new.stop.isdecimal(),
        "lost_at": None,
        "created_at": now,
    }
    stored = fetch_one(db, sa.select(snapshot).where(snapshot.c.trajectory == lease.id, snapshot.c.stop == new.stop))
    if stored is None:
        about = {"id": "snp_" + secrets.token_hex(13), "trajectory": lease.id, "stop": new.stop}
        db.execute(sa.insert(snapshot).values({**about, **values}))
        return None
    same_lives = bool(stored["complete"]) == values["complete"]
    if same_lives and stored["state_hash"] != new.state_hash:
        return new.stop
    # a replay also brings lives that stood behind before, and what triggers look back on
    if stored["lost_at"] is not None or (values["complete"] and (lease.endings or not stored["complete"])):
        db.execute(sa.update(snapshot).where(snapshot.c.id == stored["id"]).values(values))
    return None


def _store_transitions(db: sa.Connection, lease: Lease, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Store ends of stages; those that a replay tells again are left as they are. The new ones."""
    known = (
        {(row["demand"], row["seed"]) for row in fetch(db, sa.select(transition).where(_of(lease)))} if rows else set()
    )
    news = [row for row in rows if (row["demand"], row["seed"]) not in known]
    for row in news:
        db.execute(sa.insert(transition).values({"trajectory": lease.id, **{name: row[name] for name in _TRANSITION}}))
    return news


def _of(lease: Lease) -> sa.ColumnElement[bool]:
    return transition.c.trajectory == lease.id


Spans = Sequence[Mapping[str, Any]]


def _asked_of(db: sa.Connection, job_id: str, trajectory_id: str) -> tuple[dict[str, Spans], list[Spans]]:
    """What a job's arms ask of a trajectory: spans of stages by id of the end that a trigger decides, and all spans.

    A divergence concerns everybody.
    """
    query = sa.select(arm_step.c.ending_id, arm_step.c.spans).where(
        arm_step.c.job == job_id, arm_step.c.trajectory == trajectory_id
    )
    rows = db.execute(query).all()
    spans: list[Spans] = [row.spans for row in rows if row.spans]
    ends: dict[str, Spans] = {row.ending_id: row.spans for row in rows if row.ending_id is not None}
    return ends | {"diverged": max(spans, key=_reach, default=())}, spans


def _reach(spans: Spans) -> int:
    return int(spans[-1]["end"])


def _stage_of(spans: Spans, row: Mapping[str, Any]) -> dict[str, str]:
    """The stage that a life left: the last of those that had begun."""
    begun = [span["stage"] for span in spans if span["start"] < max(1, row["offset"])]
    return {"stage": str(begun[-1])} if begun else {}


def _entered(lease: Lease, result: SliceResult, asked: Sequence[Spans]) -> list[tuple[str, int]]:
    """Stages that lives of a trajectory entered during a slice, and their offsets, in order; of a replay none."""
    if lease.replay:
        return []
    begun = {
        (int(span["start"]), str(span["stage"]))
        for spans in asked
        for span in spans
        if span["stage_time_sp"] == 0 and result.start <= span["start"] < result.end
    }
    return [(stage, start) for start, stage in sorted(begun)]


def _tell(  # noqa: PLR0913 - what there is to tell
    db: sa.Connection,
    now: float,
    jobs: Sequence[str],
    lease: Lease,
    result: SliceResult,
    news: Sequence[Mapping[str, Any]],
    differing: Sequence[str],
) -> None:
    """Events of a commit, once for each job that looks at this trajectory; of stages only its own."""
    for job_id in jobs:
        ends, spans = _asked_of(db, job_id, lease.id)
        for stage, start in _entered(lease, result, spans):
            age = max(lease.ages.values()) + start * lease.regime["batch"]
            about = {"stage": stage, "age_sp": age, "trajectory": lease.id}
            events.append(db, now, job_id, "stage.entered", f"{stage} at age {age} sp", about)
        for row in [row for row in news if row["demand"] in ends]:
            kind = "life.transition" if row["status"] == "advanced" else f"life.{row['status']}"
            data = {name: row[name] for name in ("seed", "age_sp", "fired", "status")}
            data |= _stage_of(ends[row["demand"]], row) | {"trajectory": lease.id}
            events.append(db, now, job_id, kind, f"seed {row['seed']}: {row['fired']}", data)
        for what in differing:
            told = {"trajectory": lease.id, "what": what}
            events.append(db, now, job_id, "replay.mismatch", f"{what} came out differently", told, "error")
        upto = {
            "trajectory": lease.id,
            "upto_offset": result.end,
            "updates": result.updates,
            "train_seconds": round(result.train_seconds, 4),
        }
        events.append(db, now, job_id, "history", "more is stored", upto)
        reason = sa.case((job.c.reason.startswith(standing.WAITING), None), else_=job.c.reason)
        db.execute(sa.update(job).where(job.c.id == job_id).values(committed_at=now, reason=reason))
