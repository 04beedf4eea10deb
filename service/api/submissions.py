"""Submitting: a document becomes a job in one transaction; repeats under one idempotency key are answered, not done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response

from models.specs.document import Parsed
from service import submission
from service.api import job_views, waiting
from service.api.answers import json_answer
from service.api.bells import Ringer
from service.api.bodies import body_fault, validated
from service.api.dependencies import Config, IdempotencyKey, ParsedBody, Store, Submitter
from service.api.plans import plan_answer
from service.api.schedules import DOCUMENT_BODY, positions_of_wrapped
from service.settings import Settings
from service.store import jobs
from service.store.access import Caller
from service.store.engine import Database
from service.submission import About, Prepared, Submitted, limits_of
from service.wire.jobs import JobView, SubmitBody

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@dataclass(frozen=True)
class Submission:
    """What is submitted: the document with its positions, its base, and how it is listed."""

    document: Parsed
    base: dict[str, Any] | None
    about: About


def read_submission(
    parsed: ParsedBody,
    name: Annotated[str | None, Query(max_length=200)] = None,
    label: Annotated[list[str], Query(description="k:v; as often as needed.")] = [],  # noqa: B006 - read only
) -> Submission:
    """A body that is a document, or `{document, base?, name, notes, labels, priority}`."""
    given = {"name": name, "labels": dict(_label(text) for text in label)}
    wrapped = "document" in parsed.data or "ontogeny" not in parsed.data
    members = parsed.data if wrapped else {"document": parsed.data}
    body = validated(SubmitBody, {**{key: value for key, value in given.items() if value}, **members})
    positions = positions_of_wrapped(parsed) if wrapped else parsed.positions
    about = About(body.name, body.notes, body.labels, body.priority)
    return Submission(Parsed(body.document, positions), body.base, about)


@router.post("", status_code=201, openapi_extra=DOCUMENT_BODY, responses={201: {"model": JobView}})
async def submit(  # noqa: PLR0913 - a request has these parts
    request: Request,
    caller: Submitter,
    store: Store,
    settings: Config,
    given: Annotated[Submission, Depends(read_submission)],
    repeat: IdempotencyKey,
    wait: waiting.Wait,
    dry_run: Annotated[bool, Query(description="Answer with check and plan; store nothing.")] = False,
) -> Response:
    """Check, plan and store a document; training begins at once. What is trained already is not trained again."""
    prepared = await run_sync(
        submission.prepare, given.document, given.base, settings.numerics, limits_of(settings, caller)
    )
    if dry_run:
        return await run_sync(_dry, prepared, store, caller, settings)
    stored = await run_sync(submission.submit, store, settings, caller, prepared, given.about, repeat)
    return await created(request, store, caller, stored, wait)


async def created(request: Request, store: Database, caller: Caller, stored: Submitted, wait: int | None) -> Response:
    """201 with the new job; the bell rings after the answer, or before it if that waits."""
    ringer: Ringer = request.app.state.ringer
    bell = ringer.later(stored.ring)
    headers = {"Location": f"/v1/jobs/{stored.job}"}
    if stored.replayed:
        headers["Idempotency-Replayed"] = "true"
    if wait is not None:
        if bell is not None:
            await bell()
        await waiting.until_ended(store, caller.project, stored.job, wait)
        bell, headers["Preference-Applied"] = None, f"wait={wait}"
    view = await run_sync(_view, store, caller.project, stored.job)
    headers["ETag"] = f'"{view["version"]}"'
    return json_answer(view, 201, headers=headers, background=bell)


def _view(store: Database, project: str, job: str) -> dict[str, Any]:
    with store.read() as db:
        return job_views.view(db, store.now(db), jobs.get(db, project, job))


def _dry(prepared: Prepared, store: Database, caller: Caller, settings: Settings) -> Response:
    with store.read() as db:
        plan = plan_answer(db, caller.project, prepared, settings.cohort_lives)
    return json_answer({"ok": True, "id": prepared.document_id, "plan": plan})


def _label(text: str) -> tuple[str, str]:
    key, found, value = text.partition(":")
    if not found:
        raise body_fault(("query", "label"), "label", f"a label is key:value, such as set:pilot; not {text!r}", text)
    return key, value
