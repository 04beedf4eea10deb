from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pytest
import yaml
from build import tiny_schedule
from fastapi import FastAPI
from painting import GOOD, MILD, OUTCOMES, POOR, SEEDS, STUDY, Painter

from service.api import evaluation
from service.client import ApiError, Client
from service.store import access
from service.store.tables.work import trajectory

Document = dict[str, Any]

FINAL = {
    "good": [1.25 / 3, 0.525, 1.27 / 3, 0.525, 0.575, 0.525],
    "poor": [0.525, 0.575, 0.575, 0.40, None, 0.625],
}
"""Readings in the last 120 samples: where a life is over at 300, those at 200 before and after the reset count too."""


def submit(api: httpx.Client, document: Document | None = None) -> str:
    answer = api.post("/v1/jobs", json={"document": document or STUDY})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(api: httpx.Client, job: str, what: str = "outcomes") -> Document:
    answer = api.get(f"/v1/jobs/{job}/{what}")
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


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


def values(arm: Document) -> list[float | None]:
    return [life["value"] for life in arm["lives"]]


def marked(arm: Document, mark: str) -> list[int]:
    return [life["seed"] for life in arm["lives"] if life[mark]]


def about(expected: Sequence[float | None]) -> list[Any]:
    """Readings are stored as floats."""
    return [None if each is None else pytest.approx(each, rel=1e-6) for each in expected]


# ---- outcomes


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


# ---- contrasts


def restricted_mean(times: np.ndarray[Any, Any], censored: np.ndarray[Any, Any], horizon: float) -> float:
    """By the definition: the area under the product-limit curve."""
    area, waiting, before = 0.0, 1.0, 0.0
    for at in sorted(set(times[~censored])):
        area += waiting * (at - before)
        waiting *= 1 - (times[~censored] == at).sum() / (times >= at).sum()
        before = at
    return area + waiting * (horizon - before)


def permuted(differences: np.ndarray[Any, Any]) -> float:
    """Share of all patterns of signs with a mean as far from 0."""
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return float((np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12).mean())


def slower() -> np.ndarray[Any, Any]:
    """Differences of pseudo-values: censored lives of the treated arm count up to the horizon of 400."""
    good = np.array([100.0, 200, 100, 200, 300, 200])
    poor, censored = np.array([200.0, 300, 300, 400, 140, 400]), np.isin(SEEDS, [3, 4])
    whole = restricted_mean(poor, censored, 400)
    rest = [np.arange(6) != seed for seed in SEEDS]
    without = np.array([restricted_mean(poor[kept], censored[kept], 400) for kept in rest])
    found: np.ndarray[Any, Any] = 6 * whole - 5 * without - good
    return found


def test_contrasts_are_paired_by_seed_tested_and_corrected(api: httpx.Client, finished: str) -> None:
    found = ask(api, finished, "contrasts")
    assert found["complete"] is True
    assert (found["analysis"]["test"], found["analysis"]["correction"]) == ("permutation", "holm")
    worse, late, spared = found["contrasts"]
    pairs = zip(FINAL["poor"], FINAL["good"], strict=True)
    final = np.array([poor - good for poor, good in pairs if poor is not None and good is not None])
    times = slower()
    mild = 100.0 - np.array([100.0, 200, 100, 200, 300, 200])
    for contrast, differences in ((worse, final), (late, times), (spared, mild)):
        assert contrast["estimate"]["value"] == pytest.approx(differences.mean(), rel=1e-5)
        assert contrast["estimate"]["lo"] < contrast["estimate"]["value"] < contrast["estimate"]["hi"]
        assert contrast["p"] == pytest.approx(permuted(differences))
        assert contrast["effect"]["value"] == pytest.approx(differences.mean() / differences.std(ddof=1), rel=1e-5)
        assert contrast["method"] == "permutation"
    order = sorted((worse, late, spared), key=lambda each: each["p"])
    steps = [each["p"] * left for each, left in zip(order, (3, 2, 1), strict=True)]
    corrected = [min(1.0, max(steps[: rank + 1])) for rank in range(3)]
    assert [each["p_corrected"] for each in order] == [pytest.approx(p) for p in corrected]


def test_contrasts_say_who_was_missing_and_what_warns(api: httpx.Client, finished: str) -> None:
    worse, late, spared = ask(api, finished, "contrasts")["contrasts"]
    counts = ("n", "n_missing", "n_censored", "n_diverged")
    assert [worse[each] for each in counts] == [5, 1, 1, 1]
    assert [late[each] for each in counts] == [6, 0, 2, 1]
    assert [spared[each] for each in counts] == [6, 0, 0, 0]
    unequal = "care=poor was shown 500 samples against 383 in care=good"
    assert worse["warnings"] == [
        "1 of 6 seeds have no value on some side",
        "1 censored lives stand with the value they had when they ended",
        unequal,
    ]
    assert late["warnings"] == [unequal]
    assert late["detail"] == {"horizon": 400.0}
    assert (worse["unit"], late["unit"]) == ("fraction", "sp")


def test_an_interval_agrees_with_resampling_by_hand(api: httpx.Client, painter: Painter) -> None:
    job = submit(api, {**STUDY, "analysis": {"test": "paired_bootstrap", "resamples": 20_000}})
    painter.run()
    spared = ask(api, job, "contrasts")["contrasts"][2]
    differences = 100.0 - np.array([100.0, 200, 100, 200, 300, 200])
    drawn = np.random.default_rng(0).choice(differences, (20_000, 6)).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert spared["estimate"]["lo"] == pytest.approx(low, abs=9)
    assert spared["estimate"]["hi"] == pytest.approx(high, abs=9)
    assert ask(api, job, "contrasts")["contrasts"][2] == spared


def test_interactions_trends_and_recoveries_are_answered(api: httpx.Client, painter: Painter) -> None:
    contrasts = [
        {"name": "slope", "kind": "trend", "outcome": "time", "axis": "care"},
        {"name": "back", "kind": "recovery", "outcome": "best", "treat": POOR, "recovered": MILD, "control": GOOD},
        {"name": "ratio", "kind": "pair", "outcome": "time", "treat": POOR, "control": GOOD, "measure": "ratio"},
    ]  # fmt: skip
    axes = [{**STUDY["axes"][0], "values": {"1": 1.0, "2": 0.5}}]
    document = {**STUDY, "axes": axes, "arms": [{**STUDY["arms"][0], "labels": {"care": "2"}}]}
    document["outcomes"] = {name: OUTCOMES[name] for name in ("time", "best")}
    for contrast in contrasts:
        contrast |= {key: {"care": {"good": "1", "poor": "2"}[each["care"]]} for key, each in contrast.items()
                     if isinstance(each, dict) and "care" in each}  # fmt: skip
    job = submit(api, {**document, "contrasts": contrasts})
    painter.run()
    slope, back, ratio = ask(api, job, "contrasts")["contrasts"]
    assert slope["estimate"]["value"] == pytest.approx(slower().mean())
    assert slope["unit"] == "sp"
    assert (slope["detail"]["labels"], slope["detail"]["at"]) == (["1", "2"], [1.0, 2.0])
    assert set(slope["detail"]["peak"]) == {"value", "lo", "hi"}
    assert back["estimate"]["value"] == pytest.approx(1.0)
    assert (ratio["unit"], back["unit"]) == ("1", "1")
    good = np.array([100.0, 200, 100, 200, 300, 200])
    assert ratio["estimate"]["value"] == pytest.approx(((slower() + good) / good).mean())


# ---- while lives go on, and beyond an arm's end


def test_answers_under_way_say_so_and_change_with_what_is_committed(api: httpx.Client, painter: Painter) -> None:
    job = submit(api)
    first = api.get(f"/v1/jobs/{job}/outcomes")
    assert first.json()["complete"] is False
    assert first.json()["lives"]["waiting"] == 18
    assert values(first.json()["outcomes"][0]["arms"][0]) == [None] * 6
    painter.run(1)
    second = api.get(f"/v1/jobs/{job}/outcomes", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    found = {outcome["name"]: outcome["arms"][1] for outcome in second.json()["outcomes"]}
    assert second.json()["lives"]["developing"] == 18
    assert values(found["closes"]) == [60] * 6
    assert found["closes"]["n_censored"] == 6
    assert values(found["grown"]) == [None] * 6
    assert ask(api, job, "contrasts")["complete"] is False
    painter.run()
    assert ask(api, job)["complete"] is True


def test_results_come_arm_by_arm_and_contrasts_leave_lives_out_that_are_not_over(
    api: httpx.Client, painter: Painter
) -> None:
    job = submit(api)
    complete = [False] * 3
    while sum(complete) < 2:
        assert painter.run(1) == 1
        complete = [arm["complete"] for arm in ask(api, job)["outcomes"][0]["arms"]]
    assert ask(api, job)["complete"] is False
    worse, _, mild = ask(api, job, "contrasts")["contrasts"]
    good, poor, spared = complete  # which two come first is up to the keys of their trajectories
    for contrast, over in ((worse, poor and good), (mild, spared and good)):
        assert (contrast["n_growing"], contrast["estimate"]["value"] is None) == ((0, False) if over else (6, True))
        if not over:
            assert (contrast["n"], contrast["n_missing"]) == (0, 6)
            assert contrast["warnings"][0] == "6 lives still grow and are left out"
    painter.run()
    worse, _, mild = ask(api, job, "contrasts")["contrasts"]
    assert [(each["n_growing"], each["estimate"]["value"] is None) for each in (worse, mild)] == [(0, False)] * 2


# ---- seeds kept for claims


CONFIRMED: Document = {
    **STUDY,
    "seeds": {"start": 0, "count": 2},
    "confirm": {"start": 2, "count": 4},
    "expect": [
        {"contrast": "slower", "relation": "above", "margin": 10.0},
        {"contrast": "spared", "relation": "below"},
        {"contrast": "worse", "relation": "within", "margin": 0.5},
    ],
}


def test_figures_rest_on_the_seeds_kept_for_claims_unless_others_are_asked_for(
    api: httpx.Client, painter: Painter
) -> None:
    job = submit(api, CONFIRMED)
    painter.run()
    for what in ("outcomes", "contrasts"):
        assert ask(api, job, what)["seeds"] == {"role": "confirmatory", "numbers": [2, 3, 4, 5]}
        asked = ask(api, job, f"{what}?seeds=exploratory")
        assert asked["seeds"] == {"role": "exploratory", "numbers": [0, 1]}
    arm = ask(api, job)["outcomes"][0]["arms"][0]
    assert (arm["n_lives"], [life["seed"] for life in arm["lives"]]) == (4, [2, 3, 4, 5])
    kept, looked, pooled = (ask(api, job, f"contrasts?seeds={role}") for role in ("confirmatory", "exploratory", "all"))
    times = slower()
    assert pooled["contrasts"][1]["estimate"]["value"] == pytest.approx(times.mean())
    assert [each["code"] for each in pooled["doubts"]] == ["W06", "W06", "pooled-seeds"]
    assert looked["contrasts"][1]["estimate"]["value"] == 100.0  # both seeds meet it, 5 batches later
    assert looked["contrasts"][1]["explored"] is None
    assert kept["contrasts"][1]["explored"] == looked["contrasts"][1]["estimate"]
    assert (kept["contrasts"][1]["n"], looked["contrasts"][1]["n"]) == (4, 2)
    tags = {api.get(f"/v1/jobs/{job}/contrasts?seeds={role}").headers["etag"] for role in ("exploratory", "all")}
    assert len(tags) == 2


def test_expectations_are_judged_on_the_seeds_of_the_answer(api: httpx.Client, painter: Painter) -> None:
    job = submit(api, CONFIRMED)
    assert {each["verdict"] for each in ask(api, job, "contrasts")["expectations"]} == {"inconclusive"}
    painter.run()
    slow, spared, worse = ask(api, job, "contrasts")["expectations"]
    assert (slow["verdict"], slow["contrast"], slow["margin"]) == ("reproduced", "slower", 10.0)
    assert spared["verdict"] == "reproduced"
    assert (worse["verdict"], worse["p"]) == ("inconclusive", None)
    assert worse["reason"] == "1 seeds are missing, and 1 lives diverged"


def test_a_study_that_keeps_no_seeds_has_none_to_be_asked_for(api: httpx.Client, finished: str) -> None:
    assert ask(api, finished)["seeds"]["role"] == "exploratory"
    answer = api.get(f"/v1/jobs/{finished}/contrasts?seeds=confirmatory")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-query")
    assert "keeps no seeds for claims" in answer.json()["detail"]


def test_seeds_kept_for_claims_are_trained_when_they_are_named(api: httpx.Client, painter: Painter) -> None:
    """The exploration comes first; adding the other seeds trains those and no other."""
    first = submit(api, {**CONFIRMED, "confirm": None, "expect": []})
    painter.run()
    second = submit(api, CONFIRMED)
    before = painter.bench.job(second)
    assert before["updates_reused"] == painter.bench.job(first)["updates_done"] > 0
    painter.run()
    trained = {tuple(row["seeds"]) for row in painter.bench.rows(trajectory)}
    assert {0, 1} <= set(itertools.chain.from_iterable(trained))
    assert not any({0, 1} & set(seeds) and {2, 3, 4, 5} & set(seeds) for seeds in trained)


def test_a_cancelled_study_stays_partial(api: httpx.Client, painter: Painter) -> None:
    job = submit(api)
    painter.run(1)
    api.post(f"/v1/jobs/{job}/cancel")
    found = ask(api, job)
    assert api.get(f"/v1/jobs/{job}").json()["status"] == "cancelled"
    assert (found["complete"], found["lives"]["developing"]) == (False, 18)


def test_one_who_has_the_answer_costs_nothing(
    api: httpx.Client, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {what: api.get(f"/v1/jobs/{finished}/{what}").headers["etag"] for what in ("outcomes", "contrasts")}
    assert tags["outcomes"] != tags["contrasts"]
    assert all(tag.startswith('W/"') for tag in tags.values())
    monkeypatch.setattr(evaluation, "grown", None)
    for what, tag in tags.items():
        again = api.get(f"/v1/jobs/{finished}/{what}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_life_that_another_arm_takes_further_into_ruin_is_whole_in_this_one(
    api: httpx.Client, painter: Painter
) -> None:
    """Both arms live in one trajectory; seed 4 diverges there at update 7."""
    stages = [{"name": "only", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "10ba"}}]
    document = {
        **STUDY,
        "base": tiny_schedule(stages=stages),
        "axes": [{"name": "length", "path": "/stages/only/until/after", "values": ["5ba", "10ba"]}],
        "arms": [],
        "outcomes": {
            "final": {"kind": "final", "probe": "acc", "window": "1ba"},
            "age": {"kind": "event_age", "event": "stages.only.end"},
        },
        "contrasts": [{"name": "growth", "kind": "trend", "outcome": "final", "axis": "length"}],
    }
    job = submit(api, document)
    painter.run()
    final, age = ask(api, job)["outcomes"]
    short, long = final["arms"]
    assert values(short) == about([0.15] * 6)
    assert [life["status"] for life in short["lives"]] == ["complete"] * 6
    assert values(long) == about([0.9, 0.25, 0.25, 0.25, None, 0.25])
    assert marked(long, "diverged") == [4]
    assert [values(arm) for arm in age["arms"]] == [[100] * 6, [200, 200, 200, 200, 140, 200]]
    assert marked(age["arms"][1], "censored") == [4]
    (growth,) = ask(api, job, "contrasts")["contrasts"]
    assert growth["unit"] == "fraction/ba"
    assert growth["estimate"]["value"] == pytest.approx(np.mean([0.75, 0.1, 0.1, 0.1, 0.1]) / 5, rel=1e-5)


# ---- refusals


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


# ---- client and command line


def test_the_client_reads_answers_as_they_are_shaped(client: Client, finished: str) -> None:
    job = client.job(finished)
    found = job.outcomes()
    assert found.complete
    assert {arm.name: arm.mean for arm in found.outcomes[0].arms}["care=good"] == pytest.approx(
        np.mean(np.array(FINAL["good"], dtype=float))
    )
    assert found.outcomes[0].arms[1].lives[4].value is None
    assert [each.name for each in job.contrasts().contrasts] == ["worse", "slower", "spared"]


def test_the_client_raises_the_refusal(client: Client, api: httpx.Client) -> None:
    with pytest.raises(ApiError, match="plain schedule"):
        client.job(submit(api, tiny_schedule())).outcomes()


def test_the_command_line_shows_outcomes_in_every_form(run: Any, api: httpx.Client, finished: str) -> None:
    table = run("outcomes", finished)
    assert table.exit_code == 0
    (row,) = (line for line in table.stdout.splitlines() if line.startswith("time ") and "care=poor" in line)
    assert row.split() == [
        "time",
        "care=poor",
        "290",
        "179.9",
        "400.1",
        "104.9",
        "sp",
        "6",
        "0",
        "2",
        "1",
        "320",
        "300",
    ]
    assert table.stderr == ""
    lives = run("outcomes", finished, "--lives", "-o", "csv").stdout.splitlines()
    assert lives[0] == "outcome,arm,seed,status,value,unit,censored,diverged"
    assert "time,care=poor,4,diverged,140,sp,true,true" in lives
    assert yaml.safe_load(run("outcomes", finished, "-o", "yaml").stdout) == ask(api, finished)
    assert yaml.safe_load(run("outcomes", finished, "-o", "json").stdout) == ask(api, finished)
    assert run("outcomes", finished, "-o", "id").stdout.split() == list(OUTCOMES)
    assert len(run("outcomes", finished, "-o", "jsonl").stdout.splitlines()) == 3 * len(OUTCOMES)


def test_the_command_line_shows_contrasts(run: Any, finished: str) -> None:
    table = run("contrasts", finished)
    assert table.exit_code == 0
    (row,) = (line for line in table.stdout.splitlines() if line.startswith("spared"))
    assert row.split()[:3] == ["spared", "time", "-83.33"]
    assert "worse: 1 of 6 seeds have no value on some side" in table.stderr
    assert run("contrasts", finished, "-o", "id").stdout.split() == ["worse", "slower", "spared"]


def test_the_command_line_says_that_answers_are_not_final(run: Any, api: httpx.Client) -> None:
    found = run("contrasts", submit(api))
    assert found.exit_code == 0
    assert "not final: 18 waiting" in found.stderr
