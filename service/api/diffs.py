"""How two planned lives differ, thing by thing, and from which age on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.specs import diff as differences
from models.specs.plan import ArmPlan, divergence
from models.specs.schedule import ScheduleSpec

Side = tuple[ScheduleSpec, ArmPlan]
"""A canonical schedule and its path."""


def diff_of(a: Side, b: Side) -> dict[str, Any]:
    """Changes that lead from one to the other, where they part, and how many samples they share."""
    changes = differences.diff(a[0], b[0])
    parting, line = _parting(a[1], b[1])
    return {
        "equal": not changes,
        "changes": [asdict(change) for change in changes],
        "first_divergence": parting and {**parting, "because": [change.path for change in changes]},
        "shared_samples": parting["age"] if parting else a[1].samples_max,
        "text": differences.text(changes, line),
    }


def _parting(a: ArmPlan, b: ArmPlan) -> tuple[dict[str, Any] | None, str | None]:
    found = divergence(a, b)
    if found is None:
        return None, None
    first, second = found.stages
    word = "they part at age" if found.exact else "they do not part before age"
    line = f"{word} {found.age_sp} sp ({first or 'ended'} / {second or 'ended'})"
    return {"age": found.age_sp, "exact": found.exact, "stage_a": first, "stage_b": second}, line
