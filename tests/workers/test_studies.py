"""Studies that grow: every update the engine makes is counted, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from build import tiny_schedule, tiny_study

from models.engine.step import Training
from models.specs.document import Parsed
from models.specs.numerics import NumericsSpec
from service.api.plans import plan_answer
from service.submission import prepare

Document = dict[str, Any]

EARLY, LATE = 10, 5


def study(*weights: float, seeds: int = 2, **changes: Any) -> Document:
    """A shared childhood of 10 updates, then 5 under each of the weights."""
    base = tiny_schedule()
    base["stages"][1] |= {"until": {"after": f"{LATE}ba"}, "costs": {"naming": weights[0]}}
    return tiny_study(*weights, seeds=seeds, base=base, **changes)


class Counter:
    """Updates that cohorts were really given."""

    def __init__(self) -> None:
        self.updates = 0

    def since(self) -> int:
        counted, self.updates = self.updates, 0
        return counted


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counting, update = Counter(), Training.update

    def counted(training: Training) -> Any:
        counting.updates += 1
        return update(training)

    monkeypatch.setattr(Training, "update", counted)
    return counting


@pytest.fixture
def grow(house: Any, counter: Counter) -> Callable[[Document], int]:
    """Submits a study, trains it to its end, and says how many updates that took."""

    def grown(document: Document) -> int:
        job = house.submit(document)
        if house.status(job) != "succeeded":
            house.work_off(house.worker())
        assert house.status(job) == "succeeded"
        house.assert_whole()
        return counter.since()

    return grown


def plan(house: Any, document: Document) -> Document:
    prepared = prepare(Parsed(document), None, NumericsSpec())
    with house.database.read() as db:
        return plan_answer(db, "default", prepared, house.settings.cohort_lives)


def test_a_study_that_grows_is_trained_only_where_it_is_new(grow: Callable[[Document], int]) -> None:
    assert grow(study(0.5, 0.25)) == EARLY + 2 * LATE
    assert grow(study(0.5, 0.25)) == 0
    assert grow(study(0.5, 0.25, 0.75)) == LATE
    assert grow(study(0.5, 0.25, 0.75, seeds=4)) == EARLY + 3 * LATE
    assert grow(study(0.5, 0.25, 0.75, seeds=2, confirm={"start": 2, "count": 2})) == 0
    assert grow(study(0.5, seeds=4, confirm={"start": 10, "count": 1})) == EARLY + LATE


def test_arms_that_end_alike_are_trained_once(grow: Callable[[Document], int], house: Any) -> None:
    twin = {"name": "twin", "patch": [{"op": "replace", "path": "/stages/late/costs/naming", "value": 0.25}]}
    document = study(0.5, 0.25, arms=[twin, {"name": "renamed", "labels": {"weight": 0.5}}])
    told = plan(house, document)
    assert (told["totals"]["arms"], told["totals"]["distinct_ends"]) == (4, 2)
    assert [arm.get("same_as") for arm in told["arms"]] == [None, None, "weight=0.25", "weight=0.5"]
    assert grow(document) == EARLY + 2 * LATE


def test_what_grew_by_and_by_is_what_would_have_grown_at_once(build: Callable[..., Any]) -> None:
    slowly, at_once = build(), build()
    for document in (study(0.5, seeds=2), study(0.5, 0.25, seeds=2), study(0.5, 0.25, seeds=3)):
        slowly.submit(document)
        slowly.work_off(slowly.worker())
    at_once.submit(study(0.5, 0.25, seeds=2))
    at_once.submit(study(0.5, 0.25, seeds=3))
    at_once.work_off(at_once.worker())
    at_once.assert_has_all_of(slowly)
    assert at_once.state_hashes() == slowly.state_hashes()


def test_nobody_knows_how_long_it_takes_until_something_alike_was_trained(
    house: Any, grow: Callable[[Document], int]
) -> None:
    document = study(0.5, 0.25)
    before = plan(house, document)["totals"]
    assert (before["seconds_estimate"], before["seconds_longest_path"], before["measured_on"]) == (None, None, 0)
    assert before["samples"] == {"flat": 1200, "shared": 800, "done": 0, "to_train": 800}
    grow(document)
    after = plan(house, document)["totals"]
    assert after["samples"]["to_train"] == after["history_bytes"] == after["snapshot_bytes"] == 0
    assert after["seconds_estimate"] == 0.0
    more = plan(house, study(0.5, 0.25, 0.75, 0.1, seeds=2))["totals"]
    seconds = sum(row["train_seconds"] for row in house.trajectories())
    expected = 2 * LATE * seconds / (EARLY + 2 * LATE)
    assert more["seconds_estimate"] == pytest.approx(expected, abs=0.06)
    assert more["seconds_longest_path"] == pytest.approx(expected / 2, abs=0.06)
    assert more["measured_on"] == 3
    other = study(0.5)
    other["base"]["clock"] = {"batch": 10}
    assert plan(house, other)["totals"]["seconds_estimate"] is None


def test_bytes_of_a_plan_are_those_that_come_to_be(house: Any, grow: Callable[[Document], int]) -> None:
    document = study(0.5, 0.25, 0.75)
    told = plan(house, document)["totals"]
    grow(document)
    wanted = {(row["trajectory"], row["stop"]) for row in house.snapshots() if row["stop"] in (str(EARLY), str(LATE))}
    kept = sum(row["bytes"] for row in house.snapshots() if (row["trajectory"], row["stop"]) in wanted)
    assert told["snapshot_bytes"] == pytest.approx(kept, rel=0.3)
    assert told["snapshot_bytes"] < kept
    fresh = study(0.5, 0.25, 0.75, seeds=4)
    measured = plan(house, fresh)["totals"]["snapshot_bytes"]
    assert measured == pytest.approx(kept, rel=0.01)
