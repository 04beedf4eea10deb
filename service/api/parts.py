"""What hangs on a job: its document, plan, arms, lives, transitions, snapshots."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
import yaml
from fastapi import APIRouter, Query, Request, Response

from service.api import job_views
from service.api.answers import matches, tagged
from service.api.dependencies import Cursor, Limit, Reader, Store
from service.api.pages import page_of
from service.api.plans import stored_plan
from service.api.stage_ends import fixed_ends
from service.errors import NotFound
from service.lifecycle import LifeStatus
from service.store import jobs, snapshots
from service.wire.jobs import Arm, Life, SnapshotView, Transition
from service.wire.paging import Page

router = APIRouter(prefix="/v1/jobs/{job}", tags=["jobs"])

Data = dict[str, Any]
ArmIndex = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Seed = Annotated[int | None, Query(ge=0)]


@router.get("/document", response_class=Response)
def document(
    job: str,
    request: Request,
    caller: Reader,
    store: Store,
    form: Literal["submitted", "canonical", "resolved"] = "submitted",
    arm: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The document as submitted, in canonical form, or as one arm lives it; JSON, or YAML by Accept."""
    with store.read() as db:
        row = jobs.get(db, caller.project, job)
        resolved = None if form == "submitted" else _arm(db, job, arm)
    if resolved is None or (form == "canonical" and row["kind"] == "study"):
        data, tag = row["document"], f'"{row["document_hash"]}-{form}"'
    else:
        data, tag = resolved["document"], f'"{resolved["document_hash"]}"'
    if "yaml" not in request.headers.get("accept", ""):
        return tagged(request, data, tag, Vary="Accept")
    headers = {"ETag": f'{tag[:-1]}-yaml"', "Vary": "Accept"}
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(yaml.safe_dump(data, sort_keys=False), headers=headers, media_type="application/yaml")


@router.get("/plan")
def plan(job: str, request: Request, caller: Reader, store: Store) -> Response:
    """Paths of the arms through trajectories, and how far these are trained."""
    with store.read() as db:
        row = jobs.get(db, caller.project, job)
        answer = stored_plan(row, jobs.arms_of(db, job), jobs.steps_of(db, job))
    return tagged(request, answer)


@router.get("/arms", responses={200: {"model": Page[Arm]}})
def arms(job: str, request: Request, caller: Reader, store: Store, limit: Limit, cursor: Cursor = None) -> Response:
    """Arms with their labels and paths."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        rows = job_views.arms(jobs.arms_of(db, job), jobs.steps_of(db, job))
    return page_of(request, rows, lambda row: [row["index"]], limit, cursor)


@router.get("/lives", responses={200: {"model": Page[Life]}})
def lives(  # noqa: PLR0913 - every filter is a parameter of the query
    job: str,
    request: Request,
    caller: Reader,
    store: Store,
    limit: Limit,
    cursor: Cursor = None,
    arm: ArmIndex = None,
    seed: Seed = None,
    status: LifeStatus | None = None,
) -> Response:
    """Every arm x seed: stage, age, status."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        rows = job_views.lives_of(jobs.steps_of(db, job), jobs.transitions_of(db, job))
    chosen = [
        row for row in rows if _fits(row["arm"], arm) and _fits(row["seed"], seed) and _fits(row["status"], status)
    ]
    return page_of(request, chosen, lambda row: [row["arm"], row["seed"]], limit, cursor)


@router.get("/transitions", responses={200: {"model": Page[Transition]}})
def transitions(  # noqa: PLR0913 - every filter is a parameter of the query
    job: str,
    request: Request,
    caller: Reader,
    store: Store,
    limit: Limit,
    cursor: Cursor = None,
    arm: ArmIndex = None,
    seed: Seed = None,
) -> Response:
    """Ends of stages: with the leaf that fired and the stored values it read where a trigger decided."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        names = {row["idx"]: row["probe_names"] for row in jobs.arms_of(db, job)}
        decided = jobs.transitions_of(db, job)
        rows = job_views.transitions(decided, names) + fixed_ends(jobs.steps_of(db, job), decided)
    chosen = [row for row in rows if _fits(row["arm"], arm) and _fits(row["seed"], seed)]
    ordered = sorted(chosen, key=_when)
    return page_of(request, ordered, _when, limit, cursor)


@router.get("/snapshots", responses={200: {"model": Page[SnapshotView]}})
def list_snapshots(
    job: str, request: Request, caller: Reader, store: Store, limit: Limit, cursor: Cursor = None
) -> Response:
    """Stored cohorts on the arms' paths, with the ages of the lives in them and why they are kept."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        rows = job_views.snapshots(snapshots.of_job(db, job), jobs.steps_of(db, job))
    return page_of(request, rows, lambda row: [row["trajectory"], row["offset"], row["id"]], limit, cursor)


def _arm(db: sa.Connection, job: str, index: int) -> Any:
    found = next((row for row in jobs.arms_of(db, job) if row["idx"] == index), None)
    if found is None:
        raise NotFound(f"job {job} has no arm {index}")
    return found


def _when(row: Data) -> list[Any]:
    return [row["arm"], row["seed"], row["age_sp"], row["stage"], row["fired"]]


def _fits(value: Any, wanted: Any) -> bool:
    return wanted is None or value == wanted
