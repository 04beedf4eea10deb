"""What is asked of jobs over HTTP: cancel, pause, resume; of one, or with delete of many at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from service.api import job_views
from service.api.answers import json_answer
from service.api.bodies import json_body, optional_body
from service.api.dependencies import Config, Controller, IdempotencyKey, RawBody, Store
from service.api.jobs import deleted
from service.api.problems import problem_of
from service.errors import ServiceError
from service.lifecycle import ALREADY, Verb, obeys
from service.store import access, jobs, search
from service.store.engine import Database, again_on_conflict
from service.store.jobs import Wish
from service.submission import Door, first_answer
from service.wire.jobs import CancelBody, JobView, VerbBody
from service.wire.search import BulkAnswer, BulkBody

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

BULK_JOBS = 1000
"""Most jobs that one request acts on."""


def _door(caller: Controller, store: Store, settings: Config, repeat: IdempotencyKey) -> Door:
    return Door(store, settings, caller, repeat)


Asking = Annotated[Door, Depends(_door)]
_OBEYED: dict[int | str, dict[str, Any]] = {
    202: {"model": JobView},
    200: {"model": JobView, "description": "Already so"},
}


@router.post("/{job}/cancel", status_code=202, responses=_OBEYED, openapi_extra=json_body(CancelBody, required=False))
def cancel(job: str, body: RawBody, asking: Asking, request: Request) -> Response:
    """End a job at the next slice boundary, or `now`; what is committed stays."""
    given = optional_body(CancelBody, body)
    return _obey(job, Wish("cancel", given.reason, given.now), asking, request)


@router.post("/{job}/pause", status_code=202, responses=_OBEYED, openapi_extra=json_body(VerbBody, required=False))
def pause(job: str, body: RawBody, asking: Asking, request: Request) -> Response:
    """Hold a job at the next slice boundary."""
    return _obey(job, Wish("pause", optional_body(VerbBody, body).reason), asking, request)


@router.post("/{job}/resume", status_code=202, responses=_OBEYED, openapi_extra=json_body(VerbBody, required=False))
def resume(job: str, body: RawBody, asking: Asking, request: Request) -> Response:
    """Let a paused job go on."""
    return _obey(job, Wish("resume", optional_body(VerbBody, body).reason), asking, request)


def _obey(job: str, wish: Wish, door: Door, request: Request) -> Response:
    """202 if something was set in motion, 200 if it is so already; a repeat is answered as the first time."""
    status, headers = _recorded(job, wish, door)
    with door.database.read() as db:
        row = jobs.get(db, door.caller.project, job)
        view = job_views.view(db, door.database.now(db), row)
    bell = request.app.state.ringer.later(_open(door.database, [job])) if wish.verb == "resume" else None
    return json_answer(view, status, headers={**headers, "ETag": f'"{view["version"]}"'}, background=bell)


def _open(store: Database, ids: list[str]) -> list[str]:
    """Trajectories that jobs wait for."""
    with store.read() as db:
        steps = [step for job in ids for step in jobs.steps_of(db, job)]
    return sorted({step["trajectory"] for step in steps if step["state"] == "open"})


@again_on_conflict
def _recorded(job: str, wish: Wish, door: Door) -> tuple[int, dict[str, str]]:
    """The wish and the row of its idempotency key, in one transaction."""
    with door.database.write() as db:
        now = door.database.now(db)
        before = door.repeat and access.answered(db, now, door.repeat)
        if door.repeat and before:
            first_answer(door.repeat, before)
            return int(before["status"]), {"Idempotency-Replayed": "true"}
        moved = jobs.request(db, now, door.caller.project, job, wish)
        status = 202 if moved else 200
        if door.repeat:
            seconds = door.settings.idempotency_seconds
            access.remember(db, now, door.repeat, status, f"/v1/jobs/{job}", seconds)
        return status, {}


# ---- many at once


@router.post("/bulk", status_code=207, responses={207: {"model": BulkAnswer}}, openapi_extra=json_body(BulkBody))
def bulk(body: RawBody, caller: Controller, store: Store, settings: Config, request: Request) -> Response:
    """Cancel, pause, resume or delete many jobs: by id or by filter, each in a transaction of its own.

    Every verb may be repeated, so the whole request may be, too. A dry run says what would be answered.
    """
    given = optional_body(BulkBody, body)
    door = Door(store, settings, caller, None)
    chosen, more = _chosen(door, given)
    items = [_item(job, given, door, request) for job in chosen]
    resumed = [item["id"] for item in items if given.action == "resume" and item["status"] == 202]
    bell = None if given.dry_run else request.app.state.ringer.later(_open(store, resumed))
    counts: dict[str, int] = {}
    for item in items:
        counts[str(item["status"])] = counts.get(str(item["status"]), 0) + 1
    answer = {"action": given.action, "dry_run": given.dry_run, "items": items, "counts": counts, "more": more}
    return json_answer(answer, 207, background=bell)


def _chosen(door: Door, given: BulkBody) -> tuple[list[str], bool]:
    """The jobs meant, oldest first, and whether the filter finds still others."""
    if given.ids is not None:
        return list(dict.fromkeys(given.ids)), False
    assert given.filter is not None
    with door.database.read() as db:
        rows = search.list_page(db, door.caller.project, given.filter.conditions(), limit=BULK_JOBS + 1, ascending=True)
    return [row["id"] for row in rows[:BULK_JOBS]], len(rows) > BULK_JOBS


def _item(job: str, given: BulkBody, door: Door, request: Request) -> dict[str, Any]:
    """What became of one job: the status that the verb alone would be answered with, and the problem if it is one."""
    try:
        status = _foreseen(job, given, door) if given.dry_run else _done(job, given, door)
    except ServiceError as error:
        return {"id": job, "status": error.status, "problem": problem_of(request.scope, error)}
    return {"id": job, "status": status}


def _done(job: str, given: BulkBody, door: Door) -> int:
    if given.action == "delete":
        deleted(door.database, door.settings, door.caller.project, job)
        return 204
    return _recorded(job, Wish(given.action, given.reason, given.now), door)[0]


def _foreseen(job: str, given: BulkBody, door: Door) -> int:
    verb: Verb = given.action
    with door.database.read() as db:
        status = jobs.get(db, door.caller.project, job)["status"]
    if not obeys(status, verb):
        raise jobs.refusal(status, verb)
    if verb == "delete":
        return 204
    return 200 if status in ALREADY[verb] and not (given.now and status == "cancelling") else 202
