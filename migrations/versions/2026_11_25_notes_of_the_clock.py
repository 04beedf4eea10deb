"""Histories note speed and memory beside the seconds of training, and where extremes are.

Open blocks end with notes of the clock in place of a column of seconds for every group; sealed clocks get rows for
speed and memory, blank; aggregates get two rows for the offsets of minimum and maximum, unknown.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from alembic import op

from service.store import codec

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LENGTH = struct.Struct("<I")
SECONDS = struct.Struct("<d")
AT_ONCE = 200

series = sa.table(
    "series",
    *(sa.column(name) for name in ("trajectory", "path", "layer", "family", "name", "area", "unit", "dtype")),
    *(sa.column(name) for name in ("id", "offset_first", "offset_last", "n", "nonfinite", "agg")),
)
chunk = sa.table("history_chunk", *(sa.column(name) for name in ("series", "offset0", "crc32", "codec", "agg", "data")))
block = sa.table(
    "history_block", *(sa.column(name) for name in ("trajectory", "layer", "offset0", "offset1", "crc32", "data"))
)


def upgrade() -> None:
    db = op.get_bind()
    clocks = set(db.execute(sa.select(series.c.id).where(series.c.family == "clock")).scalars())
    for row in _rows(db, series, (series.c.id,)):
        agg = _clock_numbers(row.agg) if row.id in clocks else _longer(row.agg)
        db.execute(sa.update(series).where(series.c.id == row.id).values(agg=agg))
    for row in _rows(db, chunk, (chunk.c.series, chunk.c.offset0)):
        values: dict[str, Any] = {"agg": _longer(row.agg)}
        if row.series in clocks:
            data = _with_blanks(row.data)
            values = {"agg": _clock_numbers(row.agg), "data": data, "crc32": zlib.crc32(data)}
        same = (chunk.c.series == row.series, chunk.c.offset0 == row.offset0)
        db.execute(sa.update(chunk).where(*same).values(values))
    for row in _rows(db, block, (block.c.trajectory, block.c.layer, block.c.offset0)):
        data, agg = _with_notes(row.data, int(row.offset0), int(row.offset1))
        same = (block.c.trajectory == row.trajectory, block.c.layer == row.layer, block.c.offset0 == row.offset0)
        db.execute(sa.update(block).where(*same).values(data=data, crc32=zlib.crc32(data)))
        _ensure_clock(db, row, agg)


def downgrade() -> None:
    db = op.get_bind()
    if db.execute(sa.select(sa.func.count()).select_from(series)).scalar_one():
        raise RuntimeError("histories that are stored cannot be taken back to the former layout; use a backup")


def _rows(db: sa.Connection, table: Any, key: tuple[Any, ...]) -> Iterator[Any]:
    """All rows in order of the key, a few at a time, whatever is changed meanwhile."""
    last: tuple[Any, ...] | None = None
    while True:
        query = sa.select(table).order_by(*key).limit(AT_ONCE)
        if last is not None:
            query = query.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(part) for part in last)))
        found = db.execute(query).all()
        yield from found
        if len(found) < AT_ONCE:
            return
        last = tuple(getattr(found[-1], column.name) for column in key)


def _longer(agg: bytes) -> bytes:
    """Ten rows of numbers per life, and two that say nothing."""
    lives = len(agg) // 80
    return agg + np.full((2, lives), np.inf, "<f8").tobytes()


def _clock_numbers(agg: bytes) -> bytes:
    """Numbers of the seconds, and of speed and memory that were never noted."""
    numbers = np.frombuffer(agg, "<f8").reshape(10, -1)[:, :1]
    blank = np.array([0, 0, np.inf, -np.inf, 0, 0, np.nan, np.nan, np.inf, -np.inf])[:, None]
    whole = np.concatenate([numbers, blank, blank], axis=1)
    return np.concatenate([whole, np.full((2, 3), np.inf)]).astype("<f8").tobytes()


def _blank(seconds: Any) -> bytes:
    """Seconds (R,) as the three rows of a clock."""
    values = np.stack([seconds, np.zeros(len(seconds)), np.zeros(len(seconds))])
    valid = np.zeros(values.shape, np.bool_)
    valid[0] = True
    return codec.encode_values(values, valid, codec.DEFLATE)


def _with_blanks(data: bytes) -> bytes:
    border = LENGTH.size + int(LENGTH.unpack_from(data)[0])
    seconds, _ = codec.decode_values(data[border:])
    return data[:border] + _blank(seconds[0].astype(np.float64))


def _with_notes(data: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """A block with one note at its end, and the numbers of its clock."""
    head = LENGTH.size + int(LENGTH.unpack_from(data)[0])
    index = orjson.loads(zlib.decompress(data[LENGTH.size : head]))
    border = head + sum(sum(group["sizes"]) for group in index)
    seconds = float(SECONDS.unpack_from(data, border)[0])
    offsets = codec.encode_offsets(np.array([end]), codec.DEFLATE)
    told = np.array([1, 0, seconds, seconds, seconds, seconds**2, seconds, seconds, end, end], "<f8")
    whole = data[:border] + LENGTH.pack(len(offsets)) + offsets + _blank(np.array([seconds]))
    return whole, _clock_numbers(told.tobytes())


def _ensure_clock(db: sa.Connection, row: Any, agg: bytes) -> None:
    """The series of a layer's clock is there from its first block on."""
    path = f"clock.{row.layer}"
    same = (series.c.trajectory == row.trajectory, series.c.path == path)
    known = db.execute(sa.select(series.c.id).where(*same)).scalar()
    if known is None:
        about = {
            "trajectory": row.trajectory,
            "path": path,
            "layer": row.layer,
            "family": "clock",
            "name": str(row.layer),
        }
        numbers = {"offset_first": row.offset1, "offset_last": row.offset1, "n": 1, "nonfinite": 0, "agg": agg}
        db.execute(sa.insert(series).values(**about, family="clock", area=None, unit="1", dtype="f8", **numbers))
    else:
        db.execute(sa.update(series).where(series.c.id == known).values(offset_last=row.offset1))
