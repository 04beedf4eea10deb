"""What happened to a job: page by page, line by line, or as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse

from service.api import job_views
from service.api.answers import OPTIONS, tagged
from service.api.dependencies import Config, Cursor, Limit, Reader, Store
from service.api.metrics import Meters
from service.api.stream import Data, Head, Tail, limited, one, read_places, several
from service.lifecycle import TERMINAL
from service.settings import Settings
from service.store import events, jobs
from service.store.engine import Database
from service.wire.jobs import Event
from service.wire.paging import Page, read_cursor, write_cursor

router = APIRouter(prefix="/v1", tags=["events"])
of_job = "/jobs/{job}/events"

NDJSON = "application/x-ndjson"
After = Annotated[int, Query(ge=0, le=2**53 - 1, description="Only events with a greater seq.")]


class Stored:
    """What the stream reads of the database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def heads(self, wanted: Sequence[str]) -> dict[str, Head]:
        """Last event, version and status of those of the jobs that exist."""
        with self.database.read() as db:
            rows = jobs.heads(db, wanted)
        return {row["id"]: Head(row["last_event"], row["version"], row["status"]) for row in rows}

    def events(self, job: str, after: int, limit: int) -> list[Data]:
        """Stored events with `seq > after`, ascending."""
        with self.database.read() as db:
            return [job_views.event(row) for row in events.after(db, job, after, limit)]

    def view(self, job: str) -> Data:
        """The whole job, of whatever project: who may see it was asked before."""
        with self.database.read() as db:
            return job_views.view(db, self.database.now(db), jobs.get(db, None, job))


@router.get(of_job, responses={200: {"model": Page[Event]}})
def list_events(  # noqa: PLR0913 - every filter is a parameter of the query
    job: str,
    request: Request,
    caller: Reader,
    store: Store,
    limit: Limit,
    cursor: Cursor = None,
    after: After = 0,
    type_: Annotated[str | None, Query(alias="type", description="One or more, by commas.")] = None,
    level: Annotated[str | None, Query(description="One or more, by commas.")] = None,
) -> Response:
    """Events in order; `application/x-ndjson` gives one a line."""
    filters = {"job": job, "type": type_, "level": level}
    place = read_cursor(cursor, filters)
    with store.read() as db:
        jobs.get(db, caller.project, job)
        start = after if place is None else place
        rows = events.after(db, job, start, limit + 1, _listed(type_), _listed(level))
    items = [job_views.event(row) for row in rows[:limit]]
    following = write_cursor(items[-1]["seq"], filters) if len(rows) > limit else None
    link = {"Link": f'<{request.url.include_query_params(cursor=following)}>; rel="next"'} if following else {}
    if NDJSON in request.headers.get("accept", ""):
        lines = b"".join(orjson.dumps(item, option=OPTIONS | orjson.OPT_APPEND_NEWLINE) for item in items)
        return Response(lines, headers={**link, "Vary": "Accept"}, media_type=NDJSON)
    return tagged(request, {"items": items, "next": following}, **link, Vary="Accept")


@router.get(
    of_job + "/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "Nothing will follow."}},
)
def stream(  # noqa: PLR0913 - a request has these parts
    job: str,
    request: Request,
    caller: Reader,
    store: Store,
    settings: Config,
    after: After = 0,
    last_event_id: Annotated[str | None, Header(description="`id` of the last frame received.")] = None,
) -> Response:
    """First the job, then its stored events from there on, then what happens, until the job has ended."""
    after = read_places(last_event_id, [job])[job] or after
    with store.read() as db:
        row: Any = jobs.get(db, caller.project, job)
    if row["status"] in TERMINAL and after == row["last_event"]:
        return Response(status_code=204)
    tail: Tail = request.app.state.tail
    return _streaming(one(tail, job, after), request, settings)


@router.get(
    "/events/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "Nothing will follow."}},
)
def stream_several(
    request: Request,
    caller: Reader,
    store: Store,
    settings: Config,
    job: Annotated[list[Annotated[str, Query(max_length=40)]], Query(min_length=1, max_length=20)],
    last_event_id: Annotated[str | None, Header(description="`id` of the last frame received.")] = None,
) -> Response:
    """The streams of several jobs on one connection; every frame names its `job`."""
    places = read_places(last_event_id, list(dict.fromkeys(job)))
    with store.read() as db:
        rows: list[Any] = [jobs.get(db, caller.project, each) for each in places]
    if all(row["status"] in TERMINAL and places[row["id"]] == row["last_event"] for row in rows):
        return Response(status_code=204)
    return _streaming(several(request.app.state.tail, places), request, settings)


def _streaming(frames: AsyncGenerator[bytes], request: Request, settings: Settings) -> Response:
    meters: Meters = request.app.state.meters

    async def counted() -> AsyncGenerator[bytes]:
        with meters.streaming():
            async for part in limited(frames, settings.stream_seconds):
                yield part

    headers = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
    return EventSourceResponse(counted(), headers=headers)


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",")) if names else ()
