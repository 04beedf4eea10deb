"""What a study answers while its lives go on, when it was cancelled, and where arms share a life."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
from answering import about, ask, marked, submit, values
from build import tiny_schedule
from painting import STUDY, Painter

from service.api import evaluation

Document = dict[str, Any]


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
