"""Histories: one wide block per slice while it is fresh, chunks per series once it is sealed; read as one.

Offsets are updates since the trajectory's start; a block covers (start, end], the first one also offset 0. Layer 0 is
the record of the training itself. A replay that adds probes which were not asked for then writes the further layers,
each contiguous in itself. A series may have rows in several layers; they are put together by offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from service.store import aggregates, codec
from service.store.blocks import EncodedBlock, Gain, OpenBlock, SeriesGroup, encode_block
from service.store.clock import Notes, clock_path
from service.store.columns import Columns, Conflict
from service.store.recall import SeriesInfo, Window, clocks, digests, list_series, marks, matcher, read, read_many
from service.store.sealing import open_trajectories, seal
from service.store.series_rows import Described, Executor, series_row, statistics, update_series
from service.store.tables.record import history_block, history_chunk, series

__all__ = [
    "Columns",
    "Conflict",
    "Described",
    "EncodedBlock",
    "NotContiguous",
    "Notes",
    "SeriesGroup",
    "SeriesInfo",
    "Window",
    "append_block",
    "clocks",
    "digests",
    "encode_block",
    "end_of",
    "forget",
    "list_series",
    "marks",
    "matcher",
    "open_trajectories",
    "read",
    "read_many",
    "seal",
]


# Built once: to put a statement together takes longer than to run it.
_BLOCK, _CHUNK = history_block.c, history_chunk.c
_HERE: sa.BindParameter[str] = sa.bindparam("here")
_LAST_FRESH = sa.select(sa.func.max(_BLOCK.offset1)).where(
    _BLOCK.trajectory == _HERE, _BLOCK.layer == sa.bindparam("layer")
)
_CLOCK = sa.select(series.c.id).where(series.c.trajectory == _HERE, series.c.path == sa.bindparam("clock"))
_LAST_SEALED = sa.select(sa.func.max(_CHUNK.offset1)).where(_CHUNK.series == _CLOCK.scalar_subquery())
_OF_TRAJECTORY = sa.select(series).where(series.c.trajectory == _HERE)
_NEW_BLOCK, _NEW_SERIES = sa.insert(history_block), sa.insert(series)


class NotContiguous(Exception):
    """A block does not begin where the stored history of its layer ends; nothing was written."""


def append_block(
    db: Executor,
    trajectory: str,
    layer: int,
    fence: int,
    block: EncodedBlock,
    described: Mapping[str, Described] | None = None,
) -> int:
    """Insert the block of a slice; how many values it brought, 0 if the very same ones are there already.

    NotContiguous if it begins elsewhere than at the end of its layer. `described` says by path what probes'
    numbers are; others are known by their names.
    """
    end = end_of(db, trajectory, layer)
    if block.start != end and not (end is None and layer != 0) and not (end is None and block.start == 0):
        if _is_stored(db, trajectory, layer, block):
            return 0
        raise NotContiguous(f"{trajectory}: a block from offset {block.start}, the history ends at {end or 0}")
    row = {"trajectory": trajectory, "layer": layer, "offset0": block.start, "offset1": block.end, "fence": fence}
    db.execute(_NEW_BLOCK, {**row, "codec": block.codec, "crc32": block.crc32, "data": block.data})
    noted = int(aggregates.by_name(block.clock)["first_offset"][0])
    clock = Gain(clock_path(layer), "f8", noted, block.end, block.clock)
    gains = [*block.gains, clock]
    _gain(db, trajectory, layer, gains, described or {})
    return sum(int(aggregates.counts(gain.numbers)["n"]) for gain in gains)


def end_of(db: Executor, trajectory: str, layer: int = 0) -> int | None:
    """The offset up to which a layer is stored; None if it has nothing."""
    last = db.execute(_LAST_FRESH, {"here": trajectory, "layer": layer}).scalar()
    if last is None:
        last = db.execute(_LAST_SEALED, {"here": trajectory, "clock": clock_path(layer)}).scalar()
    return None if last is None else int(last)


def forget(db: Executor, trajectories: Sequence[str]) -> None:
    """Delete all that is recorded of trajectories that nobody wants."""
    ids = sa.select(series.c.id).where(series.c.trajectory.in_(trajectories))
    db.execute(sa.delete(history_chunk).where(history_chunk.c.series.in_(ids)))
    db.execute(sa.delete(history_block).where(history_block.c.trajectory.in_(trajectories)))
    db.execute(sa.delete(series).where(series.c.trajectory.in_(trajectories)))


def _is_stored(db: Executor, trajectory: str, layer: int, block: EncodedBlock) -> bool:
    c = history_block.c
    same_key = (c.trajectory == trajectory, c.layer == layer, c.offset0 == block.start, c.offset1 == block.end)
    stored = db.execute(sa.select(c.data, c.crc32).where(*same_key)).first()
    if stored is None:
        return False
    there = OpenBlock(block.start, block.end, codec.verified(stored.data, stored.crc32))
    return there.values_part == OpenBlock(block.start, block.end, block.data).values_part


def _gain(db: Executor, trajectory: str, layer: int, gains: Sequence[Gain], described: Mapping[str, Described]) -> None:
    rows = db.execute(_OF_TRAJECTORY, {"here": trajectory}).mappings()
    known = {row["path"]: row for row in rows}
    fresh, grown = [], []
    for gain in gains:
        before = known.get(gain.path)
        if before is None:
            about = series_row(trajectory, layer, gain.path, described) | {"dtype": gain.dtype}
            fresh.append(about | statistics(gain.numbers, gain.offset_first, gain.offset_last))
            continue
        numbers = aggregates.join(aggregates.load(before["agg"]), gain.numbers)
        first = min(before["offset_first"], gain.offset_first)
        grown.append({"key": before["id"], **statistics(numbers, first, max(before["offset_last"], gain.offset_last))})
    if fresh:
        db.execute(_NEW_SERIES, fresh)
    if grown:
        update_series(db, grown)
