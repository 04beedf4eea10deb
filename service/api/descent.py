"""New jobs from a job over HTTP: retry, fork, extend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from service import lineage
from service.api import waiting
from service.api.bodies import json_body, optional_body
from service.api.dependencies import Config, IdempotencyKey, RawBody, Store, Submitter
from service.api.submissions import created
from service.submission import Door, Submitted
from service.wire.jobs import ExtendBody, ForkBody, JobView, NewJobBody

router = APIRouter(prefix="/v1/jobs/{job}", tags=["jobs"])

Body = TypeVar("Body", bound=NewJobBody)
_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": JobView}}


def _door(caller: Submitter, store: Store, settings: Config, repeat: IdempotencyKey) -> Door:
    return Door(store, settings, caller, repeat)


Asking = Annotated[Door, Depends(_door)]


@router.post("/retry", status_code=201, responses=_CREATED, openapi_extra=json_body(NewJobBody, required=False))
async def retry(job: str, request: Request, body: RawBody, door: Asking, wait: waiting.Wait) -> Response:
    """A new job of the same document that goes on from the last snapshots; for failed and cancelled jobs."""
    return await _answer(request, door, wait, lineage.retry, job, optional_body(NewJobBody, body))


@router.post("/fork", status_code=201, responses=_CREATED, openapi_extra=json_body(ForkBody))
async def fork(job: str, request: Request, body: RawBody, door: Asking, wait: waiting.Wait) -> Response:
    """A new job that shares an arm's life up to an age, and lives by another document from there on."""
    return await _answer(request, door, wait, lineage.fork, job, optional_body(ForkBody, body))


@router.post("/extend", status_code=201, responses=_CREATED, openapi_extra=json_body(ExtendBody))
async def extend(job: str, request: Request, body: RawBody, door: Asking, wait: waiting.Wait) -> Response:
    """A new job of the same arms with one stage made longer; what is trained of it is not trained again."""
    return await _answer(request, door, wait, lineage.extend, job, optional_body(ExtendBody, body))


async def _answer(
    request: Request,
    door: Door,
    wait: int | None,
    act: Callable[[Door, str, Body], Submitted],
    job: str,
    body: Body,
) -> Response:
    stored = await run_sync(act, door, job, body)
    return await created(request, door.database, door.caller, stored, wait)
