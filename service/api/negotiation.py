"""Histories in the form that is asked for: JSON, CSV, Arrow or Parquet, with an ETag that costs no decoding."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from service.api import tables, writers
from service.api.answers import matches
from service.api.bodies import faults_of
from service.api.shared import Said, Shared
from service.errors import Refused
from service.store import recall
from service.store.path import ArmPath, Piece, committed
from service.store.portions import DECLARED, Portions, Reading, answers, portions
from service.store.traces import MAX_TRACES, Answer, Limits, TooMany, answer, declared_together
from service.wire.history import Form, HistoryQuery, names_of, read_parameters

MEDIA: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
THINNING = "Ontogeny-Thinning"
"""Header that says what was done to the values."""
EXTRA = "arrow and parquet need pyarrow: pip install 'ontogeny[arrow]'"
_COLUMNAR = ("arrow", "parquet")


async def history_query(request: Request) -> HistoryQuery:
    """The question in a query string; RequestValidationError names every parameter that is wrong."""
    try:
        return read_parameters(request.query_params.multi_items())
    except ValidationError as error:
        raise RequestValidationError(faults_of(error, "query", names_of(HistoryQuery))) from error


def limits_of(query: HistoryQuery, batch: int, pass_sp: int | None, stage_sp: int | None) -> Limits:
    """`from` and `to` in the unit of x; Refused if a duration has no meaning there."""
    try:
        return query.window(batch, pass_sp, stage_sp)
    except ValueError as error:
        raise Refused(str(error), code="invalid-query") from error


@dataclass(frozen=True)
class Subject:
    """What is asked about: a job's arms, the question about it, and whether nothing can be added to it any more."""

    job: str
    arms: Sequence[ArmPath]
    complete: bool
    query: HistoryQuery
    limits: Limits = (None, None)
    about: Callable[[sa.Connection], Mapping[str, Any]] | None = None
    """What columnar forms keep with the values: the job with its document, versions and hashes."""


def respond(request: Request, reading: Reading, subject: Subject) -> Response:
    """The answer to a question about some arms of a job, or 304 if the asker has it."""
    return _respond(request, reading, subject.query, [subject], lambda told: writers.to_json(told[0][1]))


def respond_of_jobs(request: Request, reading: Reading, query: HistoryQuery, subjects: Sequence[Subject]) -> Response:
    """The same about several jobs at once."""

    def as_json(told: Sequence[writers.Told]) -> bytes:
        return writers.to_json_of_jobs(query, declared_together([found for _, found in told]), told)

    return _respond(request, reading, query, subjects, as_json)


def form_of(accept: str | None, wanted: Form | None) -> Form:
    """What `format` names, else what `Accept` likes best; 406 lists the forms if none can be given."""
    form = wanted or _liked(accept)
    if form is None:
        raise HTTPException(406, f"{accept!r} asks for none of {', '.join(MEDIA.values())}")
    if form in _COLUMNAR and importlib.util.find_spec("pyarrow") is None:
        raise HTTPException(406, f"{EXTRA}; without it there are {MEDIA['json']} and {MEDIA['csv']}")
    return form


def etag(db: sa.Connection, query: HistoryQuery, form: Form, subjects: Sequence[Subject]) -> str:
    """Weak tag from what is committed, the arms' ends and the question; changes whenever the answer does."""
    known: list[Any] = [query.digest(), form]
    for subject in subjects:
        lives = [
            [arm.arm, sorted(arm.diverged), sorted(arm.censored), [_known(piece) for piece in arm.pieces]]
            for arm in subject.arms
        ]
        marks = recall.marks(db, list(committed(subject.arms)))
        known.append([subject.job, subject.query.after, lives, sorted(marks.items()), subject.complete])
    return f'W/"{hashlib.sha256(orjson.dumps(known)).hexdigest()[:32]}"'


def _known(piece: Piece) -> list[Any]:
    return [piece.trajectory, piece.ends, piece.upto, piece.decided, [span.stage for span in piece.spans]]


def _respond(
    request: Request,
    reading: Reading,
    query: HistoryQuery,
    subjects: Sequence[Subject],
    as_json: Callable[[Sequence[writers.Told]], bytes],
) -> Response:
    form = form_of(request.headers.get("Accept"), query.format)
    _check(subjects, query)
    with reading() as db:
        tag = etag(db, query, form, subjects)
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
    if matches(request.headers.get("If-None-Match"), tag):
        return Response(status_code=304, headers=headers)
    if form != "json":
        table = _table(reading, query, form, subjects)
        thinning = orjson.dumps(table.thinning).decode()
        writer = {"csv": writers.to_csv, "arrow": writers.to_arrow, "parquet": writers.to_parquet}[form]
        return StreamingResponse(writer(table), headers={**headers, THINNING: thinning}, media_type=MEDIA[form])
    shared: Shared = request.app.state.shared
    # What is answered was fixed by the subjects: later commits add nothing to what is read under this tag.
    said = shared.answer(tag, lambda: _said(reading, query, subjects, as_json))
    return Response(said.content, headers={**headers, **said.headers}, media_type=MEDIA[form])


def _said(
    reading: Reading,
    query: HistoryQuery,
    subjects: Sequence[Subject],
    as_json: Callable[[Sequence[writers.Told]], bytes],
) -> Said:
    with reading() as db:
        if query.is_export and not query.bounded:
            stored = [portions(db, subject.arms, subject.query) for subject in subjects]
            writers.refuse_too_many(sum(each.values for each in stored))
        told = _told(db, subjects)
    thinning = declared_together([found for _, found in told])
    return Said(as_json(told), {THINNING: orjson.dumps(thinning).decode()})


def _table(reading: Reading, query: HistoryQuery, form: Form, subjects: Sequence[Subject]) -> writers.Table:
    """What is streamed: an export is read as fast as it is taken."""
    with reading() as db:
        about = _about(db, form, subjects)
        if query.is_export:
            stored = [portions(db, subject.arms, subject.query) for subject in subjects]
            return _export(reading, query, subjects, stored, about)
        told = _told(db, subjects)
    found = [each for _, each in told]
    single = all(trace.y.dtype.itemsize == 4 for each in found for trace in each.traces)
    return writers.Table(query, tables.columns_of(query, found), single, declared_together(found), about, lambda: told)


def _told(db: sa.Connection, subjects: Sequence[Subject]) -> list[writers.Told]:
    """All answers; Refused above two thousand traces in all."""
    told: list[tuple[str, Answer]] = []
    try:
        for each in subjects:
            found = answer(db, each.arms, each.query, complete=each.complete, limits=each.limits)
            told.append((each.job, found))
    except TooMany as error:
        raise Refused(str(error), code="invalid-query") from error
    count = sum(len(found.traces) for _, found in told)
    if count > MAX_TRACES:
        detail = f"{count} traces of {len(told)} jobs; at most {MAX_TRACES}: name fewer jobs, series or arms"
        raise Refused(detail, code="invalid-query")
    return told


def _export(
    reading: Reading,
    query: HistoryQuery,
    subjects: Sequence[Subject],
    stored: Sequence[Portions],
    about: Mapping[str, Any],
) -> writers.Table:
    """Every stored value as it is, read as fast as it is taken."""

    def read() -> Iterator[writers.Told]:
        for subject, parts in zip(subjects, stored, strict=True):
            for found in answers(reading, subject.arms, subject.query, parts, subject.limits):
                yield subject.job, found

    single = all(each.single for each in stored)
    return writers.Table(query, tables.columns_of(query, []), single, DECLARED, about, read)


def _about(db: sa.Connection, form: Form, subjects: Sequence[Subject]) -> dict[str, Any]:
    told = [each.about(db) for each in subjects if each.about is not None] if form in _COLUMNAR else []
    return {"jobs": told} if told else {}


def _check(subjects: Sequence[Subject], query: HistoryQuery) -> None:
    """Refused if no arm has the stage, the seed or the axis that is named."""
    arms = [arm for subject in subjects for arm in subject.arms]
    stages = {span.stage: None for arm in arms for piece in arm.pieces for span in piece.spans}
    if query.stage is not None and stages and query.stage not in stages:
        detail = f"no arm has reached a stage {query.stage!r}; there are {', '.join(stages)}"
        raise Refused(detail, code="invalid-query")
    born = {seed for arm in arms for seed in arm.seeds}
    unborn = [seed for seed in query.seed if seed not in born]
    if unborn and all(arm.pieces for arm in arms):
        seeds = f"{min(born)} to {max(born)}" if len(born) > 1 else ", ".join(map(str, born)) or "none"
        raise Refused(f"no life has seed {unborn[0]}; there are {seeds}", code="invalid-query")
    axes = {name: None for arm in arms for name in arm.labels}
    axis = query.by.removeprefix("axis.")
    if query.by != "arm" and arms and axis not in axes:
        raise Refused(f"no arm has an axis {axis!r}; there are {', '.join(axes) or 'none'}", code="invalid-query")


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
