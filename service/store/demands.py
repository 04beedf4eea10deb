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

from models.specs.plan import child_key
from models.specs.regime import RegimeSpec
from service.store import replays
from service.store.readings import covers
from service.store.rows import Row, fetch, fetch_one, insert_for
from service.store.tables.work import arm, arm_step, job, trajectory


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
        "watched": {},
        "covers": [],
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
    insert = insert_for(db)(trajectory).values(row).on_conflict_do_nothing()
    locked = sa.select(trajectory.c.priority).where(trajectory.c.id == found).with_for_update()
    while True:  # one that is being deleted is gone by the time it can be locked: then it is made again
        db.execute(insert)
        priority = db.execute(locked).scalar()
        if priority is not None:
            break
    if priority < wanted.priority:
        db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(priority=wanted.priority))
    return found


def add_readings(db: sa.Connection, found: str, probes: Mapping[str, Any], readings: Mapping[str, Any]) -> None:
    """Let a trajectory also take these readings, and note which of them lie behind it already."""
    row = db.execute(sa.select(trajectory).where(trajectory.c.id == found).with_for_update()).mappings().one()
    asked, missing = dict(row["readings"]), dict(row["missing"])
    for probe, progressions in readings.items():
        had = asked.get(probe, [])
        fresh = [list(each) for each in progressions if not covers(had, each)]
        asked[probe] = [*had, *fresh]
        if row["reached"] > 0 and not all(covers(had, each, row["reached"]) for each in fresh):
            missing.setdefault(probe, had)
    values = {"probes": {**row["probes"], **probes}, "readings": asked, "missing": missing}
    db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(values))


def refresh_wanted(db: sa.Connection, ids: Iterable[str]) -> None:
    """Recompute how far, and how urgently, jobs that run want these trajectories to go."""
    for each in sorted(set(ids)):
        furthest, priority = db.execute(
            sa.select(sa.func.max(arm_step.c.demand), sa.func.max(job.c.priority))
            .join(job, job.c.id == arm_step.c.job)
            .where(
                arm_step.c.trajectory == each,
                arm_step.c.state == "open",
                job.c.desired == "running",
                job.c.status.not_in(replays.GIVEN_UP),
            )
        ).one()
        values = {"wanted": furthest or 0} | ({} if priority is None else {"priority": priority})
        db.execute(sa.update(trajectory).where(trajectory.c.id == each).values(values))


def settle(db: sa.Connection, now: float, trajectory_ids: Iterable[str]) -> set[str]:
    """Meet every open step that these trajectories satisfy, key what follows, and so on; all trajectories touched."""
    pending, touched = list(dict.fromkeys(trajectory_ids)), set[str]()
    while pending:
        current = pending.pop()
        touched.add(current)
        for step in replays.open_steps(db, current):
            pending += _settle_step(db, now, step)
    for each in sorted(touched):
        replays.review(db, each)
    return touched


def _settle_step(db: sa.Connection, now: float, step: Row) -> list[str]:
    """Meet the step if it is satisfied; the trajectory of the next step, if there is one."""
    stop = stop_of(db, step)
    if stop is None:
        return []
    name, realised = stop
    seeds = sorted(realised)
    _mark(db, step, state="met" if seeds else "over", stop=name)
    following = fetch_one(db, sa.select(arm_step).where(*_key(step, step["ordinal"] + 1)))
    if following is None:
        return []
    if not seeds:
        rest = arm_step.c.ordinal > step["ordinal"]
        db.execute(sa.update(arm_step).where(*_key(step), rest).values(state="over"))
        return []
    return [_key_next(db, now, step, following, name, realised)]


def _key_next(db: sa.Connection, now: float, step: Row, following: Row, stop: str, realised: Mapping[int, int]) -> str:
    parent = db.execute(sa.select(trajectory).where(trajectory.c.id == step["trajectory"])).one()._asdict()
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
    (row,) = fetch(db, sa.select(trajectory).where(trajectory.c.id == step["trajectory"]))
    if not replays.has_readings(row, step):
        return None
    stops = replays.stored_stops(db, row["id"])
    if step["ending"] is not None:
        ends = replays.decided(db, step)
        return ends if ends is not None and (not ends[1] or ends[0] in stops) else None
    demand = step["demand"]
    gone = replays.diverged_by(db, row["id"], demand)
    going = {seed: demand for seed in step["seeds"] if seed not in gone}
    if not going:
        return "diverged", {}
    return (str(demand), going) if demand <= row["reached"] and stops.get(str(demand), False) else None


def _key(step: Row, ordinal: int | None = None) -> list[Any]:
    same = [arm_step.c[name] == step[name] for name in ("job", "arm", "cohort")]
    return same if ordinal is None else [*same, arm_step.c.ordinal == ordinal]


def _mark(db: sa.Connection, step: Row, **values: Any) -> None:
    db.execute(sa.update(arm_step).where(*_key(step, step["ordinal"])).values(values))
