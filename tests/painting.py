"""A study whose lives are known: readings are drawn by hand, and a worker that trains none stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from build import tiny_schedule
from simulated import Bench, Fates

from models.specs.regime import Reading
from service.store import trajectories
from service.store.blocks import SeriesGroup, encode_block
from service.store.clock import Notes
from service.store.leases import Lease

Document = dict[str, Any]

BATCH = 20
SEEDS = range(6)
MET: dict[str, list[int | None]] = {
    "good": [5, 10, 5, 10, 15, 10],
    "poor": [10, 15, 15, None, None, 20],
    "mild": [5, 5, 5, 5, 5, 5],
}
"""Updates in the last stage until the criterion; seed 3 of `poor` meets its limit, seed 4 diverges at update 7."""

BASE = tiny_schedule(
    stages=[
        {"name": "early", "world": "school", "costs": {"naming": 0.25}, "until": {"after": "10ba"}},
        {
            "name": "late",
            "world": "school",
            "costs": {"naming": 1.0},
            "until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}},
            "limit": "20ba",
            "on_limit": "censor",
            "on_enter": [{"kind": "reset_area", "areas": ["head"]}],
        },
    ],
    deficits={"cataract": {"transform": {"kind": "blur", "sigma": 2.0}, "onset": "3ba", "duration": "4ba"}},
    critical_periods={"tuning": {"areas": ["V1"], "closes": "17ba"}},
)
TO_CRITERION = {"kind": "samples_to_criterion", "probe": "acc", "op": ">=", "value": 0.9, "from": "stages.late.start"}
OUTCOMES: dict[str, Document] = {
    "final": {"kind": "final", "probe": "acc", "window": "6ba"},
    "best": {"kind": "best", "probe": "acc"},
    "dim": {"kind": "value_at", "probe": "acc", "event": "deficits.cataract.end"},
    "grown": {"kind": "value_at", "probe": "acc", "event": "stages.early.end"},
    "reset": {"kind": "value_at", "probe": "acc", "event": "stages.late.start"},
    "childhood": {"kind": "auc", "probe": "acc", "to": "stages.early.end"},
    "time": TO_CRITERION,
    "batches": {**TO_CRITERION, "by": "ba", "censor_at": "10ba"},
    "again": {**TO_CRITERION, "value": 0.3},
    "age": {"kind": "event_age", "event": "stages.late.end"},
    "closes": {"kind": "event_age", "event": "critical_periods.tuning.closes"},
    "harm": {"kind": "final", "probe": "acc", "window": "6ba", "relative_to": {"care": "good"}},
    "minus": {"kind": "best", "probe": "acc", "map": {"kind": "negate"}},
    "log": {"kind": "best", "probe": "acc", "map": {"kind": "log"}},
    "far": {"kind": "best", "probe": "acc", "map": {"kind": "distance", "from": 1.0}},
}
POOR, GOOD, MILD = {"care": "poor"}, {"care": "good"}, {"arm": "mild"}
STUDY: Document = {
    "ontogeny": "1",
    "kind": "study",
    "name": "care",
    "base": BASE,
    "seeds": {"start": 0, "count": len(SEEDS)},
    "axes": [{"name": "care", "path": "/stages/late/costs/naming", "values": {"good": 1.0, "poor": 0.5}}],
    "arms": [
        {
            "name": "mild",
            "labels": POOR,
            "patch": [{"op": "add", "path": "/stages/late/plasticity", "value": {"V1": 0.5}}],
        }
    ],
    "outcomes": OUTCOMES,
    "contrasts": [
        {"name": "worse", "kind": "pair", "outcome": "final", "treat": POOR, "control": GOOD},
        {"name": "slower", "kind": "pair", "outcome": "time", "treat": POOR, "control": GOOD},
        {"name": "spared", "kind": "pair", "outcome": "time", "treat": MILD, "control": GOOD},
    ],
    "analysis": {"test": "permutation", "resamples": 500},
}  # fmt: skip


@dataclass
class Painter:
    """Trains as a worker does, with readings drawn by hand."""

    bench: Bench

    def run(self, most: int = 100) -> int:
        """Slices until nothing can be claimed, or so many."""
        for count in range(most):
            lease = self.bench.claim()
            if lease is None:
                return count
            self._slice(lease)
        return most

    def _slice(self, lease: Lease) -> None:
        care = care_of(lease)
        met = [21 if at is None else at for at in MET.get(care, [])]
        fates = Fates(fire={(0, seed): at for seed, at in enumerate(met)})
        simulation = self.bench.simulation
        simulation.fates = replace(fates, diverge={(0, 4): 7}) if care == "poor" else fates
        result = simulation.train(lease)
        (file,) = (each.uri for each in result.snapshots if each.stop == str(result.end))
        lives = simulation.files[file].lives
        groups = [
            group
            for probe, progressions in lease.readings.items()
            if len((group := painted(lease, probe, progressions, lives, result.start)).offsets)
        ]
        groups.append(cost_of(lease, lives, result.start, result.end))
        block = encode_block(result.start, result.end, groups, Notes.even(result.end, 1.0))
        trajectories.commit_slice(self.bench.database, lease, replace(result, blocks=[block]))


def care_of(lease: Lease) -> str:
    """The arm, by what is in force in the last stage."""
    care = {0.25: "early", 1.0: "good", 0.5: "poor"}[lease.regime["costs"]["naming"]["weight"]]
    return "mild" if lease.regime["plasticity"]["V1"] == 0.5 else care


def accuracy(lease: Lease, seed: int, offset: int) -> float:
    """By age before the reset, then by updates since, 0.9 where the criterion is met."""
    care, age_sp = care_of(lease), lease.ages[seed] + offset * BATCH
    if care == "early":
        return 0.1 + 0.1 * age_sp / 100 + 0.01 * seed
    return 0.9 if MET[care][seed] == offset else 0.05 + 0.02 * offset


def painted(
    lease: Lease, probe: str, progressions: Sequence[Sequence[int]], lives: dict[int, int], start: int
) -> SeriesGroup:
    planned = {k for first, every, last in progressions for k in Reading(first=first, every=every, last=last).offsets()}
    ends = set(lives.values()) if lease.endings else set()
    offsets = sorted(k for k in planned | ends if (k > start or k == start == 0) and k <= max(lives.values()))
    valid = [[k <= lives[seed] and (k in planned or k == lives[seed]) for seed in lease.seeds] for k in offsets]
    values = [[accuracy(lease, seed, k) for seed in lease.seeds] for k in offsets]
    return group_of(lease, probe, offsets, values, valid)


def cost_of(lease: Lease, lives: dict[int, int], start: int, end: int) -> SeriesGroup:
    """Every update has a cost; that is how a store knows which lives were trained."""
    offsets = list(range(start + 1, end + 1))
    valid = [[k <= lives[seed] for seed in lease.seeds] for k in offsets]
    return group_of(lease, "cost.naming", offsets, [[1.0 for _ in lease.seeds] for _ in offsets], valid)


def group_of(lease: Lease, path: str, offsets: list[int], values: Any, valid: Any) -> SeriesGroup:
    shape = (1, len(offsets), len(lease.seeds))
    told = np.array(values, np.float32).reshape(shape), np.array(valid, np.bool_).reshape(shape)
    return SeriesGroup([path], np.array(offsets, np.int64), *told)
