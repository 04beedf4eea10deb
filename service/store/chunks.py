"""Sealed rows of one series: a chunk holds up to 65 536 values or 4 096 rows, with its extremes and aggregates."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from service.store import aggregates, codec
from service.store.columns import Columns

MAX_VALUES = 65_536
MAX_ROWS = 4_096

_LENGTH = struct.Struct("<I")


def encode_chunk(columns: Columns, coding: int = codec.WRITTEN) -> bytes:
    """Offsets and values of a chunk; no notes of the clock, so two runs of the same trajectory give the same bytes."""
    offsets = codec.encode_offsets(columns.offsets, coding)
    return _LENGTH.pack(len(offsets)) + offsets + codec.encode_values(columns.values, columns.valid, coding)


def decode_chunk(path: str, data: bytes, lives: Sequence[int] | None = None) -> Columns:
    """What `encode_chunk` was given, of all lives or as if only some had values; Damaged if it is something else."""
    if len(data) < _LENGTH.size:
        raise codec.Damaged("a history chunk is shorter than its header")
    border = _LENGTH.size + int(_LENGTH.unpack_from(data)[0])
    view = memoryview(data)
    values, valid = codec.decode_values(view[border:], lives)
    return Columns(path, codec.decode_offsets(view[_LENGTH.size : border]), values, valid)


def rows_of(series: int, columns: Columns, start: int, end: int) -> Iterator[dict[str, Any]]:
    """Rows of the chunk table that hold all of a series in (start, end]."""
    step = max(1, min(MAX_ROWS, MAX_VALUES // max(1, len(columns.values))))
    for first in range(0, columns.rows, step):
        last = min(first + step, columns.rows)
        kept = slice(first, last)
        part = Columns(columns.path, columns.offsets[kept], columns.values[:, kept], columns.valid[:, kept])
        upto = end if last == columns.rows else int(part.offsets[-1])
        yield chunk_row(series, part, start, upto)
        start = upto


def chunk_row(series: int, columns: Columns, start: int, end: int) -> dict[str, Any]:
    """One row of the chunk table."""
    numbers = aggregates.aggregate(columns)
    data = encode_chunk(columns)
    return {
        "series": series,
        "offset0": start,
        "offset1": end,
        "rows": columns.rows,
        "codec": codec.codec_of(data[_LENGTH.size :]),
        "crc32": codec.checksum(data),
        **aggregates.extremes(numbers),
        "agg": aggregates.dump(numbers),
        "data": data,
    }
