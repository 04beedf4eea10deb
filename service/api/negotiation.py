"""Histories in the form that is asked for: JSON, CSV, Arrow or Parquet, with an ETag that costs no decoding."""

from __future__ import annotations

import csv
import hashlib
import importlib
import importlib.util
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from service.api import tables
from service.errors import Refused
from service.store import recall, thin
from service.store.listing import listed
from service.store.path import ArmPath, committed
from service.store.traces import Answer, Limits, TooMany, Trace, answer, chosen_arms
from service.wire.history import Form, HistoryQuery, read_parameters

__all__ = ["Subject", "chosen_arms", "form_of", "history_query", "limits_of", "respond", "series_rows"]

MAX_JSON_VALUES = 5_000_000
MEDIA: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
EXTRA = "arrow and parquet need pyarrow: pip install 'ontogeny[arrow]'"
_COLUMNAR = ("arrow", "parquet")


def history_query(request: Request) -> HistoryQuery:
    """The question in a query string; RequestValidationError names every parameter that is wrong."""
    try:
        return read_parameters(request.query_params.multi_items())
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from error


def limits_of(query: HistoryQuery, batch: int, pass_sp: int | None, stage_sp: int | None) -> Limits:
    """`from` and `to` in the unit of x; Refused if a duration has no meaning there."""
    try:
        return query.window(batch, pass_sp, stage_sp)
    except ValueError as error:
        raise Refused(str(error), code="invalid-query") from error


@dataclass(frozen=True)
class Subject:
    """What is asked about: a job's arms, and whether nothing can be added to them any more."""

    job: str
    arms: Sequence[ArmPath]
    complete: bool


def respond(
    request: Request, db: sa.Connection, subject: Subject, query: HistoryQuery, limits: Limits = (None, None)
) -> Response:
    """The answer to a question about some arms of a job, or 304 if the asker has it."""
    form = form_of(request.headers.get("Accept"), query.format)
    _check_stage(subject, query)
    tag = etag(query, form, subject, recall.marks(db, list(committed(subject.arms))))
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
    if has_tag(request.headers.get("If-None-Match"), tag):
        return Response(status_code=304, headers=headers)
    try:
        found = answer(db, subject.arms, query, complete=subject.complete, limits=limits)
    except TooMany as error:
        raise Refused(str(error), code="invalid-query") from error
    headers["Ontogeny-Thinning"] = orjson.dumps(found.thinning).decode()
    if form == "json":
        return Response(to_json(found), headers=headers, media_type=MEDIA[form])
    writer = {"csv": to_csv, "arrow": to_arrow, "parquet": to_parquet}[form]
    return StreamingResponse(writer(found, subject.job), headers=headers, media_type=MEDIA[form])


def series_rows(db: sa.Connection, arms: Sequence[ArmPath]) -> list[dict[str, Any]]:
    """Every series of some arms with its unit, extremes and last value."""
    return listed(db, arms)


def form_of(accept: str | None, wanted: Form | None) -> Form:
    """What `format` names, else what `Accept` likes best; 406 lists the forms if none can be given."""
    form = wanted or _liked(accept)
    if form is None:
        raise HTTPException(406, f"{accept!r} asks for none of {', '.join(MEDIA.values())}")
    if form in _COLUMNAR and importlib.util.find_spec("pyarrow") is None:
        raise HTTPException(406, f"{EXTRA}; without it there are {MEDIA['json']} and {MEDIA['csv']}")
    return form


def etag(query: HistoryQuery, form: Form, subject: Subject, marks: Mapping[str, tuple[int, int]]) -> str:
    """Weak tag from what is committed, the arms' ends and the question; changes whenever the answer does."""
    lives = [
        [arm.arm, sorted(arm.diverged), [[p.trajectory, p.ends, p.upto] for p in arm.pieces]] for arm in subject.arms
    ]
    known = [query.digest(), query.after, form, lives, sorted(marks.items()), subject.complete]
    return f'W/"{hashlib.sha256(orjson.dumps(known)).hexdigest()[:32]}"'


def has_tag(header: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names the tag; weak and strong ones count alike (RFC 9110)."""
    if header is None:
        return False
    bare = tag.removeprefix("W/")
    return header.strip() == "*" or any(each.strip().removeprefix("W/") == bare for each in header.split(","))


def to_json(found: Answer) -> bytes:
    """The answer as one object, curves in columns; Refused above five million values."""
    values = found.thinning["points_out"]
    if values > MAX_JSON_VALUES:
        advice = "ask for fewer points, or for text/csv, Arrow or Parquet"
        raise Refused(f"{values} values; JSON holds at most {MAX_JSON_VALUES}: {advice}", code="invalid-query")
    body = {
        "query": found.query.normalised(),
        "x": found.x,
        "traces": [_trace(trace) for trace in found.traces],
        "thinning": found.thinning,
        "stages": found.stages,
        "complete": found.complete,
        "upto_sp": found.upto_sp,
        "next_after": found.next_after,
    }
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def to_csv(found: Answer, job: str) -> Iterator[bytes]:
    """The answer as CSV; its first line is a comment that declares the thinning."""
    names = tables.columns_of(found)
    text = io.StringIO()
    text.write(f"# thinning: {orjson.dumps(found.thinning).decode()}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for rows, piece in tables.pieces(found, job):
        writer.writerows(zip(*(_cells(piece[name], rows) for name in names), strict=True))
        yield _emptied(text)
    yield _emptied(text)


def to_arrow(found: Answer, job: str) -> Iterator[bytes]:
    """The answer as an Arrow stream; the schema's metadata hold question and thinning."""
    arrow: Any = importlib.import_module("pyarrow")
    schema = _schema(arrow, found)
    sink = _Sink()
    with arrow.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(arrow, schema, found, job):
            writer.write_table(batch)
            yield sink.taken()
    yield sink.taken()


def to_parquet(found: Answer, job: str) -> Iterator[bytes]:
    """The answer as Parquet, one row group per arm and series."""
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    schema = _schema(arrow, found)
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in _batches(arrow, schema, found, job):
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


def _check_stage(subject: Subject, query: HistoryQuery) -> None:
    stages = {span.stage: None for arm in subject.arms for piece in arm.pieces for span in piece.spans}
    if query.stage is not None and stages and query.stage not in stages:
        detail = f"no arm has reached a stage {query.stage!r}; there are {', '.join(stages)}"
        raise Refused(detail, code="invalid-query")


def _liked(accept: str | None) -> Form | None:
    """The form with the greatest weight in an Accept header; among equals the first that is named."""
    if not accept:
        return "json"
    best: tuple[float, Form | None] = (0.0, None)
    for part in accept.split(","):
        media, *parameters = (each.strip() for each in part.split(";"))
        weight = _weight(parameters)
        form = _form_named(media)
        if form is not None and weight > best[0]:
            best = (weight, form)
    return best[1]


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _form_named(media: str) -> Form | None:
    if media in ("*/*", "application/*"):
        return "json"
    if media == "text/*":
        return "csv"
    return next((form for form, name in MEDIA.items() if name == media.lower()), None)


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


def _cells(cell: tables.Cell, rows: int) -> Iterator[Any]:
    if isinstance(cell, np.ndarray):
        return iter(cell.tolist())
    return itertools.repeat(cell, rows)


def _emptied(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def _schema(arrow: Any, found: Answer) -> Any:
    about = {
        "ontogeny.thinning": orjson.dumps(found.thinning),
        "ontogeny.query": orjson.dumps(found.query.normalised()),
        "ontogeny.x": orjson.dumps(found.x),
    }
    fields = [arrow.field(name, _type_of(arrow, name, found)) for name in tables.columns_of(found)]
    return arrow.schema(fields, metadata=about)


def _type_of(arrow: Any, name: str, found: Answer) -> Any:
    if name in tables.TEXTS:
        return arrow.string()
    if name == "value" and found.traces and all(trace.y.dtype == np.float32 for trace in found.traces):
        return arrow.float32()
    whole_x = name == "x" and found.query.x != "wall" and all(trace.x.dtype.kind == "i" for trace in found.traces)
    return arrow.int64() if name in tables.WHOLE or whole_x else arrow.float64()


def _batches(arrow: Any, schema: Any, found: Answer, job: str) -> Iterator[Any]:
    """One table per arm and series."""
    for _, group in itertools.groupby(tables.pieces(found, job), lambda each: (each[1]["arm"], each[1]["series"])):
        yield arrow.concat_tables(
            [
                arrow.table([_column(arrow, piece[field.name], field.type, rows) for field in schema], schema=schema)
                for rows, piece in group
            ]
        ).combine_chunks()


def _column(arrow: Any, cell: tables.Cell, kind: Any, rows: int) -> Any:
    if isinstance(cell, np.ndarray):
        return arrow.array(cell, kind, from_pandas=False)
    return arrow.nulls(rows, kind) if cell is None else arrow.repeat(arrow.scalar(cell, kind), rows)
