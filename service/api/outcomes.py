"""What a study found out: its outcomes life by life and arm by arm, and the contrasts it declares."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from models.specs.study import StudySpec
from service.api.answers import json_answer, matches
from service.api.arm_paths import arm_paths
from service.api.dependencies import Reader, Store
from service.errors import Refused
from service.store import jobs, recall
from service.store.engine import Database
from service.store.path import committed
from service.store.rows import Row
from service.wire.outcomes import Contrasts, Outcomes, SeedRole, Seeds

router = APIRouter(prefix="/v1/jobs/{job}", tags=["outcomes"])

Asked = Literal["outcomes", "contrasts"]
Role = Annotated[
    SeedRole | None,
    Query(alias="seeds", description="The seeds that figures rest on; those kept for claims if the study has some."),
]


@router.get("/outcomes", responses={200: {"model": Outcomes}, 304: {"description": "Nothing was added"}})
def outcomes(job: str, request: Request, caller: Reader, store: Store, seeds: Role = None) -> Response:
    """Every outcome of every life, with summaries of the arms; of a job that is under way what is known so far."""
    return _answer(request, store, caller.project, job, "outcomes", seeds)


@router.get("/contrasts", responses={200: {"model": Contrasts}, 304: {"description": "Nothing was added"}})
def contrasts(job: str, request: Request, caller: Reader, store: Store, seeds: Role = None) -> Response:
    """Every contrast: estimate with interval, test, correction, who was missing or lost, and what was expected."""
    return _answer(request, store, caller.project, job, "contrasts", seeds)


def _answer(request: Request, store: Database, project: str, job: str, asked: Asked, role: SeedRole | None) -> Response:
    with store.read() as db:
        row = jobs.get(db, project, job)
        study = _study(row, asked)
        seeds = _seeds(study, role)
        arms, steps, ended = _rows(db, job)
        marks = recall.marks(db, list(committed(arm_paths(arms, steps, ended))))
        headers = {"ETag": _tag([asked, seeds.role], row, steps, ended, marks), "Cache-Control": "no-cache"}
        if matches(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        found = _found(db, row, study, asked, (arms, steps, ended), seeds)
    return json_answer(found.model_dump(), headers=headers)


def found_outcomes(db: sa.Connection, row: Row) -> Outcomes:
    """The outcomes of a job; Refused if its study declares none."""
    study = _study(row, "outcomes")
    return _found(db, row, study, "outcomes", _rows(db, row["id"]))  # type: ignore[return-value] # by what is asked


def found_contrasts(db: sa.Connection, row: Row) -> Contrasts | None:
    """The contrasts of a job; None if its study declares none."""
    study = _study(row, "outcomes")
    if not study.contrasts:
        return None
    return _found(db, row, study, "contrasts", _rows(db, row["id"]))  # type: ignore[return-value] # by what is asked


Rows = tuple[list[Row], list[Row], list[Row]]
"""Arms, steps and ends of stages of a job."""


def _rows(db: sa.Connection, job: str) -> Rows:
    return jobs.arms_of(db, job), jobs.steps_of(db, job), jobs.transitions_of(db, job)


def _found(
    db: sa.Connection, row: Row, study: StudySpec, asked: Asked, rows: Rows, seeds: Seeds | None = None
) -> Outcomes | Contrasts:
    from service.api import evaluation, study_views  # noqa: PLC0415 - scipy's statistics take half a second to load

    names = set(study.outcomes) if asked == "outcomes" else evaluation.contrasted(study)
    found = evaluation.grown(db, evaluation.Subject(row, study, *rows), names)
    view = study_views.outcomes_of if asked == "outcomes" else study_views.contrasts_of
    return view(found, seeds or _seeds(study, None))


def _study(row: Row, asked: Asked) -> StudySpec:
    """The study that a job is of; Refused if it declares nothing of what is asked."""
    if row["kind"] != "study":
        detail = f"the job is of a plain schedule, which has no {asked}; submit a study that declares some"
        raise Refused(detail, code="invalid-query")
    study = StudySpec.model_validate_json(orjson.dumps(row["document"]))
    if not getattr(study, asked):
        raise Refused(f"the study {study.name} declares no {asked}; submit one that does", code="invalid-query")
    return study


def _seeds(study: StudySpec, role: SeedRole | None) -> Seeds:
    """The seeds that figures rest on: where some are kept for claims, those, unless others are asked for."""
    role = role or ("confirmatory" if study.confirm is not None else "exploratory")
    if role == "confirmatory" and study.confirm is None:
        raise Refused(f"the study {study.name} keeps no seeds for claims; name some in `confirm`", code="invalid-query")
    numbers = {"exploratory": study.seeds.numbers, "confirmatory": study.confirmatory, "all": study.numbers}[role]
    return Seeds(role=role, numbers=list(numbers))


def _tag(asked: list[str], row: Row, steps: list[Row], ended: list[Row], marks: dict[str, tuple[int, int]]) -> str:
    """Weak tag from the study, where its lives stand and what is committed; changes whenever the answer does."""
    place = ("arm", "cohort", "ordinal", "trajectory", "state", "reached", "seeds")
    stand = [[*(step[name] for name in place), step["error"] is not None] for step in steps]
    ends = [[end[name] for name in ("arm", "ordinal", "seed", "offset", "status")] for end in ended]
    known = [*asked, row["id"], row["document_hash"], row["status"] == "succeeded", stand, ends, sorted(marks.items())]
    return f'W/"{hashlib.sha256(orjson.dumps(known)).hexdigest()[:32]}"'
