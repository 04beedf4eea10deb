"""Answers about histories as bytes: JSON in columns, CSV, Arrow, Parquet.

The last three are written piece by piece, as fast as they are taken, from answers that may be read meanwhile.
"""

from __future__ import annotations

import csv
import importlib
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from service.api import tables
from service.errors import Refused
from service.store import thin
from service.store.path import UNIT_OF_X
from service.store.traces import Answer, Trace
from service.wire.history import HistoryQuery

MAX_JSON_VALUES = 5_000_000
_DENSE = ["value", "wall_s"]
"""Columns of which every byte plane packs better by itself."""

Told = tuple[str, Answer]
"""A job and an answer about it."""


@dataclass(frozen=True)
class Table:
    """What is written: the head, known at once, and the answers, perhaps read one after another."""

    query: HistoryQuery
    columns: Sequence[str]
    single: bool
    """Whether all values are in single precision."""
    thinning: Mapping[str, Any]
    about: Mapping[str, Any]
    """What else is kept with it, by name: jobs with their documents, versions and hashes."""
    answers: Callable[[], Iterable[Told]]


def to_json(found: Answer) -> bytes:
    """The answer as one object, curves in columns; Refused above five million values."""
    refuse_too_many(found.thinning["points_out"])
    body = {
        **_head(found.query),
        "traces": [_trace(trace) for trace in found.traces],
        "thinning": found.thinning,
        "stages": found.stages,
        "complete": found.complete,
        "upto_sp": found.upto_sp,
        "next_after": found.next_after,
    }
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def to_json_of_jobs(query: HistoryQuery, thinning: Mapping[str, Any], answers: Iterable[Told]) -> bytes:
    """Answers about several jobs as one object: every trace and stage names its job."""
    refuse_too_many(thinning["points_out"])
    told = list(answers)
    body = {
        **_head(query),
        "traces": [{"job": job, **_trace(trace)} for job, found in told for trace in found.traces],
        "thinning": thinning,
        "stages": [{"job": job, **stage} for job, found in told for stage in found.stages],
        "jobs": [
            {"job": job, "complete": found.complete, "upto_sp": found.upto_sp, "next_after": found.next_after}
            for job, found in told
        ],
    }
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def refuse_too_many(values: int) -> None:
    """Refused if JSON would hold more than five million values."""
    if values > MAX_JSON_VALUES:
        advice = "ask for fewer points, series, arms or seeds, or for text/csv, Arrow or Parquet"
        detail = f"{values:,} values; JSON holds at most {MAX_JSON_VALUES:,}: {advice}"
        raise Refused(detail, code="invalid-query")


def to_csv(table: Table) -> Iterator[bytes]:
    """As CSV; its first line is a comment that declares the thinning."""
    text = io.StringIO()
    text.write(f"# thinning: {orjson.dumps(table.thinning).decode()}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    for rows, piece in _pieces(table):
        writer.writerows(zip(*(_cells(piece[name], rows) for name in table.columns), strict=True))
        yield _emptied(text)
    yield _emptied(text)


def to_arrow(table: Table) -> Iterator[bytes]:
    """As an Arrow stream; the schema's metadata hold question and thinning."""
    arrow: Any = importlib.import_module("pyarrow")
    schema = _schema(arrow, table)
    sink = _Sink()
    with arrow.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(arrow, schema, table):
            writer.write_table(batch)
            yield sink.taken()
    yield sink.taken()


def to_parquet(table: Table) -> Iterator[bytes]:
    """As Parquet, one row group per arm and series."""
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    schema = _schema(arrow, table)
    sink = _Sink()
    how = {
        "compression": "zstd",
        "use_dictionary": [name for name in table.columns if name in tables.TEXTS],
        "use_byte_stream_split": [name for name in table.columns if name in _DENSE],
    }
    with parquet.ParquetWriter(sink, schema, **how) as writer:
        for batch in _batches(arrow, schema, table):
            writer.write_table(batch, row_group_size=max(1, batch.num_rows))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that is written forwards only; what came in is taken out in between."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def taken(self) -> bytes:
        """Everything since the last time."""
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


def _head(query: HistoryQuery) -> dict[str, Any]:
    return {"query": query.normalised(), "x": _x_of(query)}


def _x_of(query: HistoryQuery) -> dict[str, str]:
    return {"name": query.x, "unit": UNIT_OF_X[query.x]}


def _trace(trace: Trace) -> dict[str, Any]:
    columns = {name: np.ascontiguousarray(values) for name, values in trace.columns.items()}
    members: dict[str, Any] = {
        "series": trace.series,
        "unit": trace.unit,
        "arm": trace.arm,
        "labels": dict(trace.labels),
        "seed": trace.seed,
        "stat": trace.stat,
        "x": np.ascontiguousarray(trace.x),
        "y": np.ascontiguousarray(trace.y),
        "nonfinite": thin.nonfinite(trace.y),
        **trace.about,
    }
    if "band" in members:
        members["band"] = {**members["band"], "lo": columns.pop("lo"), "hi": columns.pop("hi")}
    return members | columns


def _pieces(table: Table) -> Iterator[tuple[int, tables.Piece]]:
    for job, answer in table.answers():
        yield from tables.pieces(answer, job, table.columns)


def _cells(cell: tables.Cell, rows: int) -> Iterator[Any]:
    if isinstance(cell, tables.Named):
        return (cell.names[place] for place in cell.places.tolist())
    return iter(cell.tolist()) if isinstance(cell, np.ndarray) else itertools.repeat(cell, rows)


def _emptied(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def _schema(arrow: Any, table: Table) -> Any:
    about = {"thinning": table.thinning, "query": table.query.normalised(), "x": _x_of(table.query), **table.about}
    metadata = {f"ontogeny.{name}": orjson.dumps(part) for name, part in about.items()}
    return arrow.schema([arrow.field(name, _type_of(arrow, name, table)) for name in table.columns], metadata=metadata)


def _type_of(arrow: Any, name: str, table: Table) -> Any:
    if name in tables.TEXTS:
        return arrow.string()
    if name == "value" and table.single:
        return arrow.float32()
    whole_x = name == "x" and table.query.x != "wall" and table.query.method != "mean"
    return arrow.int64() if name in tables.WHOLE or whole_x else arrow.float64()


def _batches(arrow: Any, schema: Any, table: Table) -> Iterator[Any]:
    """One table per job, arm and series."""

    def curve(each: tuple[int, tables.Piece]) -> Any:
        return each[1]["job"], each[1]["arm"], each[1]["series"]

    for _, group in itertools.groupby(_pieces(table), curve):
        yield arrow.concat_tables(
            [
                arrow.table([_column(arrow, piece[field.name], field.type, rows) for field in schema], schema=schema)
                for rows, piece in group
            ]
        ).combine_chunks()


def _column(arrow: Any, cell: tables.Cell, kind: Any, rows: int) -> Any:
    if isinstance(cell, tables.Named):
        return arrow.DictionaryArray.from_arrays(arrow.array(cell.places), list(cell.names)).cast(kind)
    if isinstance(cell, np.ndarray):
        return arrow.array(cell, kind, from_pandas=False)
    return arrow.nulls(rows, kind) if cell is None else arrow.repeat(arrow.scalar(cell, kind), rows)
