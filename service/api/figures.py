"""Figures over HTTP: of a job, of a document, or of arms side by side; plotly JSON, or CSV of what they show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service import figures
from service.api import drawn_documents, drawn_items, parameters
from service.api.answers import OPTIONS, matches, tagged
from service.api.bodies import faults_of, validated
from service.api.dependencies import Config, ParsedBody, Reader, Store
from service.api.drawing import draw
from service.api.drawn_jobs import DrawnJob
from service.api.schedules import DOCUMENT_BODY
from service.api.shared import Said, Shared
from service.figures.panels import Figure
from service.figures.rows import as_csv
from service.store import jobs, snapshots
from service.store.places import open_blobs
from service.wire.figures import ABOUT, FigureItems, FigureName, FigureQuery, figure_digest, read_figure_parameters
from service.wire.history import HistoryQuery, names_of

router = APIRouter(prefix="/v1", tags=["figures"])


async def figure_query(request: Request) -> FigureQuery:
    """The question in a query string; RequestValidationError names every parameter that is wrong."""
    try:
        return read_figure_parameters(request.query_params.multi_items())
    except ValidationError as error:
        known = [*names_of(FigureQuery, without=("history",)), *names_of(HistoryQuery)]
        raise RequestValidationError(faults_of(error, "query", known)) from error


QUERY = parameters.told(FigureQuery, HistoryQuery, without=("history", "axis", "over", "after"))
Question = Annotated[FigureQuery, Depends(figure_query)]


@router.get("/figures")
def names(request: Request, caller: Reader) -> Response:
    """All figures and what they show."""
    return tagged(request, {"items": [{"figure": name, "shows": words} for name, words in ABOUT.items()], "next": None})


@router.get("/jobs/{job}/figures/{figure}", response_class=Response, openapi_extra=QUERY)
def of_job(  # noqa: PLR0913 - a request has these parts
    job: str,
    figure: FigureName,
    request: Request,
    query: Question,
    caller: Reader,
    store: Store,
    settings: Config,
) -> Response:
    """A figure of a job as plotly JSON; `text/csv` gives the rows behind it."""
    form = _form(request, query)

    def file(uri: str) -> Path:
        return open_blobs(settings.snapshots).file(uri, settings.home / "fetched")

    with store.read() as db:
        row = jobs.get(db, caller.project, job)
        known = [figure_digest(figure, query), form, _stands(db, row), edition()]
        tag = f'W/"{hashlib.sha256(orjson.dumps(known)).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
        if matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        shared: Shared = request.app.state.shared
        said = shared.answer(tag, lambda: _said(draw(figure, DrawnJob(db, row, query, file)), form))
    return Response(said.content, headers={**headers, **said.headers})


def _stands(db: sa.Connection, row: Mapping[str, Any]) -> list[Any]:
    """What changes whenever anything does that a figure of the job shows.

    Of a job that has ended the version stands still, but what it shares is perhaps trained on for another.
    """
    kept = len(snapshots.of_job(db, row["id"]))
    return [row["id"], row["version"], row["last_event"], row["status"], kept, jobs.slices_of(db, row["id"])]


@router.post("/figures/{figure}", response_class=Response, openapi_extra={**QUERY, **DOCUMENT_BODY})
def of_body(  # noqa: PLR0913 - a request has these parts
    figure: FigureName,
    request: Request,
    query: Question,
    parsed: ParsedBody,
    caller: Reader,
    store: Store,
    settings: Config,
) -> Response:
    """A figure of a document before anything runs, or of arms side by side: `{"items": [{"job", "arm"}]}`."""
    if "items" in parsed.data:
        items = validated(FigureItems, parsed.data)
        with store.read() as db:
            drawn = drawn_items.draw(figure, db, caller.project, items, query)
    else:
        drawn = drawn_documents.draw(figure, parsed, query, (store, settings, caller))
    said = _said(drawn, _form(request, query))
    return Response(said.content, headers={**said.headers, "Vary": "Accept"})


def _form(request: Request, query: FigureQuery) -> str:
    return query.format or ("csv" if request.headers.get("accept", "").startswith("text/csv") else "json")


def _said(drawn: Figure, form: str) -> Said:
    if form == "csv":
        return Said(as_csv(drawn).encode(), {"Content-Type": "text/csv; charset=utf-8"})
    return Said(orjson.dumps(drawn, option=OPTIONS), {"Content-Type": "application/json"})


@cache
def edition() -> str:
    """Names the code that draws: after it changed, nothing that was drawn before counts as the same."""
    sources = sorted(Path(figures.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
