"""A plan as the API tells it: arms as paths, trajectories with what is already trained, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.specs.plan import Demand, Span, StepPlan, arm_keys, provisional_stop, seedless_key, totals
from service.api import job_views
from service.api.estimates import Piece, estimates
from service.store import creation, jobs
from service.submission import Prepared, PreparedArm

Data = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CohortPath:
    """The trajectories that some seeds of an arm go through together."""

    arm: PreparedArm
    cohort: int
    seeds: tuple[int, ...]
    keys: tuple[str, ...]
    """One for each step; provisional after the first end that a trigger decides."""


def plan_answer(db: sa.Connection, project: str, prepared: Prepared, cohort_lives: int) -> Data:
    """The plan of a document that passed the checks, with what the project has trained of it already."""
    paths = list(_paths(db, project, prepared, cohort_lives))
    trained = jobs.trained_to(db, project, sorted({key for path in paths for key in path.keys}))
    trajectories = _trajectories(paths, trained)
    pieces = _pieces(paths, trajectories)
    return {
        "kind": prepared.kind,
        "id": prepared.document_id,
        "arms": _arms(prepared.arms, paths),
        "trajectories": list(trajectories.values()),
        "totals": _totals(prepared, trajectories)
        | estimates(db, project, creation.numerics_text(prepared.numerics), pieces, [path.keys for path in paths]),
        "rounding": [each for each in prepared.warnings if each["code"] == "W11"],
        "warnings": list(prepared.warnings),
    }


def _paths(db: sa.Connection, project: str, prepared: Prepared, cohort_lives: int) -> Iterator[CohortPath]:
    """As submitting would lay them; arms that are born alike have the same cohorts."""
    cohorts: dict[str, list[tuple[int, ...]]] = {}
    for arm in prepared.arms:
        root = seedless_key(arm.plan.steps[0].regime, prepared.numerics)
        if root not in cohorts:
            seeds = (prepared.seeds, prepared.confirmatory)
            cohorts[root] = creation.cohorts_of(db, project, root, seeds, cohort_lives)
        for number, born in enumerate(cohorts[root]):
            yield CohortPath(arm, number, born, tuple(arm_keys(arm.plan, born, prepared.numerics)))


def _arms(arms: Sequence[PreparedArm], paths: Sequence[CohortPath]) -> list[Data]:
    ends: dict[tuple[str, str], str] = {}
    rows = []
    for arm in arms:
        mine = [path for path in paths if path.arm is arm]
        row: Data = {"index": arm.index, "name": arm.name, "labels": dict(arm.labels), "id": arm.document_id}
        end = (mine[0].keys[-1], _stop(arm.plan.steps[-1].demand))
        first = ends.setdefault(end, arm.name)
        if first != arm.name:
            row["same_as"] = first
        row["steps"] = [step for path in mine for step in _steps(path)]
        rows.append(row)
    return rows


def _steps(path: CohortPath) -> Iterator[Data]:
    """One row for every stage that a step covers."""
    provisional = False
    for step, key in zip(path.arm.plan.steps, path.keys, strict=True):
        for span in step.spans:
            yield {
                "stage": span.stage,
                "cohort": path.cohort,
                "ordinal": step.ordinal,
                "trajectory": key,
                "provisional": provisional,
                "demand": _demand(step.demand),
                **_ages(step, span),
            }
        provisional = provisional or step.demand.ending is not None


def _ages(step: StepPlan, span: Span) -> Data:
    """Least and greatest age at both ends of a span; where a trigger decides, one batch is the least it can take."""
    batch = step.regime.batch
    young, old = step.from_age
    open_ended = step.demand.ending is not None and span is step.spans[-1]
    least = span.start + 1 if open_ended else span.end
    return {
        "from_age": [young + span.start * batch, old + span.start * batch],
        "to_age": [young + least * batch, old + span.end * batch],
    }


def _demand(demand: Demand) -> Data:
    if demand.ending is None:
        return {"offset": demand.offset}
    return {"until": demand.ending.until.model_dump(mode="json"), "limit": demand.ending.limit}


def _stop(demand: Demand) -> str:
    return provisional_stop(demand.ending) if demand.ending else str(demand.offset)


def _trajectories(paths: Sequence[CohortPath], trained: Mapping[str, int]) -> dict[str, Data]:
    rows: dict[str, Data] = {}
    for path in paths:
        for step, key in zip(path.arm.plan.steps, path.keys, strict=True):
            row = rows.setdefault(key, {}) or _begin(rows[key], path, step)
            demand = _demand(step.demand)
            if demand not in row["demands"]:
                row["demands"].append(demand)
            row["updates"] = max(row["updates"], step.demand.offset)
    for key, row in rows.items():
        row["trained_to"] = min(trained.get(key, 0), row["updates"])
        done = row["trained_to"] >= row["updates"]
        row["state"] = "new" if key not in trained else "done" if done else "partial"
    return rows


def _begin(row: Data, path: CohortPath, step: StepPlan) -> Data:
    """Fill the row of a trajectory that is met for the first time."""
    before = path.arm.plan.steps[step.ordinal - 1].demand if step.ordinal else None
    regime = step.regime.model_dump(mode="json")
    row.update(
        {
            "key": path.keys[step.ordinal],
            "parent": path.keys[step.ordinal - 1] if before else None,
            "parent_offset": before.offset if before and before.ending is None else None,
            "seeds": list(path.seeds),
            "demands": [],
            "updates": 0,
            "batch": step.regime.batch,
            "regime": {name: part for name, part in regime.items() if name not in ("organism", "batch")},
        }
    )
    return row


def _totals(prepared: Prepared, trajectories: Mapping[str, Data]) -> Data:
    whole = totals([arm.plan for arm in prepared.arms], prepared.seeds, prepared.numerics)
    done = sum(row["trained_to"] * row["batch"] * len(row["seeds"]) for row in trajectories.values())
    return {
        "arms": whole.arms,
        "distinct_ends": whole.distinct_ends,
        "lives": whole.lives,
        "samples": {
            "flat": whole.samples_flat,
            "shared": whole.samples_shared,
            "done": done,
            "to_train": whole.samples_shared - done,
        },
        "saving": whole.saving,
        "upper_bound": whole.upper_bound,
    }


def _pieces(paths: Sequence[CohortPath], trajectories: Mapping[str, Data]) -> dict[str, Piece]:
    """What is estimated: every trajectory with the furthest step on it."""
    pieces: dict[str, Piece] = {}
    for path in paths:
        for step, key in zip(path.arm.plan.steps, path.keys, strict=True):
            row, before = trajectories[key], pieces.get(key)
            if before is None or before.step.demand.offset < step.demand.offset:
                left = row["updates"] - row["trained_to"]
                pieces[key] = Piece(step, path.arm.plan.probes, len(path.seeds), len(row["demands"]), left)
    return pieces


# ---- of a job


def stored_plan(row: Row, arms: Sequence[Row], steps: Sequence[Row]) -> Data:
    """The plan of a job as far as its trajectories are known; a step that waits for a trigger has none yet."""
    paths = job_views.arms(arms, steps)
    trajectories = _known(steps)
    return {
        "kind": row["kind"],
        "id": row["document_hash"],
        "arms": paths,
        "trajectories": list(trajectories.values()),
        "totals": _stored_totals(row, steps),
        "rounding": [each for each in row["warnings"] if each["code"] == "W11"],
        "warnings": row["warnings"],
    }


def _known(steps: Sequence[Row]) -> dict[str, Data]:
    rows: dict[str, Data] = {}
    for step in steps:
        if step["trajectory"] is None:
            continue
        entry = rows.setdefault(
            step["trajectory"],
            {
                "id": step["trajectory"],
                "key": step["key"],
                "seeds": step["lives"],
                "demands": [],
                "updates": 0,
                "batch": step["regime"]["batch"],
                "trained_to": step["reached"],
            },
        )
        if job_views.demand(step) not in entry["demands"]:
            entry["demands"].append(job_views.demand(step))
        entry["updates"] = max(entry["updates"], step["demand"])
        met = step["state"] != "open" and entry.get("state", "done") == "done"
        entry["state"] = "done" if met else "partial" if step["reached"] else "new"
    return rows


def _stored_totals(row: Row, steps: Sequence[Row]) -> Data:
    """In samples over all lives; cohorts of one job have nearly the same size."""
    flat = sum(step["demand"] * step["regime"]["batch"] * len(step["seeds"]) for step in steps)
    per_update = steps[0]["regime"]["batch"] * len(steps[0]["seeds"])
    shared = min(flat, row["updates_total"] * per_update)
    return {
        "arms": row["arms"],
        "lives": row["arms"] * len(row["seeds"]),
        "samples": {
            "flat": flat,
            "shared": shared,
            "done": min(shared, row["updates_done"] * per_update),
            "reused": min(shared, row["updates_reused"] * per_update),
            "to_train": max(0, row["updates_total"] - row["updates_done"]) * per_update,
        },
        "saving": 1.0 - shared / flat if flat else 0.0,
        "upper_bound": row["total_is"] == "bound",
    }
