"""What was asked for too late: the trained part that is run again for it, and what of that is new.

A trajectory that stands at `reached` may be asked for a snapshot behind it, for readings that were not taken, for a
trigger that nobody watched, or to go on with lives that stayed behind when their own trigger fired. All four are
answered by running a part again from a complete snapshot before it, or from the start: the bits are the same, so what
is stored is compared with what comes, and only what is missing is added, in a layer of history of its own. `reached`
does not move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from models.specs.plan import realised_stop
from service.store import history
from service.store.aggregates import by_name
from service.store.blocks import EncodedBlock, OpenBlock, SeriesGroup, encode_block
from service.store.clock import Notes
from service.store.columns import Columns
from service.store.readings import covers
from service.store.rows import Row, fetch
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, snapshot, trajectory

READING, WATCH = "reading:", "watch:"
"""How the names of needs begin: for readings, met by a replay from the start; for triggers that nobody watched."""

GIVEN_UP = ("cancelled", "failed")
"""Jobs in these states want nothing any more; one that succeeded still wants what it had, should it be lost."""


@dataclass(frozen=True)
class Need:
    """One reason to run a part again: from at most `begin`, up to `upto`."""

    name: str
    begin: int
    upto: int


def review(db: sa.Connection, found: str) -> None:
    """Plan the replay that open steps of a trajectory need; one that is under way for the same reasons goes on."""
    (row,) = fetch(db, sa.select(trajectory).where(trajectory.c.id == found).with_for_update())
    needs = list(_needs(db, row)) if row["reached"] > 0 else []
    names = sorted({need.name for need in needs})
    if row["replay"] is not None and names and set(names) <= set(row["covers"]):
        return
    values: dict[str, Any] = {"replay": None, "covers": names}
    if needs:
        begin = min(need.begin for need in needs)
        triggered = [step for step in open_steps(db, found) if step["ending"] is not None]
        values["covers"] = sorted({*names, *(f"{WATCH}{step['ending_id']}" for step in triggered)})
        values["replay"] = max(need.upto for need in needs)
        values["replayed"] = _complete_before(
            db, found, min([begin, *(each["ending"]["entry"] - 1 for each in triggered)])
        )
        values["layer"] = row["layer"] + 1
    if needs or row["replay"] is not None:
        db.execute(sa.update(trajectory).where(trajectory.c.id == found).values(values))


def open_steps(db: sa.Connection, found: str, *, running: bool = False) -> list[Row]:
    """Steps that wait for this trajectory; `running`: only of jobs that wish to go on now."""
    query = (
        sa.select(arm_step)
        .join(job, job.c.id == arm_step.c.job)
        .where(arm_step.c.trajectory == found, arm_step.c.state == "open", job.c.status.not_in(GIVEN_UP))
    )
    if running:
        query = query.where(job.c.desired == "running")
    return fetch(db, query.order_by(arm_step.c.job, arm_step.c.arm, arm_step.c.cohort))


def followed(row: Row, steps: Sequence[Row], begin: int) -> dict[str, Any]:
    """Triggers that a slice from an offset on can watch, by id: those of which nothing since their entry was missed.

    A job that is paused has its triggers watched with those of the others, but no replay for one that nobody watched.
    """
    found = {step["ending_id"]: step["ending"] for step in steps if step["ending"] is not None}
    if row["replay"] is not None:
        return {name: ending for name, ending in found.items() if f"{WATCH}{name}" in row["covers"]}
    return {
        name: ending
        for name, ending in found.items()
        if begin == 0 or ending["entry"] > begin or row["watched"].get(name) == begin
    }


def stored_stops(db: sa.Connection, found: str) -> dict[str, bool]:
    """Stops of a trajectory that have a snapshot, and whether it is complete."""
    query = sa.select(snapshot.c.stop, snapshot.c.complete)
    rows = db.execute(query.where(snapshot.c.trajectory == found, snapshot.c.lost_at.is_(None)))
    return {row.stop: bool(row.complete) for row in rows}


def has_readings(row: Row, step: Row) -> bool:
    """Whether all readings of a step that lie behind the trajectory were taken."""
    return not any(_lacking(row, step))


def _lacking(row: Row, step: Row) -> Iterator[str]:
    for probe, progressions in step["readings"].items():
        had = row["missing"].get(probe)
        if had is not None and not all(covers(had, each, row["reached"]) for each in progressions):
            yield probe


def _needs(db: sa.Connection, row: Row) -> Iterator[Need]:
    stops = stored_stops(db, row["id"])
    for step in open_steps(db, row["id"], running=True):
        for probe in _lacking(row, step):
            yield Need(f"{READING}{probe}:{len(row['readings'][probe])}", 0, row["reached"])
        yield from _of_offset(row, step, stops) if step["ending"] is None else _of_ending(db, row, step, stops)


def _of_offset(row: Row, step: Row, stops: Mapping[str, bool]) -> Iterator[Need]:
    demand, reached = step["demand"], row["reached"]
    if demand > reached:
        yield from _of_standing(row, stops)
    elif not stops.get(str(demand), False):
        yield Need(f"offset:{demand}", demand, demand)


def _of_standing(row: Row, stops: Mapping[str, bool]) -> Iterator[Need]:
    """To go on, all lives must stand at the end, in a snapshot that is not lost."""
    if not stops.get(str(row["reached"]), False):
        yield Need(f"standing:{row['reached']}", row["reached"], row["reached"])


def _of_ending(db: sa.Connection, row: Row, step: Row, stops: Mapping[str, bool]) -> Iterator[Need]:
    entry, reached, name = step["ending"]["entry"], row["reached"], step["ending_id"]
    ends = decided(db, step)
    if ends is not None:
        stop, offsets = ends
        if offsets and stop not in stops:
            yield Need(f"end:{stop}", entry - 1, max(offsets.values()))
    elif entry > reached:
        yield from _of_standing(row, stops)
    elif row["watched"].get(name) != reached or str(reached) not in stops:
        yield Need(f"{WATCH}{name}", entry - 1, reached)


def decided(db: sa.Connection, step: Row) -> tuple[str, dict[int, int]] | None:
    """The stop of a triggered end and the offsets of the seeds that go on; None while a life is under way to it."""
    c = transition.c
    query = sa.select(c.demand, c.seed, c.offset, c.status).where(
        c.trajectory == step["trajectory"], c.demand.in_(["diverged", step["ending_id"]])
    )
    ends = {(row.demand, int(row.seed)): row for row in db.execute(query)}
    going: dict[int, int] = {}
    for seed in step["seeds"]:
        end, death = ends.get((step["ending_id"], seed)), ends.get(("diverged", seed))
        if end is None and (death is None or death.offset > step["demand"]):
            return None
        if end is not None and end.status == "advanced":
            going[seed] = int(end.offset)
    return realised_stop(going), going


def diverged_by(db: sa.Connection, found: str, offset: int) -> set[int]:
    """Seeds that left the finite numbers up to an offset."""
    c = transition.c
    query = sa.select(c.seed).where(c.trajectory == found, c.demand == "diverged", c.offset <= offset)
    return set(db.execute(query).scalars())


def _complete_before(db: sa.Connection, found: str, offset: int) -> int:
    """The latest offset up to one at which a complete snapshot of all lives is stored; 0 if there is none."""
    offsets = [int(stop) for stop, complete in stored_stops(db, found).items() if complete and stop.isdecimal()]
    return max((each for each in offsets if each <= offset), default=0)


# ---- what of a part that was run again is new


def fresh_part(db: sa.Connection, found: str, block: EncodedBlock) -> tuple[EncodedBlock, list[str]]:
    """The block without what is stored already; and the paths of series whose stored values are others."""
    window = history.Window(after=block.start if block.start else -1, upto=block.end)
    stored = history.read(db, found, ("*",), window)
    whole = OpenBlock(block.start, block.end, block.data)
    kept, differing = list[SeriesGroup](), list[str]()
    for group in whole.groups():
        (path,) = group.paths
        part, differs = _new_rows(group, stored[path]) if path in stored else (group, False)
        if differs:
            differing.append(path)
        if len(part.offsets):
            kept.append(part)
    clock = Notes.of(whole.clock())
    return encode_block(block.start, block.end, kept, clock, block.codec), sorted(set(differing))


def _new_rows(group: SeriesGroup, stored: Columns) -> tuple[SeriesGroup, bool]:
    values = group.values[0]
    valid = np.ones(values.shape, np.bool_) if group.valid is None else group.valid[0].copy()
    places = {int(offset): place for place, offset in enumerate(stored.offsets)}
    rows = [(row, places[int(offset)]) for row, offset in enumerate(group.offsets) if int(offset) in places]
    differs = False
    for row, place in rows:
        both = valid[row] & stored.valid[:, place]
        ours, theirs = values[row][both], stored.values[:, place][both].astype(values.dtype)
        differs = differs or ours.tobytes() != theirs.tobytes()
        valid[row] &= ~stored.valid[:, place]
    new = np.flatnonzero(valid.any(axis=1))
    part = SeriesGroup(group.paths, np.asarray(group.offsets)[new], values[new][None], valid[new][None])
    return part, differs


def stands_complete(blocks: Sequence[EncodedBlock], seeds: Sequence[int], end: int, diverged: set[int]) -> bool:
    """Whether every life that did not diverge was trained up to the end of a slice: its costs say so."""
    last = np.zeros(len(seeds))
    for block in blocks:
        for gain in block.gains:
            last = np.maximum(last, by_name(gain.numbers)["last_offset"])
    return all(last[life] >= end for life, seed in enumerate(seeds) if seed not in diverged)
