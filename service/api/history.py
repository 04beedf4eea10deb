"""Stored training histories: which series there are, and their values by age, stage time, updates or seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from models.specs.findings import did_you_mean
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import common_pass, pass_sp, stage_lengths
from service.api import negotiation, parameters
from service.api.answers import tagged
from service.api.arm_paths import arm_paths
from service.api.bodies import faults_of
from service.api.dependencies import ParsedBody, Reader, Store
from service.api.provenance import provenance
from service.api.schedules import invalid_query
from service.errors import Refused
from service.lifecycle import TERMINAL
from service.store import jobs
from service.store.listing import listed
from service.store.path import ArmPath
from service.store.traces import chosen_arms
from service.wire.history import HistoryQuery, body_schema, read_body

router = APIRouter(prefix="/v1", tags=["history"])

Question = Annotated[HistoryQuery, Depends(negotiation.history_query)]
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": body_schema()}}}}


@router.get(
    "/jobs/{job}/history", response_class=Response, openapi_extra=parameters.told(HistoryQuery, without=("axis",))
)
def history(job: str, request: Request, query: Question, caller: Reader, store: Store) -> Response:
    """Values of series along the arms' paths; JSON columns, CSV, Arrow or Parquet by Accept or `format`.

    `axis.NAME=LABEL` asks for arms with that label, as often as needed.
    `points=all` gives every stored value and is streamed in the last three; in Arrow and Parquet the document,
    versions and hashes come along as metadata of the schema.
    """
    with store.read() as db:
        subject = _subject(db, caller.project, job, query)
    return negotiation.respond(request, store.read, subject)


@router.post("/history/query", response_class=Response, openapi_extra=BODY)
def query(request: Request, parsed: ParsedBody, caller: Reader, store: Store) -> Response:
    """The same question about several jobs; its parameters are members of the body, beside `jobs`."""
    try:
        asked, about = read_body(parsed.data)
    except ValidationError as error:
        raise RequestValidationError(faults_of(error, "body", body_schema()["properties"])) from None
    with store.read() as db:
        names = dict.fromkeys(about.jobs)
        subjects = [_subject(db, caller.project, job, about.question(asked, job)) for job in names]
    return negotiation.respond_of_jobs(request, store.read, asked, subjects)


@router.get("/jobs/{job}/series")
def series(job: str, request: Request, caller: Reader, store: Store) -> Response:
    """Every recorded series with its unit, meaning and extremes; read from aggregates only."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        paths = paths_of(db, job)
        rows = listed(db, paths)
    return tagged(request, {"items": rows, "next": None})


def _subject(db: sa.Connection, project: str, job: str, query: HistoryQuery) -> negotiation.Subject:
    row = jobs.get(db, project, job)
    every = paths_of(db, job)
    paths = chosen_arms(every, query)
    if every and not paths:
        raise _no_arm(every, query)
    limits = limits_in(db, job, query, paths)

    def about(db: sa.Connection) -> dict[str, Any]:
        return provenance(db, row, paths)

    return negotiation.Subject(job, paths, row["status"] in TERMINAL, query, limits, about)


def _no_arm(arms: Sequence[ArmPath], query: HistoryQuery) -> Refused:
    """No arm is as asked: which of its labels there is not, or how many arms there are."""
    for name, label in query.axis.items():
        known = list(dict.fromkeys(arm.labels[name] for arm in arms if name in arm.labels))
        if label not in known:
            hint = did_you_mean(label, known) or "no arm has a label on that axis"
            return invalid_query(f"/query/axis.{name}", f"no arm has the label {label!r} on axis {name!r}", hint)
    detail = f"no arm is as asked; there are {len(arms)}, 0 is the first"
    return invalid_query("/query/arm", detail, "`/v1/jobs/{job}/arms` lists them")


def paths_of(db: sa.Connection, job: str) -> list[ArmPath]:
    """The paths of a job's arms, as far as their trajectories are known."""
    return arm_paths(jobs.arms_of(db, job), jobs.steps_of(db, job), jobs.transitions_of(db, job))


def limits_in(
    db: sa.Connection, job: str, query: HistoryQuery, paths: Sequence[ArmPath]
) -> tuple[float | None, float | None]:
    """`from` and `to` in the unit of x, by the first arm that is asked about."""
    if not paths or (query.from_ is None and query.to is None):
        return None, None
    row = next(row for row in jobs.arms_of(db, job) if row["idx"] == paths[0].arm)
    schedule = ScheduleSpec.model_validate_json(orjson.dumps(row["document"]))
    batch = schedule.clock.batch
    for stage, lengths in zip(schedule.stages, stage_lengths(schedule), strict=True):
        if stage.name == query.stage:
            whole = lengths.longest_sp if lengths.fixed else None
            return negotiation.limits_of(query, batch, pass_sp(schedule.worlds[stage.world]), whole)
    return negotiation.limits_of(query, batch, common_pass(schedule), None)
