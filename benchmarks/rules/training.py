"""Trains the document of a case, and its controls, and hands back what was read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import torch

from benchmarks.rules.benches import Bench
from models.engine import stage
from models.engine.cohort import Cohort, birth
from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.controls import generate
from models.specs.outcomes import ReadoutOnlyControl
from models.specs.plan import ArmPlan, plan_arm
from models.specs.schedule import ScheduleSpec

Lives = npt.NDArray[np.float64]
LIVES = 5
LOOKS = 20
"""Readings of angles in a life; those of the last fifth count."""


def document(bench: Bench, rule: dict[str, Any], updates: int, *, below: bool = False) -> dict[str, Any]:
    """The task under a rule; `below`: it teaches the hidden areas only, and the head learns by its gradient."""
    names, frame = [*(f"V{k}" for k in range(1, len(bench.hidden) + 1)), "head"], int(np.prod(bench.frame))
    sizes = (frame, *bench.hidden, 10)
    areas: dict[str, Any] = {}
    for name, (inputs, size) in zip(names, pairwise(sizes), strict=True):
        kind = {"kind": "linear", "act": bench.output} if name == "head" else dict(bench.area)
        fan_in = inputs + (size if kind["kind"] == "recurrent" else 0)
        gain = bench.gain if name == "V1" else 1.0
        areas[name] = {**kind, "size": size, "init": {"kind": "normal", "sd": gain * fan_in**-0.5}}
    between = [{"from": lower, "to": upper, "mode": bench.mode} for lower, upper in pairwise(names)]
    look = max(1, updates // LOOKS)
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "digits",
        "seeds": {"start": 0, "count": LIVES},
        "clock": {"batch": bench.batch, "sweeps": bench.sweeps},
        "organism": {
            "senses": {"retina": {"shape": bench.frame}},
            "areas": areas,
            "pathways": [{"from": "retina", "to": "V1"}, *between],
            "credit": [{"areas": names[:-1] if below else names, "rule": rule}],
            "optimizer": bench.optimizer,
        },
        "worlds": {"day": bench.world, "exam": {**bench.world, "split": "test"}},
        "costs": {"naming": {"kind": bench.cost, "at": "head", "target": "label"}},
        "stages": [
            {"name": "day", "world": "day", "costs": {"naming": bench.weight}, "until": {"after": f"{updates}ba"}}
        ],
        "probes": {
            "accuracy": {
                "kind": "accuracy",
                "at": "head",
                "world": "exam",
                "n": bench.items[1],
                "every": f"{updates}ba",
            },
            "angle": {
                "kind": "alignment",
                "cost": "naming",
                "world": "day",
                "n": bench.batch,
                "every": f"{look}ba",
            },
        },
    }


def updates_of(bench: Bench, passes: int) -> int:
    """Batches of so many passes."""
    return -(-passes * bench.items[0] // bench.batch)


def readout_only(given: dict[str, Any]) -> dict[str, Any]:
    """The control that a study makes of the document by its key."""
    return generate(ReadoutOnlyControl(kind="readout_only", name="readout-only"), given, None, "/controls/0")


def trained(given: dict[str, Any]) -> dict[str, Lives]:
    """Accuracy at the end, `angle.AREA` over the last fifth, `mirror`: one value per life."""
    cohort, read = lived(given)
    return read | _mirrored(cohort)


def lived(given: dict[str, Any]) -> tuple[Cohort, dict[str, Lives]]:
    """The cohort of a document of one stage at its end, and what each probe read, mean over the last fifth."""
    arm = _planned(given)
    (step,) = arm.steps
    updates = step.demand.offset
    cohort = birth(step.regime, range(LIVES))
    orders = stage.Orders(step.regime, arm.probes, step.readings, [updates])
    named = {probe: name for name, probe in arm.probe_names.items()}
    read: dict[str, list[tuple[int, Lives]]] = {}
    for flush in stage.run(cohort, orders, 0, updates):
        for group in flush.groups:
            for path, rows in zip(group.paths, group.values, strict=True):
                probe, _, area = path.partition(".")
                if probe in named:
                    name = f"{named[probe]}.{area}" if area else named[probe]
                    read.setdefault(name, []).extend(zip(group.offsets.tolist(), rows.astype(np.float64), strict=True))
    late = {name: [values for offset, values in rows if offset > 0.8 * updates] for name, rows in read.items()}
    return cohort, {name: np.stack(values).mean(axis=0, dtype=np.float64) for name, values in late.items()}


def born(given: dict[str, Any]) -> Cohort:
    """The cohort of a document before its first update."""
    return birth(_planned(given).steps[0].regime, range(LIVES))


def _planned(given: dict[str, Any]) -> ArmPlan:
    check_document(given).refuse()
    return plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(given))))


def _mirrored(cohort: Cohort) -> dict[str, Lives]:
    """Widest angle between forward and learned feedback weights."""
    angles = []
    for name, feedback in cohort.learned.items():
        if name.endswith("/feedback"):
            forward = cohort.params[name.removeprefix("rule/").removesuffix("/feedback")]
            cosine_N = torch.cosine_similarity(forward.detach().flatten(1), feedback.detach().flatten(1))
            angles.append(torch.rad2deg(torch.acos(cosine_N.clamp(-1.0, 1.0))).double().numpy())
    return {"mirror": np.stack(angles).max(axis=0)} if angles else {}
