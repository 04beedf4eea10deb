"""Verbs over HTTP in every state of a job, two at once, and on many jobs; new jobs from old ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock

from service.cli.editing import patches
from service.client import Client
from service.client.job import Job
from service.lifecycle import ALLOWED
from service.store import trajectories, upkeep

Document = dict[str, Any]
STATES = tuple(ALLOWED)
VERBS = ("cancel", "pause", "resume", "retry", "fork", "extend", "delete")
BODIES: dict[str, Document] = {
    "fork": {"age_sp": 200, "patch": [{"op": "replace", "path": "/stages/late/costs/naming", "value": 0.25}]},
    "extend": {"stage": "late", "until": {"after": "3ep"}},
}
ALREADY = {
    ("cancelling", "cancel"), ("cancelled", "cancel"), ("pausing", "pause"), ("paused", "pause"),
    ("queued", "resume"), ("running", "resume"),
}  # fmt: skip


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    """Somebody who trains what was submitted, in simulation, by the database's own clock."""
    app.state.database._clock = Clock()
    return Bench(app.state.database, app.state.database._clock)


def submit(api: httpx.Client, start: int = 0, **about: Any) -> str:
    document = tiny_schedule(seeds={"start": start, "count": 2})
    answer = api.post("/v1/jobs", json={"document": document, **about})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def bring(api: httpx.Client, bench: Bench, state: str) -> str:
    """A job in a state."""
    job = submit(api)
    match state:
        case "running" | "pausing" | "cancelling" | "failed":
            lease = bench.must_claim()
            if state == "failed":
                trajectories.fail(bench.database, lease, {"message": "no"}, again=False)
        case "succeeded":
            bench.run()
    verb = {"pausing": "pause", "paused": "pause", "cancelling": "cancel", "cancelled": "cancel"}.get(state)
    if verb:
        assert api.post(f"/v1/jobs/{job}/{verb}").status_code == 202
    assert bench.status(job) == state
    return job


def ask(api: httpx.Client, job: str, verb: str, **more: Any) -> httpx.Response:
    if verb == "delete":
        return api.delete(f"/v1/jobs/{job}")
    return api.post(f"/v1/jobs/{job}/{verb}", json=BODIES.get(verb, {}) | more)


# ---- every verb at every state


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_a_verb_is_obeyed_or_refused_with_those_that_would_be(
    api: httpx.Client, bench: Bench, state: str, verb: str
) -> None:
    job = bring(api, bench, state)
    answer = ask(api, job, verb)
    if (state, verb) in ALREADY:
        assert (answer.status_code, answer.json()["status"]) == (200, state)
    elif verb in ALLOWED[state]:
        assert answer.status_code == {"delete": 204, "retry": 201, "fork": 201, "extend": 201}.get(verb, 202)
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid-transition")
        assert answer.json()["allowed"] == list(ALLOWED[state])
        assert bench.status(job) == state
    bench.check()


@pytest.mark.parametrize("verb", ["retry", "fork", "extend"])
def test_a_new_job_names_its_parent_and_inherits_how_it_is_listed(api: httpx.Client, bench: Bench, verb: str) -> None:
    job = submit(api, name="pilot", labels={"set": "one"}, priority=3)
    bench.must_claim()
    api.post(f"/v1/jobs/{job}/cancel", json={"now": True})
    answer = ask(api, job, verb, notes="again")
    new = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{new['id']}"
    assert (new["parent"], new["relation"], new["name"], new["labels"]) == (job, verb, "pilot", {"set": "one"})
    assert (new["notes"], new["priority"]) == ("again", 3)
    assert new["parent_age_sp"] == (200 if verb == "fork" else None)
    (listed,) = api.get("/v1/jobs", params={"parent": job}).json()["items"]
    assert listed["id"] == new["id"]


@pytest.mark.parametrize("verb", ["retry", "fork", "extend", "cancel"])
def test_a_verb_that_is_repeated_under_one_key_is_done_once(api: httpx.Client, bench: Bench, verb: str) -> None:
    job = bring(api, bench, "queued" if verb == "cancel" else "failed")
    answers = [
        api.post(f"/v1/jobs/{job}/{verb}", json=BODIES.get(verb, {}), headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].headers["idempotency-replayed"] == "true"


# ---- cancel now


def test_a_cancel_now_does_not_wait_for_the_slice_and_its_worker_writes_nothing(
    api: httpx.Client, bench: Bench
) -> None:
    job = submit(api)
    bench.slice(updates=3)
    lease = bench.must_claim()
    assert api.post(f"/v1/jobs/{job}/cancel").json()["status"] == "cancelling"
    answer = api.post(f"/v1/jobs/{job}/cancel", json={"now": True, "reason": "enough"})
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (202, "cancelled", "enough")
    for write in (bench.commit, lambda lease: trajectories.renew(bench.database, lease, 60.0, 1)):
        with pytest.raises(trajectories.LeaseLost):
            write(lease)
    with pytest.raises(trajectories.LeaseLost):
        trajectories.heed(bench.database, lease)
    assert bench.trajectory(lease.id)["reached"] == 3
    assert bench.trajectory(lease.id)["crashes"] == 0
    assert ask(api, job, "retry").status_code == 201
    assert bench.must_claim().reached == 3


def test_a_cancel_now_leaves_a_slice_that_another_job_wants(api: httpx.Client, bench: Bench) -> None:
    first, second = submit(api), submit(api)
    lease = bench.must_claim()
    assert api.post(f"/v1/jobs/{first}/cancel", json={"now": True}).json()["status"] == "cancelled"
    bench.commit(lease)
    bench.run()
    assert bench.status(second) == "succeeded"


# ---- two at once


def both(*acts: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Several requests that begin together."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], httpx.Response]) -> httpx.Response:
        gate.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(60) for done in [pool.submit(run, act) for act in acts]]


PAIRS = [
    ("running", "cancel", "pause"), ("running", "pause", "resume"), ("queued", "cancel", "cancel"),
    ("cancelled", "delete", "delete"), ("cancelled", "delete", "retry"), ("cancelled", "retry", "retry"),
    ("succeeded", "delete", "fork"), ("succeeded", "delete", "extend"), ("paused", "resume", "cancel"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "one", "other"), PAIRS)
def test_two_verbs_at_once_are_as_if_one_had_come_first(
    api: httpx.Client, bench: Bench, state: str, one: str, other: str
) -> None:
    job = bring(api, bench, state)
    answers = both(lambda: ask(api, job, one), lambda: ask(api, job, other))
    assert {answer.status_code for answer in answers} <= {200, 201, 202, 204, 404, 409}, [a.text for a in answers]
    assert any(answer.status_code < 300 for answer in answers)
    bench.check()
    bench.clock.pass_by(100)
    upkeep.expire_leases(bench.database)
    bench.run()
    for listed in api.get("/v1/jobs").json()["items"]:
        if listed["status"] == "succeeded":
            bench.check_lives(listed["id"])
        else:
            assert listed["status"] in ("cancelled", "paused", "failed")


def test_a_verb_and_the_commit_that_ends_the_job_do_not_undo_each_other(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)
    lease = bench.must_claim()
    result = bench.simulation.train(lease)
    gate = threading.Barrier(2)

    def commit() -> list[str]:
        gate.wait(10)
        return trajectories.commit_slice(bench.database, lease, result)

    def cancel() -> httpx.Response:
        gate.wait(10)
        return ask(api, job, "cancel")

    with ThreadPoolExecutor(2) as pool:
        done, asked = pool.submit(commit), pool.submit(cancel)
        done.result(60)
        assert asked.result(60).status_code in (200, 202, 409)
    bench.run()
    assert bench.status(job) in ("succeeded", "cancelled")
    bench.check()


# ---- many at once


def bulk(api: httpx.Client, **body: Any) -> Document:
    answer = api.post("/v1/jobs/bulk", json=body)
    assert answer.status_code == 207, answer.text
    found: Document = answer.json()
    return found


def test_many_jobs_are_acted_on_by_id_and_each_has_its_own_answer(api: httpx.Client, bench: Bench) -> None:
    done = bring(api, bench, "succeeded")
    waiting, held = submit(api, start=10), submit(api, start=20)
    api.post(f"/v1/jobs/{held}/pause")
    answer = bulk(api, action="delete", ids=[done, held, "job_nobody", done])
    assert [(item["id"], item["status"]) for item in answer["items"]] == [(done, 204), (held, 409), ("job_nobody", 404)]
    assert answer["items"][1]["problem"]["allowed"] == list(ALLOWED["paused"])
    assert answer["counts"] == {"204": 1, "409": 1, "404": 1}
    assert {job["id"] for job in api.get("/v1/jobs").json()["items"]} == {waiting, held}
    assert [item["status"] for item in bulk(api, action="pause", ids=[waiting, held])["items"]] in (
        [202, 200],
        [409, 200],
    )


def test_many_jobs_are_chosen_by_a_filter_after_a_dry_run(api: httpx.Client, bench: Bench) -> None:
    chosen = [submit(api, labels={"set": "old"}, start=10 * k) for k in range(3)]
    kept = submit(api, start=90, labels={"set": "new"})
    asked = {"action": "cancel", "filter": {"label": ["set:old"], "status": ["queued"]}}
    dry = bulk(api, **asked, dry_run=True)
    assert (dry["dry_run"], dry["counts"], dry["more"]) == (True, {"202": 3}, False)
    assert [bench.status(job) for job in chosen] == ["queued"] * 3
    assert [item["id"] for item in bulk(api, **asked)["items"]] == chosen
    assert [bench.status(job) for job in [*chosen, kept]] == ["cancelled"] * 3 + ["queued"]
    dry = bulk(api, action="delete", filter={"label": ["set:old"]}, dry_run=True)
    assert dry["counts"] == {"204": 3}
    bulk(api, action="delete", filter={"label": ["set:old"]})
    assert [job["id"] for job in api.get("/v1/jobs").json()["items"]] == [kept]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"action": "cancel"}, id="neither ids nor filter"),
        pytest.param({"action": "cancel", "ids": ["a"], "filter": {"kind": "study"}}, id="both"),
        pytest.param({"action": "delete", "filter": {}}, id="a filter that means everything"),
        pytest.param({"action": "retry", "ids": ["a"]}, id="a verb that makes jobs"),
        pytest.param({"action": "pause", "ids": ["a"], "now": True}, id="a pause that cannot be now"),
        pytest.param({"action": "pause", "ids": []}, id="no ids"),
        pytest.param({"action": "pause", "filter": {"stauts": ["queued"]}}, id="a misspelt condition"),
    ],
)
def test_an_unclear_bulk_is_refused(api: httpx.Client, body: Document) -> None:
    answer = api.post("/v1/jobs/bulk", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert answer.json()["errors"]


# ---- bodies of forks and extensions


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        pytest.param("fork", {}, "invalid-body", id="a fork of nothing"),
        pytest.param("fork", {"age_sp": 0}, "invalid-body", id="a fork without a document"),
        pytest.param("fork", {"age_sp": -1, "patch": []}, "invalid-body", id="a fork before birth"),
        pytest.param("fork", {"age": "2lb", "document": {}}, "invalid-query", id="an age in another unit"),
        pytest.param("fork", {"age_sp": 0, "document": {}}, "invalid-schedule", id="a fork to an empty document"),
        pytest.param("fork", {"age_sp": 0, "document": {"kind": "schedule"}}, "invalid-schedule", id="half a document"),
        pytest.param(
            "fork", {"age_sp": 0, "patch": [{"op": "replace", "path": "/nowhere", "value": 1}]}, "invalid-schedule",
            id="an edit of nothing",
        ),
        pytest.param("extend", {"stage": "late"}, "invalid-body", id="an extension without a length"),
        pytest.param("extend", {"stage": "late", "until": {"after": "1st"}}, "invalid-schedule", id="its own share"),
        pytest.param("extend", {"stage": "nap", "until": {"after": "9ep"}}, "invalid-query", id="an unknown stage"),
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_refused_with_the_place(
    api: httpx.Client, verb: str, body: Document, code: str
) -> None:
    answer = api.post(f"/v1/jobs/{submit(api)}/{verb}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert all("pointer" in fault for fault in answer.json()["errors"])


# ---- the client


@pytest.fixture
def client(api: httpx.Client) -> Client:
    made = Client("http://localhost:8714")
    made._http = api
    return made


def test_the_client_forks_extends_changes_deletes_and_acts_on_many(client: Client, bench: Bench) -> None:
    job = client.submit(tiny_schedule())
    bench.run()
    assert job.refresh().status == "succeeded"
    forked = job.fork("1ep", patch=BODIES["fork"]["patch"], name="fork")
    longer = job.extend("late", until={"after": "3ep"})
    assert (forked.state["parent_age_sp"], longer.state["relation"]) == (200, "extend")
    assert forked.change(labels={"a": "b"}, if_version=forked.state["version"]).state["labels"] == {"a": "b"}
    assert job.snapshots()[0]["kept_because"]
    assert client.bulk("cancel", [forked.id, longer.id], now=True)["counts"] == {"202": 2}
    assert client.bulk("delete", filter={"status": ["cancelled"]})["counts"] == {"204": 2}
    job.delete()
    assert list(client.jobs()) == []


def test_a_fork_sends_a_study_with_its_base(client: Client, bench: Bench, tmp_path: Path) -> None:
    assert isinstance(client.submit(tiny_schedule()), Job)
    (edits,) = patches(["/stages/late/costs/naming=0.25"], tiny_schedule())
    assert edits == {"op": "replace", "path": "/stages/late/costs/naming", "value": 0.25}
    assert patches(["/deficits/blur={a: 1}"], tiny_schedule() | {"deficits": {}})[0]["op"] == "add"
    assert patches(["/probes/acc="], tiny_schedule())[0]["op"] == "remove"
