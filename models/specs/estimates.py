"""What a plan will take, before anything runs: numbers written down, bytes of snapshots, and what can be compared.

Numbers of values are exact where lengths are fixed, and bounds where a trigger decides. How long an update takes cannot
be known from a document; it is measured on trajectories of equal workload.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import ceil
from typing import Any

from models.specs.canonical import canonical_bytes
from models.specs.organism import AdamSpec, AdamWSpec, OptimizerSpec, RmspropSpec, SgdSpec
from models.specs.plan import StepPlan
from models.specs.probes import parts_of
from models.specs.recorded import series_of
from models.specs.regime import Measured, RegimeSpec
from models.specs.series import NORMS_EVERY
from models.specs.shapes import area_parameters, area_shapes, contents_count

VALUE_BYTES = 4
"""Of a number of a history before compression, and of a parameter."""

_IDLE = ("lr_scale", "innate", "init", "lr", "weight_decay")
"""Options that do not change how long an update takes."""


def history_values(step: StepPlan, probes: Mapping[str, Measured]) -> int:
    """Numbers that one life writes down in a step: rows of every update, norms and readings at their cadences."""
    regime, updates = step.regime, step.demand.offset
    areas = tuple(regime.organism.areas)
    always, norms = series_of(regime.organism, len(regime.costs), len(regime.deficits) + len(regime.following))
    total = updates * always + ceil(updates / NORMS_EVERY) * norms
    for name, readings in step.readings.items():
        probe = probes[name].probe
        total += len(parts_of(probe, areas)) * sum(len(each.offsets()) for each in readings)
    return total


def snapshot_bytes(regime: RegimeSpec) -> int:
    """Of one life: parameters and moments of areas, and what they keep; once more for each best that is kept.

    Decoders and states of rules come on top.
    """
    organism = regime.organism
    shapes = area_shapes(organism)
    kept = (
        area_parameters(organism, area, shapes) * (1 + _moments(organism.optimizer_of(area))) for area in organism.areas
    )
    return VALUE_BYTES * (sum(kept) + contents_count(organism)) * (1 + len(regime.bests))


def _moments(optimizer: OptimizerSpec) -> int:
    """Numbers that an optimizer keeps of every parameter."""
    match optimizer:
        case AdamSpec() | AdamWSpec():
            return 2
        case RmspropSpec():
            return 1
        case SgdSpec():
            return int(optimizer.momentum > 0.0)


def workload(regime: Mapping[str, Any]) -> str:
    """Digest of what decides how long an update of a regime, as stored, takes: equal ones can be compared.

    The organism but for its rates, the batch, the time steps, the kinds of world and transforms, the costs. Deficits
    and levels of plasticity change little and are left out.
    """
    world = regime["world"]
    told = {
        "organism": _without_idle(regime["organism"]),
        "batch": regime["batch"],
        "sweeps": regime.get("sweeps", 1),
        "steps": world["steps"],
        "source": world["source"]["kind"],
        "transforms": [each["transform"]["kind"] for each in world["transforms"]],
        "costs": sorted((each["cost"]["kind"], each["cost"]["at"]) for each in regime["costs"].values()),
    }
    return hashlib.sha256(canonical_bytes(told)).hexdigest()


def _without_idle(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without_idle(part) for key, part in node.items() if key not in _IDLE}
    return [_without_idle(part) for part in node] if isinstance(node, (list, tuple)) else node
