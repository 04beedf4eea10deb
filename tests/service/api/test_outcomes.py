"""Outcomes of every arm and life of a study."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
from answering import FINAL, about, ask, marked, submit, values
from build import tiny_schedule
from fastapi import FastAPI
from painting import GOOD, OUTCOMES, POOR, SEEDS, STUDY

from service.store import access

Document = dict[str, Any]


@pytest.fixture
def arms(api: httpx.Client, finished: str) -> dict[tuple[str, str], Document]:
    """(outcome, arm) -> the arm's answer."""
    found = ask(api, finished)
    assert found["complete"] is True
    return {
        (outcome["name"], arm["name"].removeprefix("care=")): arm
        for outcome in found["outcomes"]
        for arm in outcome["arms"]
    }


def test_every_declared_outcome_is_answered_for_every_arm_and_life(api: httpx.Client, finished: str) -> None:
    found = ask(api, finished)
    assert [outcome["name"] for outcome in found["outcomes"]] == list(OUTCOMES)
    assert found["lives"] == {
        "total": 18, "waiting": 0, "developing": 0, "complete": 16, "censored": 1, "diverged": 1, "failed": 0,
    }  # fmt: skip
    for outcome in found["outcomes"]:
        assert [(arm["arm"], arm["name"], arm["labels"]) for arm in outcome["arms"]] == [
            (0, "care=good", GOOD),
            (1, "care=poor", POOR),
            (2, "mild", POOR),
        ]
        assert all([life["seed"] for life in arm["lives"]] == list(SEEDS) for arm in outcome["arms"])
    by_name = {outcome["name"]: outcome for outcome in found["outcomes"]}
    assert {name: by_name[name]["unit"] for name in ("final", "time", "batches", "age", "log", "far")} == {
        "final": "fraction", "time": "sp", "batches": "ba", "age": "sp", "log": "1", "far": "fraction",
    }  # fmt: skip
    assert by_name["time"]["time"] is True
    assert by_name["final"]["time"] is False
    assert by_name["time"]["definition"]["from"] == "stages.late.start"


@pytest.mark.parametrize("care", ["good", "poor"])
def test_the_final_value_is_the_mean_over_the_window(arms: dict[tuple[str, str], Document], care: str) -> None:
    arm = arms["final", care]
    assert values(arm) == about(FINAL[care])
    known = np.array([value for value in FINAL[care] if value is not None])
    assert (arm["n_lives"], arm["n"], arm["n_missing"]) == (6, len(known), 6 - len(known))
    assert (arm["mean"], arm["sd"]) == (pytest.approx(known.mean()), pytest.approx(known.std(ddof=1)))
    assert arm["median"] == pytest.approx(np.median(known))
    reach = {6: 2.570582, 5: 2.776445}[len(known)] * known.std(ddof=1) / np.sqrt(len(known))
    assert (arm["band"]["lo"], arm["band"]["hi"]) == (
        pytest.approx(known.mean() - reach),
        pytest.approx(known.mean() + reach),
    )
    assert (arm["band"]["kind"], arm["band"]["level"], arm["band"]["few"]) == ("t", 0.95, False)
    assert (arm["restricted_mean"], arm["horizon"], arm["median_time"]) == (None, None, None)


def test_diverged_and_censored_lives_are_counted_and_never_dropped(arms: dict[tuple[str, str], Document]) -> None:
    for name in OUTCOMES:
        poor, good = arms[name, "poor"], arms[name, "good"]
        assert (len(poor["lives"]), poor["n_diverged"]) == (6, 1)
        assert marked(poor, "diverged") == [4]
        assert [life["status"] for life in poor["lives"]] == [*["complete"] * 3, "censored", "diverged", "complete"]
        assert good["n_diverged"] == 0
    assert marked(arms["final", "poor"], "censored") == [3]
    assert arms["final", "poor"]["n_censored"] == 1


def test_the_best_value_follows_the_probes_direction(arms: dict[tuple[str, str], Document]) -> None:
    assert values(arms["best", "good"]) == about([0.9] * 6)
    assert values(arms["best", "poor"]) == about([0.9, 0.9, 0.9, 0.45, None, 0.9])


def test_maps_are_applied_life_by_life(arms: dict[tuple[str, str], Document]) -> None:
    best = [0.9, 0.9, 0.9, 0.45, None, 0.9]
    assert values(arms["minus", "poor"]) == about([None if each is None else -each for each in best])
    assert values(arms["log", "poor"]) == about([None if each is None else float(np.log(each)) for each in best])
    assert values(arms["far", "poor"]) == [
        None if each is None else pytest.approx(1.0 - each, rel=1e-5) for each in best
    ]


def test_a_value_at_an_event_is_the_last_reading_before_it(arms: dict[tuple[str, str], Document]) -> None:
    """The deficit ends at 140; readings are at 100 and 200."""
    for care in ("good", "poor"):
        assert values(arms["dim", care]) == about([0.2 + 0.01 * seed for seed in SEEDS])


def test_the_end_of_a_stage_is_seen_before_the_acts_at_the_next_ones_entry(
    arms: dict[tuple[str, str], Document],
) -> None:
    assert values(arms["grown", "poor"]) == about([0.3 + 0.01 * seed for seed in SEEDS])
    assert values(arms["reset", "poor"]) == about([0.05] * 6)


def test_the_area_under_a_curve_is_its_mean_height(arms: dict[tuple[str, str], Document]) -> None:
    assert values(arms["childhood", "good"]) == about([0.2 + 0.01 * seed for seed in SEEDS])


def test_samples_to_a_criterion_are_counted_from_an_event_and_censored_at_the_end(
    arms: dict[tuple[str, str], Document],
) -> None:
    assert values(arms["time", "good"]) == [100, 200, 100, 200, 300, 200]
    assert marked(arms["time", "good"], "censored") == []
    poor = arms["time", "poor"]
    assert values(poor) == [200, 300, 300, 400, 140, 400]
    assert marked(poor, "censored") == [3, 4]
    assert (poor["n"], poor["n_missing"], poor["n_censored"], poor["n_diverged"]) == (6, 0, 2, 1)
    # waiting: 1 to 200, 4/5 to 300, 2/5 to 400, where the longest life is censored
    assert (poor["restricted_mean"], poor["horizon"]) == (pytest.approx(200 + 80 + 40), 400)
    assert poor["median_time"] == 300


def test_a_criterion_may_be_reckoned_in_batches_and_censored_early(arms: dict[tuple[str, str], Document]) -> None:
    assert values(arms["batches", "good"]) == [5, 10, 5, 10, 10, 10]
    assert marked(arms["batches", "good"], "censored") == [4]
    assert values(arms["batches", "poor"]) == [10, 10, 10, 10, 7, 10]
    assert marked(arms["batches", "poor"], "censored") == [1, 2, 3, 4, 5]


def test_what_was_reached_before_a_stage_does_not_meet_a_criterion_in_it(
    arms: dict[tuple[str, str], Document],
) -> None:
    """At 200 every life stands above 0.3 before the reset, and far below after it."""
    assert values(arms["again", "good"]) == [100, 200, 100, 200, 300, 200]
    assert values(arms["again", "poor"]) == [200, 300, 300, 300, 140, 300]
    assert marked(arms["again", "poor"], "censored") == [4]


def test_the_age_at_an_event_is_censored_in_lives_that_never_reach_it(arms: dict[tuple[str, str], Document]) -> None:
    assert values(arms["age", "good"]) == [300, 400, 300, 400, 500, 400]
    assert values(arms["age", "poor"]) == [400, 500, 500, 600, 340, 600]
    assert marked(arms["age", "poor"], "censored") == [3, 4]


def test_a_life_that_diverges_at_an_age_does_not_reach_it(arms: dict[tuple[str, str], Document]) -> None:
    assert values(arms["closes", "good"]) == [300, 340, 300, 340, 340, 340]
    assert marked(arms["closes", "good"], "censored") == [0, 2]
    assert values(arms["closes", "poor"]) == [340] * 6
    assert marked(arms["closes", "poor"], "censored") == [4]


def test_an_outcome_relative_to_an_arm_is_paired_by_seed(arms: dict[tuple[str, str], Document]) -> None:
    differences = [
        None if poor is None or good is None else poor - good
        for poor, good in zip(FINAL["poor"], FINAL["good"], strict=True)
    ]
    assert values(arms["harm", "poor"]) == [
        None if each is None else pytest.approx(each, abs=1e-6) for each in differences
    ]
    assert values(arms["harm", "good"]) == [0.0] * 6
    assert marked(arms["harm", "poor"], "censored") == [3]


@pytest.mark.parametrize("what", ["outcomes", "contrasts"])
def test_a_job_that_declares_none_is_refused_with_the_reason(api: httpx.Client, what: str) -> None:
    plain = api.get(f"/v1/jobs/{submit(api, tiny_schedule())}/{what}")
    assert (plain.status_code, plain.json()["code"]) == (422, "invalid-query")
    assert f"a plain schedule, which has no {what}" in plain.json()["detail"]
    bare = {key: part for key, part in STUDY.items() if key not in ("outcomes", "contrasts")}
    without = api.get(f"/v1/jobs/{submit(api, bare)}/{what}")
    assert (without.status_code, without.json()["code"]) == (422, "invalid-query")
    assert f"declares no {what}" in without.json()["detail"]


def test_answers_need_the_scope_read_and_stay_in_their_project(app: FastAPI, api: httpx.Client) -> None:
    job = submit(api)
    database = app.state.database
    with database.write() as db:
        now = database.now(db)
        other = access.create_key(db, now, access.NewKey("other", ["read"], "other"))[1]
        writer = access.create_key(db, now, access.NewKey("writer", ["submit"]))[1]
    for what in ("outcomes", "contrasts"):
        assert api.get(f"/v1/jobs/{job}/{what}").status_code == 401
        for key, status in ((other, 404), (writer, 403)):
            headers = {"Authorization": f"Bearer {key}"}
            assert api.get(f"/v1/jobs/{job}/{what}", headers=headers).status_code == status
