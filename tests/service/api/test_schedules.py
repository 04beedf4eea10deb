from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock

from models.specs.document import read

EXAMPLES = Path(__file__).parents[3] / "examples"
YAML = {"Content-Type": "application/yaml"}


def post(api: httpx.Client, path: str, body: Any, **query: Any) -> Any:
    answer = api.post(f"/v1/schedules/{path}", json=body, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_sound_document_is_summed_up(api: httpx.Client) -> None:
    answer = post(api, "check", tiny_schedule())
    assert (answer["ok"], answer["kind"], answer["errors"]) == (True, "schedule", [])
    assert answer["id"].startswith("sha256:")
    assert answer["summary"] == {
        "areas": 2,
        "parameters": 64 * 16 + 16 + 16 * 10 + 10,
        "stages": 2,
        "arms": 1,
        "lives": 2,
        "updates_max": 20,
    }
    assert "canonical" not in answer
    assert post(api, "check", tiny_schedule(), canonical=1)["canonical"]["stages"][0]["until"] == {"after": "200sp"}


def test_mistakes_in_yaml_are_told_with_line_and_column(api: httpx.Client) -> None:
    text = (EXAMPLES / "quickstart.yaml").read_text().replace("until: {after: 10ep}", "untill: {after: 10ep}", 1)
    line = 1 + text[: text.index("untill")].count("\n")
    answer = api.post("/v1/schedules/check", content=text, headers=YAML)
    assert answer.status_code == 200
    found = [fault for fault in answer.json()["errors"] if fault["pointer"].endswith("/untill")]
    assert [(fault["code"], fault["line"], fault["column"]) for fault in found] == [("E18", line, 5)]
    assert "until" in found[0]["suggestion"]["text"]


def test_a_mistake_in_a_base_is_told_at_its_line_of_the_body(api: httpx.Client) -> None:
    study, base = ((EXAMPLES / f"{name}.yaml").read_text() for name in ("song-study", "song"))
    base = base.replace("kind: linear", "kind: linnear", 1)
    body = f"document:\n{indent(study, '  ')}base:\n{indent(base, '  ')}"
    (fault,) = api.post("/v1/schedules/check", content=body, headers=YAML).json()["errors"]
    assert fault["pointer"].startswith("/base/")
    assert fault["line"] == 1 + body[: body.index("linnear")].count("\n")


def test_what_is_no_document_is_malformed(api: httpx.Client) -> None:
    answer = api.post("/v1/schedules/check", content="a: [", headers=YAML)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("path", ["plan", "envelopes"])
def test_questions_about_a_wrong_document_are_refused_with_its_mistakes(api: httpx.Client, path: str) -> None:
    answer = api.post(f"/v1/schedules/{path}", json=tiny_schedule(stages=[]))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-schedule")
    assert answer.json()["errors"]


def test_the_plan_tells_what_is_trained_already(api: httpx.Client, app: FastAPI) -> None:
    before = post(api, "plan", tiny_schedule())
    assert [row["state"] for row in before["trajectories"]] == ["new", "new"]
    assert before["totals"]["samples"] == {"flat": 800, "shared": 800, "done": 0, "to_train": 800}
    api.post("/v1/jobs", json={"document": tiny_schedule()})
    Bench(app.state.database, Clock()).run()
    after = post(api, "plan", tiny_schedule())
    assert [row["state"] for row in after["trajectories"]] == ["done", "done"]
    assert after["totals"]["samples"]["to_train"] == 0


def test_arms_of_a_study_share_their_clean_beginning(api: httpx.Client) -> None:
    study, base = (read((EXAMPLES / f"{name}.yaml").read_bytes()).data for name in ("cataract-study", "cataract-blur"))
    plan = post(api, "plan", {"document": study, "base": base})
    assert plan["kind"] == "study"
    assert plan["totals"]["saving"] > 0.3
    assert any("same_as" in arm for arm in plan["arms"])
    steps = plan["arms"][0]["steps"]
    assert steps[0]["from_age"] == [0, 0]


def test_envelopes_are_drawn_as_far_as_the_document_decides(api: httpx.Client) -> None:
    text = (EXAMPLES / "quickstart.yaml").read_bytes()
    answer = api.post("/v1/schedules/envelopes?points=11", content=text, headers=YAML).json()
    assert answer["exact_until"] == 24000
    at = {age: index for index, age in enumerate(answer["age"])}
    assert answer["costs"]["naming"][at[12000]] == 0.0
    assert answer["costs"]["naming"][at[18000]] == pytest.approx(0.5)
    assert answer["costs"]["naming"][at[60000]] is None
    assert answer["plasticity"]["head"][at[0]] == 0.0
    assert answer["world"][at[0]] == "crib"
    assert {len(series) for series in answer["costs"].values()} == {len(answer["age"])}
    assert api.post("/v1/schedules/envelopes?points=1", content=text, headers=YAML).status_code == 400
    assert api.post("/v1/schedules/envelopes?arm=3", content=text, headers=YAML).status_code == 422


def test_the_diff_of_two_documents_names_the_change_and_the_age(api: httpx.Client) -> None:
    other = tiny_schedule()
    other["stages"][1]["costs"]["naming"] = 0.25
    answer = post(api, "diff", {"a": tiny_schedule(), "b": other})
    assert answer["equal"] is False
    assert answer["changes"] == [{"path": "/stages/late/costs/naming", "a": 0.5, "b": 0.25}]
    assert (answer["first_divergence"]["age"], answer["first_divergence"]["stage_b"]) == (200, "late")
    assert answer["shared_samples"] == 200
    same = post(api, "diff", {"a": tiny_schedule(), "b": tiny_schedule(notes="other words")})
    assert (same["equal"], same["first_divergence"], same["text"]) == (True, None, "no difference")


def test_a_job_is_compared_with_a_document(api: httpx.Client) -> None:
    job = api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"]
    assert post(api, "diff", {"a": {"job": job, "arm": 0}, "b": {"document": tiny_schedule()}})["equal"] is True
    answer = api.post("/v1/schedules/diff", json={"a": {"job": "job_x"}, "b": tiny_schedule()})
    assert answer.status_code == 404


@pytest.mark.parametrize("arm", ["first", -1, 1.5, True, None])
def test_an_arm_that_is_no_index_is_refused(api: httpx.Client, arm: Any) -> None:
    sides = {"a": {"document": tiny_schedule(), "arm": arm}, "b": {"document": tiny_schedule()}}
    answer = api.post("/v1/schedules/diff", json=sides)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/a/arm")


@pytest.mark.parametrize("body", [{}, {"a": {}}, {"a": 1, "b": 2}, {"a": {}, "b": {}, "c": {}}])
def test_a_comparison_of_anything_else_is_refused(api: httpx.Client, body: Any) -> None:
    answer = api.post("/v1/schedules/diff", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-query")


def test_more_seeds_find_the_lives_that_are_trained_already(api: httpx.Client, app: FastAPI) -> None:
    api.post("/v1/jobs", json={"document": tiny_schedule()})
    Bench(app.state.database, Clock()).run()
    plan = post(api, "plan", tiny_schedule(seeds={"start": 0, "count": 5}))
    assert [(row["seeds"], row["state"]) for row in plan["trajectories"]] == [
        ([0, 1], "done"),
        ([0, 1], "done"),
        ([2, 3, 4], "new"),
        ([2, 3, 4], "new"),
    ]
    assert plan["totals"]["samples"] == {"flat": 2000, "shared": 2000, "done": 800, "to_train": 1200}
