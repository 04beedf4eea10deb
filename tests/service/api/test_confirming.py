"""Seeds that are kept for claims."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest
from answering import ask, slower, submit
from painting import STUDY, Painter

from service.store.tables.work import trajectory

Document = dict[str, Any]


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
