"""What is asked for late is made good: a job finds the same bits whether another was there before it or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from build import tiny_schedule

from models.engine import stage
from service.store import history


@pytest.fixture(autouse=True)
def _flush_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "FLUSH_SECONDS", 0.02)


def grown(until: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Four lives in a first stage of a certain end, and a second."""
    taught = {"name": "taught", "world": "school", "costs": {"naming": 1.0}, "until": until, **more}
    after = {"name": "after", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "10ba"}}
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 0.03, "momentum": 0.9}}
    return tiny_schedule(seeds={"start": 0, "count": 4}, organism=organism, stages=[taught, after])


SHORT, LONG = grown({"after": "40ba"}), grown({"after": "120ba"})
CRITERION = grown({"criterion": {"probe": "acc", "op": ">=", "value": 0.7}}, limit="20ep")
PLATEAU = grown({"plateau": {"probe": "acc", "min_delta": 0.02, "patience": "15ba"}}, limit="20ep")
PROBED = SHORT | {
    "probes": {
        "acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "2ba"},
        "miss": {"kind": "loss", "cost": "naming", "world": "quiz", "every": "3ba"},
    }
}

CASES = {
    "trigger after a shorter stage": (SHORT, CRITERION),
    "trigger inside a longer stage": (LONG, CRITERION),
    "longer stage after lives left at a trigger": (CRITERION, LONG),
    "shorter stage inside a longer one": (LONG, SHORT),
    "another trigger that fires later": (CRITERION, PLATEAU),
    "another trigger that fires earlier": (PLATEAU, CRITERION),
    "probes and denser readings": (SHORT, PROBED),
    "probes after lives left at a trigger": (CRITERION, PROBED),
}


@pytest.mark.parametrize("case", CASES)
def test_a_job_that_comes_late_finds_what_it_would_have_found_alone(build: Callable[..., Any], case: str) -> None:
    before, asked = CASES[case]
    shared, alone = build(first_slice_seconds=0.03), build()
    for document in (before, asked):
        late = shared.submit(document)
        shared.work_off(shared.worker())
    only = alone.submit(asked)
    alone.work_off(alone.worker())
    assert shared.status(late) == alone.status(only) == "succeeded", shared.events()
    assert path(shared, late) == path(alone, only)
    assert alone.state_hashes().items() <= shared.state_hashes().items()
    assert_holds_all(shared, alone)
    assert "replay.mismatch" not in [kind for kind, _ in shared.events()]


def path(house: Any, job: str) -> list[tuple[str, str, list[int]]]:
    return [(row["trajectory"], row["stop"], row["seeds"]) for row in house.path(job)]


def assert_holds_all(shared: Any, alone: Any) -> None:
    """Every value of one house is in the other, bit for bit; the other may hold more."""
    for row in alone.trajectories():
        with shared.database.read() as db, alone.database.read() as there:
            more, less = history.read(db, row["id"]), history.read(there, row["id"])
        for name, columns in less.items():
            at = np.searchsorted(more[name].offsets, columns.offsets)
            assert np.array_equal(more[name].offsets[at], columns.offsets), name
            assert more[name].valid[:, at][columns.valid].all(), name
            assert np.array_equal(more[name].values[:, at][columns.valid], columns.values[columns.valid]), name
