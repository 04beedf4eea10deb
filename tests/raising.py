"""Small organisms, and cohorts of them that are raised for a few updates; for tests of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import torch
from build import tiny_schedule

from models.engine.cohort import Cohort, birth
from models.engine.stage import Flush, Orders, run
from models.specs.canonical import canonical
from models.specs.plan import ArmPlan, plan_arm
from models.specs.regime import RegimeSpec
from models.specs.schedule import ScheduleSpec

IMAGE = {"retina": {"shape": [1, 8, 8]}}


def plan(**changes: Any) -> ArmPlan:
    """The path of a small schedule."""
    document = tiny_schedule(**changes)
    return plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(document))))


def chain(*sizes: int, act: str = "tanh", head: int = 10, **common: Any) -> dict[str, Any]:
    """Areas a1, a2, ... of these sizes above the retina, and a head."""
    names = [f"a{k}" for k in range(1, len(sizes) + 1)]
    areas: dict[str, Any] = {
        name: {"kind": "linear", "size": size, "act": act, **common} for name, size in zip(names, sizes, strict=True)
    }
    areas["head"] = {"kind": "linear", "size": head, "act": "none"}
    order = ["retina", *areas]
    pathways = [{"from": below, "to": above} for below, above in pairwise(order)]
    return {
        "senses": IMAGE,
        "areas": areas,
        "pathways": pathways,
        "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    }


def one_stage(organism: dict[str, Any], *, updates: int = 6, **changes: Any) -> RegimeSpec:
    """The regime of a schedule with a single stage; `stage` adds to the stage, the rest to the schedule."""
    costs = changes.setdefault("costs", {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}})
    stage = {"name": "only", "world": "school", "costs": dict.fromkeys(costs, 1.0), "until": {"after": f"{updates}ba"}}
    stage |= changes.pop("stage", {})
    return plan(organism=organism, stages=[stage], **changes).steps[0].regime


def raised(regime: RegimeSpec, seeds: Sequence[int], updates: int = 4, **orders: Any) -> Cohort:
    """A cohort after some updates."""
    cohort = birth(regime, seeds)
    train(cohort, regime, updates, **orders)
    return cohort


def train(cohort: Cohort, regime: RegimeSpec, updates: int, **orders: Any) -> list[Flush]:
    """Go on for some updates."""
    start = cohort.offset
    return list(run(cohort, Orders(regime, offsets=[start + updates], **orders), start, start + updates))


def recorded(flushes: list[Flush], path: str) -> dict[int, list[float | None]]:
    """Offset -> value per life of a series, None where a life has none."""
    found: dict[int, list[float | None]] = {}
    for group in (group for flush in flushes for group in flush.groups if path in group.paths):
        row = group.paths.index(path)
        valid = np.ones(group.values.shape, bool) if group.valid is None else group.valid
        for place, offset in enumerate(group.offsets.tolist()):
            pairs = zip(group.values[row, place].tolist(), valid[row, place].tolist(), strict=True)
            found[offset] = [value if holds else None for value, holds in pairs]
    return found


def state(cohort: Cohort, seed: int) -> dict[str, torch.Tensor]:
    """A copy of every tensor of one life."""
    life = cohort.seeds.index(seed)
    groups = {"params": cohort.params, "learned": cohort.learned, "own": cohort.own, "moments": cohort.moments}
    return {
        f"{group}/{name}": value.detach()[life].clone()
        for group, values in groups.items()
        for name, value in values.items()
    }


def differing(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> list[str]:
    """Names under which two lives are not bit for bit the same; what is no number in both is the same."""
    assert left.keys() == right.keys()
    return [name for name, value in left.items() if not _alike(value, right[name])]


def assert_alone_as_among_others(regime: RegimeSpec, updates: int = 4, lives: int = 8) -> None:
    """Every life is bit for bit the same by itself and at any place in a cohort of any size."""
    alone = {seed: state(raised(regime, [seed], updates), seed) for seed in range(lives)}
    for seeds in ([1, 0], [2, 0, 1], [each for each in (3, 1, 4, 0, 5, 2, 6, 7) if each < lives]):
        together = raised(regime, seeds, updates)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


def _alike(value: torch.Tensor, other: torch.Tensor) -> bool:
    void = value.isnan()
    return torch.equal(void, other.isnan()) and torch.equal(value[~void], other[~void])
