"""Jobs over HTTP: list, show, change, delete, and the verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from service.api import job_views, waiting
from service.api.answers import json_answer, tagged
from service.api.bodies import body_fault, optional_body
from service.api.dependencies import (
    Config,
    Controller,
    Cursor,
    IdempotencyKey,
    Limit,
    RawBody,
    Reader,
    Store,
    Submitter,
)
from service.errors import Stale
from service.lifecycle import Verb
from service.settings import Settings
from service.store import access, jobs
from service.store.access import Caller, Repeat
from service.store.blobs import Blobs
from service.store.engine import Database, again_on_conflict
from service.submission import first_answer
from service.wire.jobs import JobLine, JobPatch, JobView, Status, VerbBody
from service.wire.paging import Page, read_cursor, write_cursor

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

IfMatch = Annotated[str | None, Header(description="Act only on this version.")]
_STATUSES = frozenset(get_args(Status))


@router.get("", responses={200: {"model": Page[JobLine]}})
def list_jobs(  # noqa: PLR0913 - every filter is a parameter of the query
    request: Request,
    caller: Reader,
    store: Store,
    limit: Limit,
    cursor: Cursor = None,
    status: Annotated[str | None, Query(description="One or more, by commas.")] = None,
    label: Annotated[list[str], Query(description="k:v; all must hold.")] = [],  # noqa: B006 - read only
    kind: Literal["schedule", "study"] | None = None,
    parent: str | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of the name or the notes.")] = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    sort: Literal["-created_at", "created_at"] = "-created_at",
) -> Response:
    """Jobs of the project, newest first; no documents, nothing that needs a second look-up."""
    filters: dict[str, Any] = {
        "status": sorted(_listed(status)),
        "label": sorted(label),
        "kind": kind,
        "parent": parent,
        "q": q,
        "created_after": created_after and created_after.timestamp(),
        "created_before": created_before and created_before.timestamp(),
        "sort": sort,
    }
    before = read_cursor(cursor, filters)
    with store.read() as db:
        rows = jobs.list_page(
            db,
            caller.project,
            filters,
            before=before,
            limit=limit + 1,
            ascending=sort == "created_at",
        )
    following = write_cursor(rows[limit - 1]["id"], filters) if len(rows) > limit else None
    page = {"items": [job_views.line(row) for row in rows[:limit]], "next": following}
    headers = {}
    if following:
        headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return tagged(request, page, **headers)


@router.get("/{job}", responses={200: {"model": JobView}})
async def show(job: str, request: Request, caller: Reader, store: Store, wait: waiting.Wait) -> Response:
    """A job: where it stands, how far it is, what is being trained now."""
    headers = {}
    if wait is not None:
        await waiting.until_ended(store, caller.project, job, wait, request.headers.get("if-none-match"))
        headers["Preference-Applied"] = f"wait={wait}"
    view = await run_sync(_view, store, caller.project, job)
    return tagged(request, view, f'"{view["version"]}"', **headers)


@router.patch("/{job}", responses={200: {"model": JobView}})
def change(
    job: str, body: RawBody, request: Request, caller: Submitter, store: Store, if_match: IfMatch = None
) -> Response:
    """Merge patch of name, notes, labels and priority; a label set to null goes."""
    patch = optional_body(JobPatch, body)
    with store.write() as db:
        row = jobs.get(db, caller.project, job)
        values = {name: getattr(patch, name) for name in patch.model_fields_set}
        if isinstance(values.get("labels"), dict):
            merged = {**row["labels"], **values["labels"]}
            values["labels"] = {key: value for key, value in merged.items() if value is not None}
        if None in values.values():
            name = next(name for name, value in values.items() if value is None)
            raise body_fault(("body", name), "missing", "it cannot be taken away; send another value", None)
        jobs.patch(db, caller.project, job, values, _version(if_match))
    view = _view(store, caller.project, job)
    return json_answer(view, headers={"ETag": f'"{view["version"]}"'})


@router.delete("/{job}", status_code=204)
def delete(job: str, caller: Controller, store: Store, settings: Config, if_match: IfMatch = None) -> Response:
    """Delete a job that has ended, with histories and snapshots that no other job reaches."""
    with store.write() as db:
        files = jobs.delete(db, caller.project, job, _version(if_match))
    blobs = Blobs(settings.snapshot_folder)
    for uri in files:
        blobs.delete(uri)
    return Response(status_code=204)


@dataclass(frozen=True)
class Asked:
    """What a verb needs to know."""

    job: str
    reason: str | None
    caller: Caller
    store: Database
    settings: Settings
    repeat: Repeat | None


def _asked(
    job: str, body: RawBody, caller: Controller, store: Store, settings: Config, repeat: IdempotencyKey
) -> Asked:
    return Asked(job, optional_body(VerbBody, body).reason, caller, store, settings, repeat)


Asking = Annotated[Asked, Depends(_asked)]
_OBEYED: dict[int | str, dict[str, Any]] = {
    202: {"model": JobView},
    200: {"model": JobView, "description": "Already so"},
}


@router.post("/{job}/cancel", status_code=202, responses=_OBEYED)
def cancel(asked: Asking, request: Request) -> Response:
    """End a job at the next slice boundary; what is committed stays."""
    return _obey("cancel", asked, request)


@router.post("/{job}/pause", status_code=202, responses=_OBEYED)
def pause(asked: Asking, request: Request) -> Response:
    """Hold a job at the next slice boundary."""
    return _obey("pause", asked, request)


@router.post("/{job}/resume", status_code=202, responses=_OBEYED)
def resume(asked: Asking, request: Request) -> Response:
    """Let a paused job go on."""
    return _obey("resume", asked, request)


def _obey(verb: Verb, asked: Asked, request: Request) -> Response:
    """202 if something was set in motion, 200 if it is so already; a repeat is answered as the first time."""
    status, headers = _recorded(verb, asked)
    with asked.store.read() as db:
        row = jobs.get(db, asked.caller.project, asked.job)
        view = job_views.view(db, asked.store.now(db), row)
        ring = {step["trajectory"] for step in jobs.steps_of(db, asked.job) if step["state"] == "open"}
    bell = request.app.state.ringer.later(sorted(ring)) if verb == "resume" else None
    return json_answer(view, status, headers={**headers, "ETag": f'"{view["version"]}"'}, background=bell)


@again_on_conflict
def _recorded(verb: Verb, asked: Asked) -> tuple[int, dict[str, str]]:
    """The wish and the row of its idempotency key, in one transaction."""
    with asked.store.write() as db:
        now = asked.store.now(db)
        before = asked.repeat and access.answered(db, now, asked.repeat)
        if asked.repeat and before:
            first_answer(asked.repeat, before)
            return int(before["status"]), {"Idempotency-Replayed": "true"}
        moved = jobs.request(db, now, asked.caller.project, asked.job, verb, asked.reason)
        status = 202 if moved else 200
        if asked.repeat:
            location = f"/v1/jobs/{asked.job}"
            access.remember(db, now, asked.repeat, status, location, asked.settings.idempotency_seconds)
        return status, {}


def _view(store: Database, project: str, job: str) -> dict[str, Any]:
    with store.read() as db:
        return job_views.view(db, store.now(db), jobs.get(db, project, job))


def _version(if_match: str | None) -> int | None:
    """The version that a strong tag names; Stale for a tag that can be none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().strip('"')
    if not number.isdigit():
        raise Stale(f"{if_match} is no version of a job")
    return int(number)


def _listed(statuses: str | None) -> set[str]:
    chosen = {each.strip() for each in statuses.split(",")} if statuses else set()
    unknown = sorted(chosen - _STATUSES)
    if unknown:
        message = f"unknown status {unknown[0]!r}; they are {', '.join(sorted(_STATUSES))}"
        raise body_fault(("query", "status"), "status", message, statuses)
    return chosen
