"""Going back: a trajectory whose last snapshot is lost forgets what came after the one before, and trains it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from service.store import aggregates, codec
from service.store.blocks import OpenBlock, encode_block
from service.store.chunks import chunk_row, decode_chunk
from service.store.columns import Columns, Offsets, joined
from service.store.recall import Window, read
from service.store.series_rows import CLOCK, Executor, statistics, update_series
from service.store.tables.record import history_block, history_chunk, series


@dataclass(frozen=True)
class Forgotten:
    """What was deleted of a series: its rows in (after, upto], and their hash, which the replay must give again."""

    path: str
    after: int
    upto: int
    rows: int
    digest: str


def cut_after(db: Executor, trajectory: str, offset: int) -> list[Forgotten]:
    """Delete every row after an offset, everything if it is 0; statistics are counted anew from what is left.

    A replay up to `upto` must give the same digests (`history.digests` of the same window), else the machine is at
    fault. The caller sets the trajectory back in the same fenced transaction.
    """
    gone = read(db, trajectory, ("*",), Window(after=offset if offset else -1))
    upto = max((int(columns.offsets[-1]) for columns in gone.values()), default=offset)
    _cut_blocks(db, trajectory, offset)
    _cut_chunks(db, trajectory, offset)
    _count_anew(db, trajectory)
    return [Forgotten(path, offset, upto, part.rows, part.digest()) for path, part in sorted(gone.items())]


def forget(db: Executor, trajectories: Sequence[str]) -> None:
    """Delete all that is recorded of trajectories that nobody wants."""
    ids = sa.select(series.c.id).where(series.c.trajectory.in_(trajectories))
    db.execute(sa.delete(history_chunk).where(history_chunk.c.series.in_(ids)))
    db.execute(sa.delete(history_block).where(history_block.c.trajectory.in_(trajectories)))
    db.execute(sa.delete(series).where(series.c.trajectory.in_(trajectories)))


def _cut_blocks(db: Executor, trajectory: str, offset: int) -> None:
    c = history_block.c
    db.execute(sa.delete(history_block).where(c.trajectory == trajectory, c.offset0 >= offset))
    for row in db.execute(sa.select(history_block).where(c.trajectory == trajectory, c.offset1 > offset)).all():
        stored = OpenBlock(row.offset0, row.offset1, codec.verified(row.data, row.crc32))
        groups, seconds = stored.groups(offset)
        block = encode_block(row.offset0, offset, groups, seconds, row.codec)
        same = (c.trajectory == trajectory, c.layer == row.layer, c.offset0 == row.offset0)
        new = {"offset1": offset, "crc32": block.crc32, "data": block.data}
        db.execute(sa.update(history_block).where(*same).values(**new))


def _cut_chunks(db: Executor, trajectory: str, offset: int) -> None:
    c, of_series = history_chunk.c, series.c
    ids = sa.select(of_series.id).where(of_series.trajectory == trajectory)
    db.execute(sa.delete(history_chunk).where(c.series.in_(ids), c.offset0 >= offset))
    chosen = sa.select(history_chunk, of_series.path).join(series, of_series.id == c.series)
    for row in db.execute(chosen.where(of_series.trajectory == trajectory, c.offset1 > offset)).all():
        whole = decode_chunk(row.path, codec.verified(row.data, row.crc32))
        part = _clock_at(whole, offset) if row.path.startswith(f"{CLOCK}.") else whole.between(-1, offset)
        db.execute(sa.delete(history_chunk).where(c.series == row.series, c.offset0 == row.offset0))
        if part.rows:
            db.execute(sa.insert(history_chunk), [chunk_row(row.series, part, row.offset0, offset)])


def _clock_at(clock: Columns, offset: int) -> Columns:
    """Training seconds up to an offset, with a point there."""
    seconds = np.array([[np.interp(offset, clock.offsets, clock.values[0])]])
    end = Columns(clock.path, np.array([offset], np.int64), seconds, np.ones((1, 1), np.bool_))
    return joined([clock.between(-1, offset - 1), end])


def _count_anew(db: Executor, trajectory: str) -> None:
    left = read(db, trajectory)
    c = series.c
    rows = db.execute(sa.select(c.id, c.path, c.family).where(c.trajectory == trajectory)).all()
    counted = [_statistics(row.id, left[row.path]) for row in rows if row.path in left]
    if counted:
        update_series(db, counted)
    clocked = sa.select(history_chunk.c.series).distinct()
    without = [row.id for row in rows if row.path not in left and row.family != CLOCK]
    db.execute(sa.delete(series).where(c.id.in_(without)))
    db.execute(sa.delete(series).where(c.trajectory == trajectory, c.family == CLOCK, c.id.not_in(clocked)))


def _statistics(key: int, columns: Columns) -> Mapping[str, Any]:
    offsets: Offsets = columns.offsets
    return {"key": key, **statistics(aggregates.aggregate(columns), int(offsets[0]), int(offsets[-1]))}
