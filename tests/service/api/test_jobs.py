from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock

from models.specs.document import read

ROOT = Path(__file__).parents[3]
QUICKSTART = ROOT / "examples/quickstart.yaml"
YAML = {"Content-Type": "application/yaml"}

Document = dict[str, Any]


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    """Somebody who trains what was submitted, in simulation."""
    return Bench(app.state.database, Clock())


def submit(api: httpx.Client, document: Document | None = None, **about: Any) -> Document:
    answer = api.post("/v1/jobs", json={"document": document or tiny_schedule(), **about})
    assert answer.status_code == 201, answer.text
    job: Document = answer.json()
    return job


def get(api: httpx.Client, path: str, **query: Any) -> Document:
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


# ---- submitting


def test_the_quickstart_is_submitted_as_yaml(api: httpx.Client) -> None:
    answer = api.post("/v1/jobs?name=first&label=set:pilot&label=by:me", content=QUICKSTART.read_bytes(), headers=YAML)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["etag"] == f'"{job["version"]}"'
    assert (job["status"], job["kind"], job["name"], job["labels"]) == (
        "queued",
        "schedule",
        "first",
        {"set": "pilot", "by": "me"},
    )
    assert (job["arms"], job["seeds"], job["lives"]["total"], job["lives"]["waiting"]) == (1, 4, 4, 4)
    assert re.fullmatch(r"job_[0-9A-Z]{26}", job["id"])
    assert job["progress"] == {
        "updates_done": 0,
        "updates_total": 3000,
        "total_is": "bound",
        "updates_reused": 0,
        "fraction": 0.0,
        "updates_per_s": None,
        "eta_s": None,
        "committed_at": None,
    }
    assert job["allowed"] == ["cancel", "pause", "fork", "extend"]


def test_json_and_yaml_of_one_document_have_one_hash(api: httpx.Client) -> None:
    as_yaml = api.post("/v1/jobs", content=QUICKSTART.read_bytes(), headers=YAML).json()
    as_json = submit(api, read(QUICKSTART.read_bytes()).data)
    assert as_yaml["document_hash"] == as_json["document_hash"]
    assert as_yaml["id"] != as_json["id"]


def test_a_study_is_submitted_with_its_base(api: httpx.Client) -> None:
    study = read((ROOT / "examples/cataract-study.yaml").read_bytes()).data
    base = read((ROOT / "examples/cataract-blur.yaml").read_bytes()).data
    study["seeds"]["count"], study["confirm"]["count"] = 3, 2
    job = submit(api, study, base=base)
    assert (job["kind"], job["arms"], job["seeds"], job["lives"]["total"]) == ("study", 35, 5, 175)
    plan = get(api, f"/v1/jobs/{job['id']}/plan")
    assert len(plan["arms"]) == 35
    assert plan["totals"]["samples"]["shared"] < plan["totals"]["samples"]["flat"]
    document = get(api, f"/v1/jobs/{job['id']}/document")
    assert document["base"]["name"] == "cataract-blur"


def test_a_study_without_its_base_is_refused_with_a_way_out(api: httpx.Client) -> None:
    study = (ROOT / "examples/cataract-study.yaml").read_bytes()
    problem = api.post("/v1/jobs", content=study, headers=YAML)
    assert (problem.status_code, problem.json()["code"]) == (422, "invalid-study")
    fault = problem.json()["errors"][0]
    assert (fault["pointer"], fault["line"]) == ("/base", study.splitlines().index(b"base: cataract-blur") + 1)
    assert "send it along" in fault["suggestion"]["text"]


def test_a_dry_run_plans_and_stores_nothing(api: httpx.Client) -> None:
    answer = api.post("/v1/jobs?dry_run=true", json={"document": tiny_schedule()})
    assert answer.status_code == 200
    assert answer.json()["plan"]["totals"]["lives"] == 2
    assert get(api, "/v1/jobs")["items"] == []


def test_what_is_trained_already_succeeds_in_the_answer(api: httpx.Client, bench: Bench) -> None:
    first = submit(api)
    bench.run()
    assert get(api, f"/v1/jobs/{first['id']}")["status"] == "succeeded"
    again = submit(api)
    assert (again["status"], again["progress"]["fraction"]) == ("succeeded", 1.0)
    assert again["progress"]["updates_reused"] == again["progress"]["updates_total"]
    assert again["lives"]["complete"] == 2


def test_warnings_are_told_with_the_job(api: httpx.Client) -> None:
    unused = {"kind": "mse", "at": "head", "target": "label"}
    document = tiny_schedule()
    document["costs"]["spare"] = unused
    assert [each["code"] for each in submit(api, document)["warnings"]] == ["W09", "W15"]


# ---- idempotency


def test_a_repeat_under_one_key_answers_with_the_same_job(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=headers)
    again = api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(get(api, "/v1/jobs")["items"]) == 1


def test_a_repeat_shows_the_job_as_it_now_stands(api: httpx.Client, bench: Bench) -> None:
    headers = {"Idempotency-Key": "k1"}
    body = {"document": tiny_schedule()}
    assert api.post("/v1/jobs", json=body, headers=headers).json()["status"] == "queued"
    bench.run()
    assert api.post("/v1/jobs", json=body, headers=headers).json()["status"] == "succeeded"


def test_another_body_under_the_same_key_is_refused(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k1"}
    api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=headers)
    answer = api.post("/v1/jobs", json={"document": tiny_schedule(name="other")}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert len(get(api, "/v1/jobs")["items"]) == 1


def test_a_refused_document_leaves_its_key_free(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert api.post("/v1/jobs", json={"document": tiny_schedule(stages=[])}, headers=headers).status_code == 422
    assert api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=headers).status_code == 201


def test_verbs_are_remembered_too(api: httpx.Client) -> None:
    job = submit(api)["id"]
    headers = {"Idempotency-Key": "k2"}
    first = api.post(f"/v1/jobs/{job}/pause", headers=headers)
    api.post(f"/v1/jobs/{job}/resume")
    again = api.post(f"/v1/jobs/{job}/pause", headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["status"] == "queued"


# ---- showing


def test_a_tag_that_still_holds_is_answered_with_304(api: httpx.Client, bench: Bench) -> None:
    path = f"/v1/jobs/{submit(api)['id']}"
    tag = api.get(path).headers["etag"]
    same = api.get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    bench.slice()
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_job_of_nobody_is_not_found(api: httpx.Client) -> None:
    for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/retry")]:
        answer = api.request(method, f"/v1/jobs/job_00000000000000000000000000{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), (method, path)
    for part in ("document", "plan", "arms", "lives", "transitions", "events", "events/stream", "series", "snapshots"):
        assert api.get(f"/v1/jobs/job_x/{part}").status_code == 404, part
    assert api.get("/v1/jobs/job_x/history?series=*").status_code == 404


def test_progress_lives_and_what_is_trained_now_are_told_while_it_runs(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)["id"]
    bench.commit(bench.must_claim(), updates=5)
    lease = bench.must_claim("w7")
    view = get(api, f"/v1/jobs/{job}")
    assert view["status"] == "running"
    assert view["progress"]["updates_done"] == 5
    assert view["lives"]["developing"] == 2
    assert [(each["owner"], each["stage"], each["age_sp"], each["arms"]) for each in view["now"]] == [
        ("w7", "early", 100, 1)
    ]
    bench.commit(lease)
    bench.run()
    done = get(api, f"/v1/jobs/{job}")
    assert (done["status"], done["progress"]["fraction"], done["lives"]["complete"], done["now"]) == (
        "succeeded",
        1.0,
        2,
        [],
    )
    assert done["finished_at"] > done["started_at"] >= done["created_at"]


def test_prefer_wait_answers_when_the_version_changes_or_the_time_is_over(api: httpx.Client) -> None:
    path = f"/v1/jobs/{submit(api)['id']}"
    tag = api.get(path).headers["etag"]
    same = api.get(path, headers={"Prefer": "wait=1", "If-None-Match": tag})
    assert (same.status_code, same.headers["preference-applied"]) == (304, "wait=1")
    other = api.get(path, headers={"Prefer": "wait=30", "If-None-Match": '"0"'})
    assert other.status_code == 200


# ---- listing


def test_pages_follow_each_other_without_gap_or_repeat(api: httpx.Client) -> None:
    made = [submit(api, name=f"job-{number}")["id"] for number in range(5)]
    seen: list[str] = []
    path: str | None = "/v1/jobs?limit=2"
    while path:
        answer = api.get(path)
        seen += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")] if link else None
    assert seen == sorted(made, reverse=True)


def test_a_new_job_does_not_move_what_follows(api: httpx.Client) -> None:
    first, second = submit(api)["id"], submit(api)["id"]
    page = get(api, "/v1/jobs", limit=1)
    submit(api)
    assert page["items"][0]["id"] == second
    assert get(api, "/v1/jobs", limit=1, cursor=page["next"])["items"][0]["id"] == first


def test_a_cursor_of_another_filter_is_refused(api: httpx.Client) -> None:
    for _ in range(2):
        submit(api)
    cursor = get(api, "/v1/jobs", limit=1)["next"]
    for query in ({"cursor": cursor, "status": "queued"}, {"cursor": "nonsense"}, {"cursor": "AAAA"}):
        answer = api.get("/v1/jobs", params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-mismatch")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status": "queued,paused"}, ["b", "a"]),
        ({"status": "cancelled"}, ["c"]),
        ({"label": "set:x"}, ["c", "a"]),
        ({"label": ["set:x", "more:y"]}, ["c"]),
        ({"kind": "study"}, []),
        ({"q": "B"}, ["b"]),
        ({"q": "%"}, []),
        ({"created_before": "2020-01-01T00:00:00Z"}, []),
        ({"created_after": "2020-01-01T00:00:00Z"}, ["c", "b", "a"]),
        ({"sort": "created_at"}, ["a", "b", "c"]),
    ],
)
def test_lists_are_filtered(api: httpx.Client, query: Document, names: list[str]) -> None:
    submit(api, name="a", labels={"set": "x"})
    submit(api, name="b", labels={"set": "z"})
    job = submit(api, name="c", labels={"set": "x", "more": "y"})["id"]
    assert api.post(f"/v1/jobs/{job}/cancel").status_code == 202
    assert [item["name"] for item in get(api, "/v1/jobs", **query)["items"]] == names


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": -1}, {"limit": "x"}, {"status": "odd"}, {"kind": "x"}, {"created_after": "soon"}]
)
def test_a_parameter_out_of_bounds_is_named(api: httpx.Client, query: Document) -> None:
    answer = api.get("/v1/jobs", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{next(iter(query))}"


def test_a_limit_above_the_largest_is_lowered(api: httpx.Client) -> None:
    assert api.get("/v1/jobs", params={"limit": 100_000}).status_code == 200


# ---- changing


def test_a_merge_patch_changes_what_it_names(api: httpx.Client) -> None:
    job = submit(api, name="old", labels={"a": "1", "b": "2"})
    answer = api.patch(f"/v1/jobs/{job['id']}", json={"name": "new", "labels": {"a": None, "c": "3"}, "priority": 5})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["name"], changed["labels"], changed["priority"]) == ("new", {"b": "2", "c": "3"}, 5)
    assert changed["version"] > job["version"]


def test_a_patch_of_a_stale_version_is_refused(api: httpx.Client) -> None:
    path = f"/v1/jobs/{submit(api)['id']}"
    tag = api.get(path).headers["etag"]
    assert api.patch(path, json={"name": "x"}, headers={"If-Match": tag}).status_code == 200
    answer = api.patch(path, json={"name": "y"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("patch", [{"document": {}}, {"status": "succeeded"}, {"name": None}, {"name": 5}])
def test_a_patch_of_anything_else_is_refused(api: httpx.Client, patch: Document) -> None:
    answer = api.patch(f"/v1/jobs/{submit(api)['id']}", json=patch)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(patch))}"


# ---- verbs


def test_verbs_move_a_job_and_are_idempotent(api: httpx.Client) -> None:
    job = submit(api)["id"]

    def ask(verb: str, **body: Any) -> tuple[int, str]:
        answer = api.post(f"/v1/jobs/{job}/{verb}", json=body) if body else api.post(f"/v1/jobs/{job}/{verb}")
        return answer.status_code, answer.json()["status"]

    assert ask("pause", reason="lunch") == (202, "paused")
    assert ask("pause") == (200, "paused")
    assert ask("resume") == (202, "queued")
    assert ask("resume") == (200, "queued")
    assert ask("cancel") == (202, "cancelled")
    assert ask("cancel") == (200, "cancelled")


def test_a_verb_that_cannot_be_says_which_can(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)["id"]
    answer = api.post(f"/v1/jobs/{job}/retry")
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (
        409,
        "invalid-transition",
        ["cancel", "pause", "fork", "extend"],
    )
    bench.run()
    answer = api.post(f"/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["fork", "extend", "delete"])


def test_a_cancelled_job_is_retried_from_where_it_stood(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, name="again", labels={"a": "b"})["id"]
    bench.slice(updates=7)
    api.post(f"/v1/jobs/{job}/cancel")
    answer = api.post(f"/v1/jobs/{job}/retry")
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["parent"], new["relation"], new["name"], new["labels"]) == (job, "retry", "again", {"a": "b"})
    assert new["progress"]["updates_done"] == 7
    bench.run()
    assert get(api, f"/v1/jobs/{new['id']}")["status"] == "succeeded"


def test_only_a_job_that_has_ended_is_deleted(api: httpx.Client, bench: Bench) -> None:
    path = f"/v1/jobs/{submit(api)['id']}"
    assert api.delete(path).status_code == 409
    bench.run()
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


# ---- parts


def test_forms_of_the_document(api: httpx.Client) -> None:
    path = f"/v1/jobs/{submit(api)['id']}/document"
    assert get(api, path) == tiny_schedule()
    canonical = get(api, path, form="canonical")
    assert canonical["stages"][1]["until"] == {"after": "200sp"}
    assert get(api, path, form="resolved", arm=0) == canonical
    assert api.get(path, params={"form": "resolved", "arm": 1}).status_code == 404
    text = api.get(path, headers={"Accept": "application/yaml"})
    assert text.headers["content-type"].startswith("application/yaml")
    assert "name: tiny" in text.text
    assert api.get(path, headers={"If-None-Match": api.get(path).headers["etag"]}).status_code == 304


def test_arms_lives_and_transitions_of_a_triggered_stage(api: httpx.Client, bench: Bench) -> None:
    document = tiny_schedule(seeds={"start": 3, "count": 3})
    document["stages"][0] |= {
        "until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}},
        "limit": "30ba",
    }
    bench.simulation.fates.fire.update({(0, 3): 5, (0, 4): 10, (0, 5): 20})  # type: ignore[attr-defined]
    job = submit(api, document)["id"]
    bench.slice(updates=7)
    assert [
        (life["seed"], life["status"], life["stage"], life["age_sp"])
        for life in get(api, f"/v1/jobs/{job}/lives")["items"]
    ] == [
        (3, "developing", "early", 100),
        (4, "developing", "early", 140),
        (5, "developing", "early", 140),
    ]
    bench.run()
    lives = get(api, f"/v1/jobs/{job}/lives")["items"]
    assert [(life["seed"], life["status"], life["stage"], life["age_sp"]) for life in lives] == [
        (3, "complete", "late", 300),
        (4, "complete", "late", 400),
        (5, "complete", "late", 600),
    ]
    ended = get(api, f"/v1/jobs/{job}/transitions")["items"]
    assert [(row["seed"], row["stage"], row["age_sp"], row["fired"], row["status"]) for row in ended] == [
        (3, "early", 100, "/until/criterion", "advanced"),
        (3, "late", 300, "/until", "advanced"),
        (4, "early", 200, "/until/criterion", "advanced"),
        (4, "late", 400, "/until", "advanced"),
        (5, "early", 400, "/until/criterion", "advanced"),
        (5, "late", 600, "/until", "advanced"),
    ]
    (arm,) = get(api, f"/v1/jobs/{job}/arms")["items"]
    assert [(step["stage"], step["state"], step["provisional"]) for step in arm["steps"]] == [
        ("early", "met", False),
        ("late", "met", False),
    ]
    page = get(api, f"/v1/jobs/{job}/lives", limit=2)
    rest = get(api, f"/v1/jobs/{job}/lives", limit=2, cursor=page["next"])
    assert [life["seed"] for life in page["items"] + rest["items"]] == [3, 4, 5]
    assert get(api, f"/v1/jobs/{job}/lives", seed=4)["items"] == [lives[1]]


def test_a_life_that_diverged_is_told_as_a_result(api: httpx.Client, bench: Bench) -> None:
    bench.simulation.fates.diverge.update({(0, 1): 4})  # type: ignore[attr-defined]
    job = submit(api)["id"]
    bench.run()
    view = get(api, f"/v1/jobs/{job}")
    assert (view["status"], view["lives"]["complete"], view["lives"]["diverged"]) == ("succeeded", 1, 1)
    (life,) = get(api, f"/v1/jobs/{job}/lives", status="diverged")["items"]
    assert (life["seed"], life["age_sp"], life["stage"]) == (1, 80, "early")


def test_series_and_history_are_read_along_the_arms(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)["id"]
    bench.run()
    series = get(api, f"/v1/jobs/{job}/series")["items"]
    by_name = {row["name"]: row for row in series}
    assert set(by_name) == {"cost.naming", "probe.acc", "machine.speed"}
    cost = by_name["cost.naming"]
    assert (cost["first_age_sp"], cost["last_age_sp"], cost["cadence_updates"]) == (20, 400, 1)
    assert by_name["probe.acc"]["unit"] == "fraction"
    path, query = f"/v1/jobs/{job}/history", {"series": "probe.*", "points": "all"}
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    traces = answer.json()["traces"]
    assert [(trace["series"], trace["seed"], sorted(set(trace["x"]))) for trace in traces] == [
        ("probe.acc", seed, [0, 100, 200, 300, 400]) for seed in (0, 1)
    ]
    assert answer.json()["complete"] is True
    tag = answer.headers["etag"]
    again = api.get(
        f"/v1/jobs/{job}/history", params={"series": "probe.*", "points": "all"}, headers={"If-None-Match": tag}
    )
    assert again.status_code == 304
    inside = get(api, path, series="cost.naming", **{"from": "11ba", "to": "1.5ep"})
    assert [(trace["x"][0], trace["x"][-1]) for trace in inside["traces"]] == [(220, 300), (220, 300)]


def test_snapshots_are_listed_with_why_they_are_kept(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)["id"]
    bench.run(updates=6)
    rows = get(api, f"/v1/jobs/{job}/snapshots")["items"]
    (end,) = [row for row in rows if row["age_sp"] == 400]
    assert (end["offset"], end["stage"], end["arms"]) == (10, "late", [0])
    assert end["kept_because"] == ["asked for by an arm", "one of the last two"]
