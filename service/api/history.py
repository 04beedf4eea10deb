"""Stored training histories: which series there are, and their values by age, stage time, updates or seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response

from models.specs.schedule import ScheduleSpec
from models.specs.timeline import common_pass, pass_sp, stage_lengths
from service.api import negotiation
from service.api.answers import tagged
from service.api.arm_paths import arm_paths
from service.api.dependencies import Reader, Store
from service.lifecycle import TERMINAL
from service.store import aggregates, jobs, recall
from service.store.path import ArmPath, Piece
from service.store.recall import SeriesInfo
from service.store.traces import chosen_arms
from service.wire.history import HistoryQuery

router = APIRouter(prefix="/v1/jobs/{job}", tags=["history"])

Question = Annotated[HistoryQuery, Depends(negotiation.history_query)]


@router.get("/history", response_class=Response)
def history(job: str, request: Request, query: Question, caller: Reader, store: Store) -> Response:
    """Values of series along the arms' paths; JSON columns, CSV, Arrow or Parquet by Accept or `format`."""
    with store.read() as db:
        row = jobs.get(db, caller.project, job)
        paths = chosen_arms(_paths(db, job), query)
        subject = negotiation.Subject(job, paths, row["status"] in TERMINAL)
        return negotiation.respond(request, db, subject, query, _limits(db, job, query, paths))


@router.get("/series")
def series(job: str, request: Request, caller: Reader, store: Store) -> Response:
    """Every recorded series with its unit and extremes; read from aggregates only."""
    with store.read() as db:
        jobs.get(db, caller.project, job)
        paths = _paths(db, job)
        stored = recall.list_series(db, sorted({piece.trajectory for path in paths for piece in path.pieces}))
    return tagged(request, {"items": series_rows(paths, stored), "next": None})


def series_rows(paths: Sequence[ArmPath], stored: Sequence[SeriesInfo]) -> list[dict[str, Any]]:
    """One row per name; numbers are those of the whole trajectories, which other jobs may have taken further."""
    pieces = {piece.trajectory: (path, piece) for path in reversed(paths) for piece in path.pieces}
    found: dict[str, list[tuple[SeriesInfo, Piece, ArmPath]]] = {}
    for info in stored:
        path, piece = pieces[info.trajectory]
        for name in path.names(info.path):
            found.setdefault(name, []).append((info, piece, path))
    return [_series_row(name, rows) for name, rows in sorted(found.items())]


def _series_row(name: str, rows: Sequence[tuple[SeriesInfo, Piece, ArmPath]]) -> dict[str, Any]:
    numbers = np.concatenate([info.numbers for info, _, _ in rows], axis=1)
    of = dict(zip(aggregates.NAMES, numbers, strict=True))
    ages = (
        [min(piece.age_origin) + info.offset_first * piece.batch for info, piece, _ in rows],
        [max(piece.age_origin) + info.offset_last * piece.batch for info, piece, _ in rows],
    )
    newest = rows[int(np.argmax(ages[1]))][0].numbers[aggregates.NAMES.index("last")]
    return {
        "name": name,
        "area": rows[0][0].area,
        "unit": rows[0][2].unit(name),
        "n": sum(info.n for info, _, _ in rows),
        "nonfinite": sum(info.nonfinite for info, _, _ in rows),
        "ages": [min(ages[0]), max(ages[1])],
        "min": _finite(of["min"].min()),
        "max": _finite(of["max"].max()),
        "last": [_finite(value) for value in newest],
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _paths(db: sa.Connection, job: str) -> list[ArmPath]:
    return arm_paths(jobs.arms_of(db, job), jobs.steps_of(db, job), jobs.transitions_of(db, job))


def _limits(
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
