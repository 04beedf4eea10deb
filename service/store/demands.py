"""What is asked of trajectories, and what follows when it is met.

A step of an arm is *waiting* (its trajectory is not known yet), *open*, *met* (it stopped at `stop`), or *over* (no
life of it goes on). Meeting a step keys the next one: where it starts is then known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.specs.plan import child_key, realised_stop
from models.specs.regime import RegimeSpec
from service.lifecycle import TERMINAL
from service.store.tables.record import transition
from service.store.tables.work import arm, arm_step, job, snapshot, trajectory

Row = sa.RowMapping
ALIVE = ("advanced",)


@dataclass(frozen=True)
class Wanted:
    """A trajectory that a step needs: found by its key, or made."""

    project: str
    key: str
    root: str | None
    regime: Mapping[str, Any]
    numerics: str
    seeds: Sequence[int]
    ages: Mapping[int, int]
    priority: int
    parent: str | None = None
    parent_stop: str | None = None


def trajectory_id(project: str, key: str) -> str:
    """The id of a project's trajectory with a key."""
    return "trj_" + hashlib.sha256(f"{project}\0{key}".encode()).hexdigest()[:32]


def find_or_create(db: sa.Connection, now: float, wanted: Wanted) -> str:
    """The id of the trajectory, which exists afterwards."""
    found = trajectory_id(wanted.project, wanted.key)
    row = {
        "id": found,
        "project": wanted.project,
        "key": wanted.key,
        "root": wanted.root,
        "parent": wanted.parent,
        "parent_stop": wanted.parent_stop,
        "regime": dict(wanted.regime),
        "numerics": wanted.numerics,
        "seeds": list(wanted.seeds),
        "ages": {str(seed): age for seed, age in wanted.ages.items()},
        "probes": {},
        "readings": {},
        "missing": {},
        "layer": 0,
        "reached": 0,
        "wanted": 0,
        "replayed": 0,
        "slices": 0,
        "train_seconds": 0.0,
        "priority": wanted.priority,
        "fence": 0,
        "rung_at": 0.0,
        "not_before": 0.0,
        "crashes": 0,
        "created_at": now,
    }
    insert = _insert_for(db)(trajectory).values(row).on_conflict_do_nothing()
    db.execute(insert)
    db.execute(
        sa.update(trajectory)
        .where(trajectory.c.id == found, trajectory.c.priority < wanted.priority)
        .values(priority=wanted.priority)
    )
    return found


def _insert_for(db: sa.Connection) -> Any:
    if db.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - one of two

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415 - one of two

    return postgresql_insert


def add_readings(db: sa.Connection, found: str, probes: Mapping[str, Any], readings: Mapping[str, Any]) -> None:
    """Let a trajectory also take these readings; what lies behind it is replayed for them."""
    row = db.execute(sa.select(trajectory).where(trajectory.c.id == found).with_for_update()).mappings().one()
    asked, missing, changed = dict(row["readings"]), dict(row["missing"]), False
    for probe, progressions in readings.items():
        had = asked.get(probe, [])
        fresh = [list(each) for each in progressions if not _covers(had, each)]
        if fresh:
            asked[probe] = [*had, *fresh]
            missing.setdefault(probe, had)
            changed = True
    if not changed:
        return
    values: dict[str, Any] = {"probes": {**row["probes"], **probes}, "readings": asked}
    if row["reached"] > 0 or row["lease_until"] is not None:
        values |= {"missing": missing, "layer": row["layer"] + 1}
        if row["reached"] > 0:
            values |= {"replay": row["reached"], "replayed": 0}
    db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(values))


def _covers(had: Sequence[Sequence[int]], progression: Sequence[int]) -> bool:
    """Whether every offset of a progression is in one that is taken already."""
    first, every, last = progression
    for start, step, end in had:
        inside = start <= first and last <= end
        if inside and (first - start) % (step or 1) == 0 and (every % (step or 1) == 0 or first == last):
            return True
    return False


def refresh_wanted(db: sa.Connection, ids: Iterable[str]) -> None:
    """Recompute how far jobs that run want these trajectories to go."""
    for each in sorted(set(ids)):
        furthest = db.execute(
            sa.select(sa.func.max(arm_step.c.demand))
            .join(job, job.c.id == arm_step.c.job)
            .where(
                arm_step.c.trajectory == each,
                arm_step.c.state == "open",
                job.c.desired == "running",
                job.c.status.not_in(TERMINAL),
            )
        ).scalar()
        db.execute(sa.update(trajectory).where(trajectory.c.id == each).values(wanted=furthest or 0))


def settle(db: sa.Connection, now: float, trajectory_ids: Iterable[str]) -> set[str]:
    """Meet every open step that these trajectories satisfy, key what follows, and so on; all trajectories touched."""
    pending, touched = list(dict.fromkeys(trajectory_ids)), set[str]()
    while pending:
        current = pending.pop()
        touched.add(current)
        for step in _open_steps(db, current):
            pending += _settle_step(db, now, step)
    return touched


def _open_steps(db: sa.Connection, found: str) -> list[Row]:
    query = sa.select(arm_step).where(arm_step.c.trajectory == found, arm_step.c.state == "open")
    return list(db.execute(query.order_by(arm_step.c.job, arm_step.c.arm)).mappings())


def _settle_step(db: sa.Connection, now: float, step: Row) -> list[str]:
    """Meet the step if it is satisfied; the trajectory of the next step, if there is one."""
    stop = stop_of(db, step)
    if stop is None:
        return []
    name, realised = stop
    seeds = sorted(realised)
    _mark(db, step, state="met" if seeds else "over", stop=name)
    following = db.execute(sa.select(arm_step).where(*_key(step, step["ordinal"] + 1))).mappings().first()
    if following is None:
        return []
    if not seeds:
        rest = arm_step.c.ordinal > step["ordinal"]
        db.execute(sa.update(arm_step).where(*_key(step), rest).values(state="over"))
        return []
    return [_key_next(db, now, step, following, name, realised)]


def _key_next(db: sa.Connection, now: float, step: Row, following: Row, stop: str, realised: Mapping[int, int]) -> str:
    parent = db.execute(sa.select(trajectory).where(trajectory.c.id == step["trajectory"])).mappings().one()
    regime, seeds = RegimeSpec.model_validate(following["regime"]), sorted(realised)
    ages = {seed: int(parent["ages"][str(seed)]) + realised[seed] * regime.batch for seed in seeds}
    wanted = Wanted(
        project=parent["project"],
        key=child_key(parent["key"], stop, regime, seeds),
        root=None,
        regime=following["regime"],
        numerics=parent["numerics"],
        seeds=seeds,
        ages=ages,
        priority=parent["priority"],
        parent=parent["id"],
        parent_stop=stop,
    )
    found = find_or_create(db, now, wanted)
    _mark(db, following, state="open", trajectory=found, seeds=seeds)
    probes = db.execute(sa.select(arm.c.probes).where(arm.c.job == step["job"], arm.c.idx == step["arm"])).scalar_one()
    add_readings(db, found, {probe: probes[probe] for probe in following["readings"]}, following["readings"])
    return found


def stop_of(db: sa.Connection, step: Row) -> tuple[str, dict[int, int]] | None:
    """Where an open step stopped: the stop's name, and the offset of each seed that goes on; None if it has not."""
    ends = {
        (row["demand"], row["seed"]): row
        for row in db.execute(
            sa.select(transition).where(
                transition.c.trajectory == step["trajectory"],
                transition.c.demand.in_(["diverged", step["ending_id"] or "diverged"]),
            )
        ).mappings()
    }
    seeds = [int(seed) for seed in step["seeds"]]
    diverged = {
        seed for seed in seeds if _before(ends.get(("diverged", seed)), ends.get((step["ending_id"], seed)), step)
    }
    if step["ending_id"] is None:
        stop, going = str(step["demand"]), {seed: step["demand"] for seed in seeds if seed not in diverged}
        if not going:
            return "diverged", {}
        return (stop, going) if _is_stored(db, step, stop) else None
    if any(seed not in diverged and (step["ending_id"], seed) not in ends for seed in seeds):
        return None
    rows = {seed: ends[step["ending_id"], seed] for seed in seeds if seed not in diverged}
    going = {seed: int(row["offset"]) for seed, row in rows.items() if row["status"] in ALIVE}
    stop = realised_stop(going)
    return (stop, going) if not going or _is_stored(db, step, stop) else None


def _before(diverged: Row | None, end: Row | None, step: Row) -> bool:
    """Whether a life diverged before it reached what the step asks."""
    if diverged is None:
        return False
    return bool(diverged["offset"] < step["demand"]) if end is None else bool(diverged["offset"] < end["offset"])


def _is_stored(db: sa.Connection, step: Row, stop: str) -> bool:
    query = sa.select(snapshot.c.id).where(
        snapshot.c.trajectory == step["trajectory"], snapshot.c.stop == stop, snapshot.c.lost_at.is_(None)
    )
    return db.execute(query).first() is not None


def _key(step: Row, ordinal: int | None = None) -> list[Any]:
    same = [arm_step.c[name] == step[name] for name in ("job", "arm", "cohort")]
    return same if ordinal is None else [*same, arm_step.c.ordinal == ordinal]


def _mark(db: sa.Connection, step: Row, **values: Any) -> None:
    db.execute(sa.update(arm_step).where(*_key(step, step["ordinal"])).values(values))
