"""New jobs from a job over HTTP: retry, fork, extend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response

from service import lineage
from service.api import waiting
from service.api.bodies import json_schema, optional_body
from service.api.dependencies import Config, IdempotencyKey, RawBody, Store, Submitter
from service.api.submissions import created
from service.lineage import House
from service.submission import Submitted
from service.wire.jobs import ExtendBody, ForkBody, JobView, NewJobBody

router = APIRouter(prefix="/v1/jobs/{job}", tags=["jobs"])

Body = TypeVar("Body", bound=NewJobBody)
_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": JobView}}


def _house(caller: Submitter, store: Store, settings: Config, repeat: IdempotencyKey) -> House:
    return House(store, settings, caller, repeat)


Door = Annotated[House, Depends(_house)]


def _json(model: type[NewJobBody], *, required: bool) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": json_schema(model)}}}}


@router.post("/retry", status_code=201, responses=_CREATED, openapi_extra=_json(NewJobBody, required=False))
async def retry(job: str, request: Request, body: RawBody, house: Door, wait: waiting.Wait) -> Response:
    """A new job of the same document that goes on from the last snapshots; for failed and cancelled jobs."""
    return await _answer(request, house, wait, lineage.retry, job, optional_body(NewJobBody, body))


@router.post("/fork", status_code=201, responses=_CREATED, openapi_extra=_json(ForkBody, required=True))
async def fork(job: str, request: Request, body: RawBody, house: Door, wait: waiting.Wait) -> Response:
    """A new job that shares an arm's life up to an age, and lives by another document from there on."""
    return await _answer(request, house, wait, lineage.fork, job, optional_body(ForkBody, body))


@router.post("/extend", status_code=201, responses=_CREATED, openapi_extra=_json(ExtendBody, required=True))
async def extend(job: str, request: Request, body: RawBody, house: Door, wait: waiting.Wait) -> Response:
    """A new job of the same arms with one stage made longer; what is trained of it is not trained again."""
    return await _answer(request, house, wait, lineage.extend, job, optional_body(ExtendBody, body))


async def _answer(
    request: Request,
    house: House,
    wait: int | None,
    act: Callable[[House, str, Body], Submitted],
    job: str,
    body: Body,
) -> Response:
    stored = await run_sync(act, house, job, body)
    return await created(request, house.database, house.caller, stored, wait)
