"""Sealing: the fresh blocks of a trajectory become chunks per series, in one transaction of the caller.

Whoever is interrupted in between has done nothing: chunks appear and blocks vanish in the same commit. Values, and the
answer to any question, are the same before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from service.store import aggregates, codec
from service.store.blocks import OpenBlock
from service.store.chunks import MAX_ROWS, MAX_VALUES, chunk_row, decode_chunk, rows_of
from service.store.clock import CLOCK, clock_path, continued
from service.store.columns import Columns, joined
from service.store.series_rows import Executor
from service.store.tables.record import history_block, history_chunk, series
from service.store.tables.work import trajectory


def open_trajectories(db: Executor, limit: int = 200) -> list[tuple[str, int]]:
    """Trajectories with blocks, and the updates that these cover, most first."""
    c = history_block.c
    covered = sa.func.sum(c.offset1 - c.offset0)
    rows = db.execute(sa.select(c.trajectory, covered).group_by(c.trajectory).order_by(covered.desc()).limit(limit))
    return [(trajectory, int(updates)) for trajectory, updates in rows]


def at_rest(db: Executor, trajectories: Sequence[str]) -> set[str]:
    """Those of some trajectories that nobody holds and nobody wants to go on: what they have may be sealed whole."""
    t = trajectory.c
    done = (t.lease_until.is_(None), sa.or_(t.wanted == 0, sa.and_(t.reached >= t.wanted, t.replay.is_(None))))
    return set(db.execute(sa.select(t.id).where(t.id.in_(trajectories), *done)).scalars())


def seal(db: Executor, trajectory: str, *, final: bool = False) -> int:
    """Move the blocks of each layer that has enough of them into chunks; of every layer if final.

    Enough is 65 536 values of a series, or 4 096 rows. Returns how many blocks were moved. Two that seal at once do
    it after one another; the second finds nothing.
    """
    return sum(_seal_layer(db, trajectory, layer) for layer in _layers(db, trajectory, final))


def _layers(db: Executor, trajectory: str, final: bool) -> list[int]:
    c = history_block.c
    covered = sa.func.sum(c.offset1 - c.offset0)
    rows = db.execute(sa.select(c.layer, covered).where(c.trajectory == trajectory).group_by(c.layer)).all()
    if final:
        return [row[0] for row in rows]
    lives = _lives(db, trajectory)
    return [layer for layer, updates in rows if updates >= MAX_ROWS or updates * lives >= MAX_VALUES]


def _lives(db: Executor, trajectory: str) -> int:
    recorded = (series.c.trajectory == trajectory, series.c.family != CLOCK)
    numbers = db.execute(sa.select(series.c.agg).where(*recorded).limit(1)).scalar()
    return 0 if numbers is None else aggregates.load(numbers).shape[1]


def _seal_layer(db: Executor, trajectory: str, layer: int) -> int:
    c = history_block.c
    mine = (c.trajectory == trajectory, c.layer == layer)
    rows = db.execute(sa.select(history_block).where(*mine).order_by(c.offset0).with_for_update()).all()
    if not rows:
        return 0
    blocks = [OpenBlock(row.offset0, row.offset1, codec.verified(row.data, row.crc32)) for row in rows]
    start, end = blocks[0].start, blocks[-1].end
    fresh: dict[str, list[Columns]] = {}
    for block in blocks:
        for columns in block.columns():
            fresh.setdefault(columns.path, []).append(columns)
    ids = _ids(db, trajectory)
    chunks = _clock_chunks(db, ids[clock_path(layer)], blocks)
    for path, parts in fresh.items():
        chunks += _series_chunks(db, ids[path], parts, (start, end))
    db.execute(sa.insert(history_chunk), chunks)
    db.execute(sa.delete(history_block).where(*mine, c.offset0 <= blocks[-1].start))
    return len(blocks)


def _ids(db: Executor, trajectory: str) -> dict[str, int]:
    rows = db.execute(sa.select(series.c.path, series.c.id).where(series.c.trajectory == trajectory))
    return {row.path: row.id for row in rows}


def _series_chunks(db: Executor, key: int, parts: Sequence[Columns], interval: tuple[int, int]) -> list[dict[str, Any]]:
    """Chunks of fresh rows; stored chunks that they overlap (another layer's) are taken back and joined to them."""
    c = history_chunk.c
    start, end = interval
    overlap = (c.series == key, c.offset1 > start)
    stored = db.execute(sa.select(history_chunk).where(*overlap)).all()
    if stored:
        path = parts[0].path
        parts = [*parts, *(decode_chunk(path, codec.verified(row.data, row.crc32)) for row in stored)]
        start, end = min(start, *(row.offset0 for row in stored)), max(end, *(row.offset1 for row in stored))
        db.execute(sa.delete(history_chunk).where(*overlap))
    return list(rows_of(key, joined(parts), start, end))


def _clock_chunks(db: Executor, key: int, blocks: Sequence[OpenBlock]) -> list[dict[str, Any]]:
    """The notes of the blocks, continued from the last sealed ones; they mark how far a layer is sealed."""
    c = history_chunk.c
    row = db.execute(sa.select(history_chunk).where(c.series == key).order_by(c.offset0.desc()).limit(1)).first()
    sealed = [] if row is None else [decode_chunk(CLOCK, codec.verified(row.data, row.crc32))]
    start = blocks[0].start
    clock = continued(sealed, [block.clock() for block in blocks]).between(start if sealed else -1, None)
    return [chunk_row(key, clock, start, blocks[-1].end)]
