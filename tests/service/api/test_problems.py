from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI

from service.api.problems import problem_response
from service.settings import Settings
from service.store import access
from service.store.engine import Database
from service.wire.problem import PROBLEMS, Problem


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = Problem.model_validate(answer.json())
    assert (problem.code, problem.status, problem.request_id) == (code, status, answer.headers["x-request-id"])
    return dict(answer.json())


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/v1/nothing", 404, "not-found"),
        ("PUT", "/v1/jobs", 405, "method-not-allowed"),
        ("GET", "/v1/catalogue/odd", 404, "not-found"),
        ("GET", "/v1/schema/odd.json", 400, "bad-parameter"),
        ("GET", "/v1/examples/..%2F..%2Fpyproject", 404, "not-found"),
    ],
)
def test_errors_of_the_framework_are_problems_too(
    api: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    problem = assert_problem(api.request(method, path), status, code)
    assert problem["instance"].startswith("/")


def test_a_wrong_method_names_those_that_are(api: httpx.Client) -> None:
    assert api.put("/v1/jobs").headers["allow"]


def test_every_problem_type_explains_itself(api: httpx.Client) -> None:
    for code in PROBLEMS:
        page = api.get(f"/problems/{code}").json()
        assert (page["type"], page["status"]) == (f"/problems/{code}", PROBLEMS[code][0])
        assert page["remedy"]


def test_problems_of_every_type_can_be_told() -> None:
    for code, (status, _) in PROBLEMS.items():
        assert problem_response({"path": "/x"}, code, "words").status_code == status


def test_a_locked_database_is_busy_and_says_when_to_come_back(
    api: httpx.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings.database_url.removeprefix("sqlite:///")
    job = {"document": tiny_schedule()}
    monkeypatch.setattr("service.store.engine.BUSY_SECONDS", 0)
    app_database = Database(settings.database_url)
    monkeypatch.setattr(api._transport.app.state, "database", app_database)  # type: ignore[attr-defined]
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("begin immediate")
        answer = api.post("/v1/jobs", json=job)
        assert_problem(answer, 503, "database-busy")
        assert answer.headers["retry-after"] == "1"
    finally:
        holder.close()
    assert api.post("/v1/jobs", json=job).status_code == 201
    app_database.close()


def test_what_nobody_foresaw_is_a_problem_without_a_trace(app: FastAPI) -> None:
    @app.get("/boom")
    def boom() -> None:
        raise RuntimeError("secret words")

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/boom", headers={"X-Request-ID": "r-1"})

    answer = asyncio.run(once())
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "internal", "r-1")
    assert "secret" not in answer.text


# ---- who asks


def make_key(app: FastAPI, *scopes: str, project: str = "default", expires_at: float | None = None) -> dict[str, str]:
    database: Database = app.state.database
    with database.write() as db:
        _, key = access.create_key(db, database.now(db), access.NewKey("test", scopes, project, expires_at))
    return {"Authorization": f"Bearer {key}"}


def test_once_a_key_exists_everyone_must_show_one(api: httpx.Client, app: FastAPI) -> None:
    assert api.get("/v1/jobs").status_code == 200
    key = make_key(app, "read")
    answer = api.get("/v1/jobs")
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert api.get("/v1/jobs", headers=key).status_code == 200
    assert api.get("/health").status_code == 200


@pytest.mark.parametrize("given", ["Bearer ont_nope", "Basic abc", "Bearer", "Bearer ont_000000000000_" + "x" * 43])
def test_a_wrong_key_is_refused_even_while_none_exists(api: httpx.Client, given: str) -> None:
    assert_problem(api.get("/v1/jobs", headers={"Authorization": given}), 401, "unauthenticated")


def test_a_key_may_only_what_its_scopes_say(api: httpx.Client, app: FastAPI) -> None:
    reader, submitter = make_key(app, "read"), make_key(app, "read", "submit")
    body = {"document": tiny_schedule()}
    assert_problem(api.post("/v1/jobs", json=body, headers=reader), 403, "forbidden-scope")
    job = api.post("/v1/jobs", json=body, headers=submitter).json()["id"]
    assert_problem(api.post(f"/v1/jobs/{job}/cancel", headers=submitter), 403, "forbidden-scope")


def test_another_project_sees_nothing(api: httpx.Client, app: FastAPI) -> None:
    ours, theirs = make_key(app, "read", "submit", "control"), make_key(app, "read", "submit", "control", project="b")
    job = api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=ours).json()["id"]
    assert_problem(api.get(f"/v1/jobs/{job}", headers=theirs), 404, "not-found")
    assert_problem(api.post(f"/v1/jobs/{job}/cancel", headers=theirs), 404, "not-found")
    assert_problem(api.get(f"/v1/jobs/{job}/events/stream", headers=theirs), 404, "not-found")
    assert api.get("/v1/jobs", headers=theirs).json()["items"] == []


def test_an_expired_key_is_refused(api: httpx.Client, app: FastAPI) -> None:
    assert_problem(api.get("/v1/jobs", headers=make_key(app, "read", expires_at=1.0)), 401, "unauthenticated")
