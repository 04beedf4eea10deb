"""Jobs over HTTP: show, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request, Response

from service.api import job_views, waiting
from service.api.answers import json_answer, tagged
from service.api.bodies import body_fault, optional_body
from service.api.dependencies import (
    Config,
    Controller,
    RawBody,
    Reader,
    Store,
    Submitter,
)
from service.errors import Stale
from service.settings import Settings
from service.store import jobs
from service.store.engine import Database, again_on_conflict
from service.store.places import open_blobs
from service.wire.jobs import JobPatch, JobView

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

IfMatch = Annotated[str | None, Header(description="Act only on this version.")]


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
    _patched(store, caller.project, job, patch, version_named(if_match))
    view = _view(store, caller.project, job)
    return json_answer(view, headers={"ETag": f'"{view["version"]}"'})


@again_on_conflict
def _patched(store: Database, project: str, job: str, patch: JobPatch, version: int | None) -> None:
    with store.write() as db:
        row = jobs.get(db, project, job)
        values = {name: getattr(patch, name) for name in patch.model_fields_set}
        if isinstance(values.get("labels"), dict):
            merged = {**row["labels"], **values["labels"]}
            values["labels"] = {key: value for key, value in merged.items() if value is not None}
        if None in values.values():
            name = next(name for name, value in values.items() if value is None)
            raise body_fault(("body", name), "missing", "it cannot be taken away; send another value", None)
        jobs.patch(db, project, job, values, version)


@router.delete("/{job}", status_code=204)
def delete(job: str, caller: Controller, store: Store, settings: Config, if_match: IfMatch = None) -> Response:
    """Delete a job that has ended, with histories and snapshots that no other job reaches."""
    deleted(store, settings, caller.project, job, version_named(if_match))
    return Response(status_code=204)


def deleted(store: Database, settings: Settings, project: str, job: str, version: int | None = None) -> None:
    """Delete the rows of a job, then the files that no row names any more."""
    files = _rows_deleted(store, project, job, version)
    try:
        blobs = open_blobs(settings.snapshots)
        for uri in files:
            blobs.delete(uri)
    except OSError as error:  # no row names them any more: a reconciler collects what is left
        log.warning("snapshots.left", job=job, error=str(error))


@again_on_conflict
def _rows_deleted(store: Database, project: str, job: str, version: int | None) -> list[str]:
    with store.write() as db:
        return jobs.delete(db, project, job, version)


def _view(store: Database, project: str, job: str) -> dict[str, Any]:
    with store.read() as db:
        return job_views.view(db, store.now(db), jobs.get(db, project, job))


def version_named(if_match: str | None) -> int | None:
    """The version that a strong tag names; Stale for a tag that can be none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().strip('"')
    if not number.isdigit():
        raise Stale(f"{if_match} is no version of a job")
    return int(number)
