"""One project cannot see that another's things exist: every path of the OpenAPI document, asked with a foreign key."""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson
import pytest
from build import tiny_schedule
from direct import Direct
from fastapi import FastAPI
from simulated import Bench, Clock

from service.app import create_app
from service.settings import Settings
from service.store import access
from service.store.engine import migrate

NOBODY = {"job": "job_01M89R49CD8W8T2HJBXP562KD7", "snapshot": "snp_" + "0" * 26, "key": "0" * 12}
BODIES: dict[str, Any] = {
    "/v1/jobs/{job}/fork": {"age_sp": 200, "patch": [{"op": "remove", "path": "/probes/acc"}]},
    "/v1/jobs/{job}/extend": {"stage": "late", "until": {"after": "9ep"}},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("isolation")
    migrate(Settings(home=home).database_url)
    return create_app(Settings(home=home))


def client(app: FastAPI, project: str) -> httpx.Client:
    with app.state.database.write() as db:
        new = access.NewKey(project, access.SCOPES, project)
        _, key = access.create_key(db, app.state.database.now(db), new)
    return httpx.Client(
        transport=Direct(app), base_url="http://localhost:8714", headers={"Authorization": f"Bearer {key}"}
    )


@pytest.fixture(scope="module")
def ours(app: FastAPI) -> httpx.Client:
    return client(app, "ours")


@pytest.fixture(scope="module")
def theirs(app: FastAPI) -> httpx.Client:
    return client(app, "theirs")


@pytest.fixture(scope="module")
def things(app: FastAPI, ours: httpx.Client) -> dict[str, str]:
    """What our project has: a job that has ended, its snapshot, a key."""
    job = ours.post("/v1/jobs", json={"document": tiny_schedule(name="secret-plan")}).json()["id"]
    bench = Bench(app.state.database, Clock())
    bench.run()
    snapshot = ours.get(f"/v1/jobs/{job}/snapshots").json()["items"][0]["id"]
    key = ours.post("/v1/keys", json={"name": "second"}).json()["id"]
    return {"job": job, "snapshot": snapshot, "key": key}


def operations() -> list[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def ask(client: httpx.Client, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    """A request about these ids, with what else the operation needs."""
    query = {"area": "V1"} if path.endswith("/pictures") else {"job": ids["job"]} if path == "/v1/events/stream" else {}
    url = re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], "strip"), path)
    body = BODIES.get(path, {})
    return client.request(method, url, params=query, json=body if method in ("post", "patch") else None)


def told(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    """What an answer says, without the ids that were asked for."""
    text = re.sub(r'"request_id":"[^"]*"', "", answer.text)
    for each in ids.values():
        text = text.replace(each, "ID")
    return answer.status_code, text


@pytest.mark.parametrize(
    ("path", "method"), [each for each in operations() if re.search(r"\{(job|snapshot|key)\}", each[0])]
)
def test_a_foreign_thing_is_as_if_it_were_not_there(
    theirs: httpx.Client, things: dict[str, str], path: str, method: str
) -> None:
    foreign, nobody = (ask(theirs, method, path, ids) for ids in (things, NOBODY))
    assert told(foreign, things) == told(nobody, NOBODY)
    assert foreign.status_code == 404, foreign.text


@pytest.mark.parametrize(("path", "method"), [each for each in operations() if "{" not in each[0] and each[1] == "get"])
def test_no_list_or_summary_tells_of_a_foreign_thing(
    theirs: httpx.Client, things: dict[str, str], path: str, method: str
) -> None:
    text = ask(theirs, method, path, things).text.replace(f"there is no job {things['job']}", "")
    assert not any(each in text for each in [*things.values(), "secret-plan", '"ours"'])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/schedules/diff", lambda job: {"a": {"job": job}, "b": tiny_schedule()}),
        ("/v1/jobs/bulk", lambda job: {"action": "cancel", "ids": [job]}),
        ("/v1/jobs/bulk", lambda job: {"action": "delete", "ids": [job], "dry_run": True}),
        ("/v1/jobs/bulk", lambda job: {"action": "delete", "filter": {"q": "secret"}}),
        ("/v1/figures/curves", lambda job: {"items": [{"job": job}]}),
    ],
)
def test_no_body_reaches_a_foreign_job(theirs: httpx.Client, things: dict[str, str], path: str, body: Any) -> None:
    answers = [(theirs.post(path, json=body(ids["job"])), ids) for ids in (things, NOBODY)]
    assert told(*answers[0]) == told(*answers[1])


def test_what_was_asked_left_no_mark(ours: httpx.Client, things: dict[str, str]) -> None:
    job = ours.get(f"/v1/jobs/{things['job']}").json()
    assert (job["status"], job["name"]) == ("succeeded", "secret-plan")
    assert ours.get(f"/v1/keys/{things['key']}").json()["revoked_at"] is None


def test_the_same_document_in_two_projects_is_trained_twice(
    app: FastAPI, ours: httpx.Client, theirs: httpx.Client, things: dict[str, str]
) -> None:
    """A plan that said `done` would tell that another project has trained it."""
    document = tiny_schedule(name="secret-plan")
    assert ours.post("/v1/schedules/plan", json=document).json()["totals"]["samples"]["to_train"] == 0
    assert theirs.post("/v1/schedules/plan", json=document).json()["totals"]["samples"]["to_train"] > 0
    assert orjson.loads(theirs.post("/v1/jobs", json={"document": document}).content)["status"] == "queued"
