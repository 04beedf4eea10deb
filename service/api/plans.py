"""A plan as the API tells it: arms as paths, trajectories with what is already trained, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.specs.plan import ArmPlan, Demand, Span, StepPlan, arm_keys, provisional_stop, totals
from service.api import job_views
from service.submission import Prepared, PreparedArm

Data = dict[str, Any]
Row = Mapping[str, Any]


def plan_answer(prepared: Prepared, trained: Mapping[str, int]) -> Data:
    """The plan of a document that passed the checks; `trained`: offset reached by trajectories that exist, by key."""
    paths = [arm_keys(arm.plan, prepared.seeds, prepared.numerics) for arm in prepared.arms]
    trajectories = _trajectories(prepared, paths, trained)
    return {
        "kind": prepared.kind,
        "id": prepared.document_id,
        "arms": _arms(prepared.arms, paths),
        "trajectories": list(trajectories.values()),
        "totals": _totals(prepared, trajectories),
        "rounding": [each for each in prepared.warnings if each["code"] == "W11"],
        "warnings": list(prepared.warnings),
    }


def planned_keys(prepared: Prepared) -> list[str]:
    """Keys of all trajectories of a plan."""
    paths = (arm_keys(arm.plan, prepared.seeds, prepared.numerics) for arm in prepared.arms)
    return sorted({key for keys in paths for key in keys})


def _arms(arms: Sequence[PreparedArm], paths: Sequence[Sequence[str]]) -> list[Data]:
    ends: dict[tuple[str, str], str] = {}
    rows = []
    for arm, keys in zip(arms, paths, strict=True):
        row: Data = {"index": arm.index, "name": arm.name, "labels": dict(arm.labels), "id": arm.document_id}
        end = (keys[-1], _stop(arm.plan.steps[-1].demand))
        first = ends.setdefault(end, arm.name)
        if first != arm.name:
            row["same_as"] = first
        row["steps"] = list(_steps(arm.plan, keys))
        rows.append(row)
    return rows


def _steps(plan: ArmPlan, keys: Sequence[str]) -> Iterator[Data]:
    """One row for every stage that a step covers."""
    provisional = False
    for step, key in zip(plan.steps, keys, strict=True):
        for span in step.spans:
            yield {
                "stage": span.stage,
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


def _trajectories(prepared: Prepared, paths: Sequence[Sequence[str]], trained: Mapping[str, int]) -> dict[str, Data]:
    rows: dict[str, Data] = {}
    for arm, keys in zip(prepared.arms, paths, strict=True):
        for step, key in zip(arm.plan.steps, keys, strict=True):
            if key not in rows:
                rows[key] = _trajectory(prepared, arm.plan, keys, step)
            demand = _demand(step.demand)
            if demand not in rows[key]["demands"]:
                rows[key]["demands"].append(demand)
            rows[key]["updates"] = max(rows[key]["updates"], step.demand.offset)
    for key, row in rows.items():
        row["trained_to"] = min(trained.get(key, 0), row["updates"])
        done = row["trained_to"] >= row["updates"]
        row["state"] = "new" if key not in trained else "done" if done else "partial"
    return rows


def _trajectory(prepared: Prepared, plan: ArmPlan, keys: Sequence[str], step: StepPlan) -> Data:
    before = step.ordinal - 1
    regime = step.regime.model_dump(mode="json")
    return {
        "key": keys[step.ordinal],
        "parent": keys[before] if before >= 0 else None,
        "parent_offset": None if before < 0 or plan.steps[before].demand.ending else plan.steps[before].demand.offset,
        "seeds": list(prepared.seeds),
        "demands": [],
        "updates": 0,
        "batch": step.regime.batch,
        "regime": {name: part for name, part in regime.items() if name not in ("organism", "batch")},
    }


def _totals(prepared: Prepared, trajectories: Mapping[str, Data]) -> Data:
    whole = totals([arm.plan for arm in prepared.arms], prepared.seeds, prepared.numerics)
    lives = len(prepared.seeds)
    done = sum(row["trained_to"] * row["batch"] * lives for row in trajectories.values())
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
        "seconds_estimate": None,
    }


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
