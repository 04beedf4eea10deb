"""Arms of several jobs held against each other, with lives drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from painting import BASE, OUTCOMES, STUDY, Painter
from scipy import stats
from typer.testing import Result

from service.client import Client
from service.store import access

Document = dict[str, Any]

GOOD, POOR, MILD = 0, 1, 2
TIMES = {
    GOOD: np.array([5, 10, 5, 10, 15, 10]) * 20.0,
    MILD: np.full(6, 5) * 20.0,
}


def submit(api: httpx.Client, document: Document) -> str:
    answer = api.post("/v1/jobs", json={"document": document})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(api: httpx.Client, *items: Document, ok: int = 200, **question: Any) -> Document:
    answer = api.post("/v1/compare", json={"items": list(items), **question})
    assert answer.status_code == ok, answer.text
    found: Document = answer.json()
    return found


@pytest.fixture
def study(finished: str) -> str:
    return finished


@pytest.fixture
def schedule(api: httpx.Client, painter: Painter, study: str) -> str:
    """A plain schedule that is the study's first arm; nothing of it is left to train."""
    job = submit(api, {**BASE, "seeds": {"start": 0, "count": 6}, "name": "alone"})
    painter.run()
    return job


def test_documents_are_held_against_the_last_item(api: httpx.Client, study: str) -> None:
    found = ask(api, {"job": study, "arm": POOR}, {"job": study, "arm": "mild"}, {"job": study, "arm": GOOD})
    assert [(item["arm"], item["name"]) for item in found["items"]] == [
        (1, "care=poor"), (2, "mild"), (0, "care=good"),
    ]  # fmt: skip
    assert (found["reference"], found["complete"], found["warnings"]) == (2, True, [])
    poor, mild = found["pairs"]
    assert (poor["item"], poor["against"], poor["equal"]) == (0, 2, False)
    assert poor["changes"] == [{"path": "/stages/late/costs/naming", "a": 1.0, "b": 0.5}]
    assert poor["first_divergence"]["age"] == 200
    assert poor["first_divergence"]["because"] == ["/stages/late/costs/naming"]
    assert poor["shared"]["samples"] == 200
    assert poor["shared"]["updates"] == 10
    assert poor["paired_seeds"] == list(range(6))
    assert len(mild["changes"]) == 2
    assert (found["curves"], found["differences"], found["outcome"]) == (None, [], None)


def test_another_item_may_be_the_reference(api: httpx.Client, study: str) -> None:
    found = ask(api, {"job": study, "arm": GOOD}, {"job": study, "arm": POOR}, against=0)
    (pair,) = found["pairs"]
    assert (pair["item"], pair["against"]) == (1, 0)
    assert pair["changes"] == [{"path": "/stages/late/costs/naming", "a": 1.0, "b": 0.5}]


def test_jobs_that_live_one_life_are_told_to_be_equal(api: httpx.Client, study: str, schedule: str) -> None:
    (pair,) = ask(api, {"job": schedule}, {"job": study, "arm": GOOD})["pairs"]
    assert (pair["equal"], pair["changes"], pair["first_divergence"]) == (True, [], None)
    assert pair["text"] == "no difference"
    assert pair["same_numerics"] is True
    assert pair["shared"]["updates"] >= 25


def test_curves_and_differences_are_paired_by_seed(api: httpx.Client, study: str) -> None:
    items = [{"job": study, "arm": MILD}, {"job": study, "arm": GOOD}]
    found = ask(api, *items, series=["probe.acc"], points="all")
    mean = {trace["arm"]: trace for trace in found["curves"]["traces"]}
    assert [mean[place]["name"] for place in (0, 1)] == ["care mild", "care care=good"]
    assert [each["item"] for each in found["curves"]["thinning"]] == [0, 1]
    (difference,) = found["differences"]
    (trace,) = difference["traces"]
    assert (difference["item"], difference["against"]) == (0, 1)
    lives = [
        api.get(f"/v1/jobs/{study}/history", params={"series": "probe.acc", "arm": arm, "points": "all"}).json()[
            "traces"
        ]
        for arm in (MILD, GOOD)
    ]
    age = 300
    values = [{life["seed"]: life["y"][life["x"].index(age)] for life in arm if age in life["x"]} for arm in lives]
    both = [values[0][seed] - values[1][seed] for seed in values[0] if seed in values[1]]
    at = trace["x"].index(age)
    assert trace["n"][at] == len(both) > 1
    assert trace["y"][at] == pytest.approx(np.mean(both))
    low, high = stats.t.interval(0.95, len(both) - 1, np.mean(both), stats.sem(both))
    assert (trace["band"]["lo"][at], trace["band"]["hi"][at]) == (pytest.approx(low), pytest.approx(high))


def test_an_outcome_is_tested_between_arms(api: httpx.Client, study: str) -> None:
    items = [{"job": study, "arm": MILD}, {"job": study, "arm": GOOD}]
    found = ask(api, *items, outcome="time", test="wilcoxon")["outcome"]
    assert (found["unit"], found["time"]) == ("sp", True)
    assert [item["mean"] for item in found["items"]] == [TIMES[MILD].mean(), pytest.approx(TIMES[GOOD].mean())]
    (pair,) = found["pairs"]
    differences = TIMES[MILD] - TIMES[GOOD]
    assert pair["estimate"]["value"] == pytest.approx(differences.mean())
    assert pair["p"] == pytest.approx(stats.wilcoxon(differences[differences != 0]).pvalue)
    assert (pair["n"], pair["method"], pair["p_corrected"]) == (6, "wilcoxon", pair["p"])
    ratio = ask(api, *items, outcome="time", measure="ratio")["outcome"]["pairs"][0]
    assert ratio["estimate"]["value"] == pytest.approx((TIMES[MILD] / TIMES[GOOD]).mean())


def test_p_values_are_corrected_over_the_items(api: httpx.Client, study: str) -> None:
    items = [{"job": study, "arm": arm} for arm in (POOR, MILD, GOOD)]
    pairs = ask(api, *items, outcome="time", test="permutation")["outcome"]["pairs"]
    first, second = sorted(pairs, key=lambda pair: pair["p"])
    assert first["p_corrected"] == pytest.approx(min(1.0, 2 * first["p"]))
    assert second["p_corrected"] == pytest.approx(max(first["p_corrected"], second["p"]))
    assert any("was shown" in warning for pair in pairs for warning in pair["warnings"])


def test_an_outcome_may_be_written_out_for_plain_schedules(api: httpx.Client, study: str, schedule: str) -> None:
    items = [{"job": study, "arm": MILD}, {"job": schedule}]
    found = ask(api, *items, outcome={"kind": "best", "probe": "acc"})["outcome"]
    assert found["definition"] == {"kind": "best", "probe": "acc"}
    assert found["pairs"][0]["estimate"]["value"] == pytest.approx(0.0)
    named = ask(api, *items, outcome="time")["outcome"]["pairs"][0]
    assert named["estimate"]["value"] == pytest.approx((TIMES[MILD] - TIMES[GOOD]).mean())


def test_a_relative_outcome_is_taken_plain_and_says_so(api: httpx.Client, study: str) -> None:
    items = [{"job": study, "arm": MILD}, {"job": study, "arm": GOOD}]
    found = ask(api, *items, outcome="harm")["outcome"]
    assert "relative_to" not in found["definition"]
    assert found["pairs"][0]["warnings"][-1].startswith("relative_to is left out")
    assert OUTCOMES["harm"]["relative_to"] == {"care": "good"}


def test_what_is_not_over_is_told_and_left_out(api: httpx.Client, painter: Painter) -> None:
    job = submit(api, STUDY)
    painter.run(1)
    found = ask(api, {"job": job, "arm": POOR}, {"job": job, "arm": GOOD}, outcome="best", series=["probe.acc"])
    assert found["complete"] is False
    assert "care care=poor is running: more is to come" in found["warnings"]
    (pair,) = found["outcome"]["pairs"]
    assert (pair["n"], pair["n_growing"], pair["estimate"]["value"]) == (0, 12, None)
    assert all(value == 0.0 for trace in found["differences"][0]["traces"] for value in trace["y"])


def test_seeds_without_a_partner_are_counted(api: httpx.Client, painter: Painter, study: str) -> None:
    other = submit(api, {**BASE, "seeds": {"start": 4, "count": 2}, "name": "late"})
    painter.run()
    found = ask(api, {"job": study, "arm": POOR}, {"job": other}, outcome="again")
    assert found["pairs"][0]["paired_seeds"] == [4, 5]
    assert "4 seeds of care care=poor and late have no partner" in found["warnings"]


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"items": [{"job": "JOB", "arm": 0}]}, 422, "at least 2"),
        ({"items": [{"job": "JOB", "arm": 0}, {"job": "JOB", "arm": 9}]}, 422, "no arm 9"),
        ({"items": [{"job": "JOB", "arm": 0}, {"job": "JOB", "arm": "wild"}]}, 422, "no arm 'wild'"),
        ({"items": [{"job": "JOB"}, {"job": "JOB", "arm": 0}]}, 422, "which arm?"),
        ({"items": [{"job": "job_none", "arm": 0}, {"job": "JOB", "arm": 0}]}, 404, "job_none"),
        ({"against": 2}, 422, "there are 2 items"),
        ({"outcome": "fame"}, 422, "declared: again"),
        ({"outcome": {"kind": "final", "probe": "acc"}}, 422, "window"),
        ({"outcome": {"kind": "best", "probe": "akk"}}, 422, "has no probe 'akk'"),
        ({"outcome": {"kind": "best", "probe": "acc", "relative_to": {"care": "good"}}}, 422, "leave it out"),
        ({"serie": ["probe.acc"]}, 422, "serie"),
        ({"series": ["probe.acc"], "x": "stage_time"}, 422, "stage"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    api: httpx.Client, study: str, change: Document, status: int, told: str
) -> None:
    body: Document = {"items": [{"job": "JOB", "arm": 0}, {"job": "JOB", "arm": 1}], **change}
    body["items"] = [{**item, "job": study if item["job"] == "JOB" else item["job"]} for item in body["items"]]
    answer = api.post("/v1/compare", json=body)
    assert answer.status_code == status, answer.text
    assert told in answer.text


def test_another_project_is_not_there(app: FastAPI, api: httpx.Client, study: str) -> None:
    with app.state.database.write() as db:
        new = access.NewKey("other", ["read"], "other")
        _, secret = access.create_key(db, app.state.database.now(db), new)
    headers = {"Authorization": f"Bearer {secret}"}
    items = [{"job": study, "arm": 0}, {"job": study, "arm": 1}]
    assert api.post("/v1/compare", json={"items": items}, headers=headers).status_code == 404


# ---- client and command line


def test_the_client_compares_arms(client: Client, study: str, schedule: str) -> None:
    found = client.compare([client.job(study).arm("mild"), client.job(schedule)], outcome="time", series=["probe.*"])
    assert found.outcome is not None
    assert found.outcome.pairs[0].estimate.value == pytest.approx((TIMES[MILD] - TIMES[GOOD]).mean())
    assert found.items[1].job_name == "alone"
    assert found.differences[0]["item"] == 0


def test_the_command_line_compares_arms(run: Callable[..., Result], study: str) -> None:
    table = run("compare", f"{study}:mild", f"{study}:0", "--outcome", "time", "--series", "probe.acc")
    assert table.exit_code == 0, table.output
    lines = table.stdout.splitlines()
    assert lines[0] == "care:mild against care:care=good"
    assert lines[1] == "they part at age 200 sp (late / late)"
    assert any(line.startswith("shared: 10 updates") for line in lines)
    assert any("-83.33" in line for line in lines)
    csv = run("compare", f"{study}:mild", f"{study}:0", "--outcome", "time", "-o", "csv").stdout
    assert csv.startswith("item,against,estimate,lo,hi,p")
    assert run("compare", f"{study}:mild", f"{study}:0", "-o", "json").stdout.startswith("{")


def test_a_document_that_is_no_study_needs_no_arm(
    run: Callable[..., Result], api: httpx.Client, painter: Painter
) -> None:
    jobs = [
        submit(api, tiny_schedule(name=name, seeds={"start": start, "count": 1}))
        for name, start in (("a", 0), ("b", 1))
    ]
    found = run("compare", *jobs)
    assert found.exit_code == 0, found.output
    assert "no difference" in found.stdout
    assert "2 seeds of a and b have no partner" in found.stderr
