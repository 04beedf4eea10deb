"""Keys: who may what, for how long and how much; told once, hashed, ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock

from service.api.ledger import Bucket, Ledger
from service.settings import Settings

Document = dict[str, Any]


@pytest.fixture
def admin(api: httpx.Client) -> httpx.Client:
    """The first key, made on loopback while no key exists; from then on one is asked for."""
    made = api.post("/v1/keys", json={"name": "admin", "scopes": ["read", "submit", "control", "admin"]})
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    assert api.get("/v1/me").status_code == 401
    api.headers["Authorization"] = f"Bearer {made.json()['key']}"
    return api


def key(admin: httpx.Client, **about: Any) -> tuple[str, dict[str, str]]:
    made = admin.post("/v1/keys", json={"name": "some", **about})
    assert made.status_code == 201, made.text
    return made.json()["id"], {"Authorization": f"Bearer {made.json()['key']}"}


def test_without_a_key_loopback_may_everything(api: httpx.Client) -> None:
    me = api.get("/v1/me").json()
    assert (me["key"], me["project"], me["scopes"]) == (None, "default", ["read", "submit", "control", "admin"])


def test_a_key_is_told_once_and_stored_as_a_hash(admin: httpx.Client, app: FastAPI) -> None:
    key_id, headers = key(admin, name="lab", quotas={"active_jobs": 3})
    secret = headers["Authorization"].split("_", 2)[2]
    (row,) = [row for row in admin.get("/v1/keys").json()["items"] if row["id"] == key_id]
    assert (row["name"], row["scopes"], row["quotas"]) == ("lab", ["read", "submit", "control"], {"active_jobs": 3})
    assert secret not in json.dumps(row)
    for file in Path(app.state.settings.home).rglob("ontogeny.db*"):
        assert secret.encode() not in file.read_bytes()


def test_a_key_may_what_its_scopes_say(admin: httpx.Client) -> None:
    _, reader = key(admin, scopes=["read"])
    assert admin.get("/v1/jobs", headers=reader).status_code == 200
    for method, path in (("POST", "/v1/jobs"), ("POST", "/v1/jobs/bulk"), ("GET", "/v1/keys"), ("POST", "/v1/keys")):
        answer = admin.request(method, path, json={}, headers=reader)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope"), path


def test_nobody_gives_a_scope_that_he_lacks(admin: httpx.Client) -> None:
    _, half = key(admin, scopes=["read", "admin"])
    answer = admin.post("/v1/keys", json={"name": "more", "scopes": ["submit"]}, headers=half)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope")
    assert admin.post("/v1/keys", json={"name": "less", "scopes": ["read"]}, headers=half).status_code == 201


def test_a_revoked_key_and_one_past_its_time_are_refused(admin: httpx.Client, app: FastAPI) -> None:
    first, revoked = key(admin)
    _, brief = key(admin, expires_in_days=1)
    assert admin.get("/v1/me", headers=brief).json()["expires_at"]
    assert admin.delete(f"/v1/keys/{first}").status_code == 204
    assert admin.delete(f"/v1/keys/{first}").status_code == 204
    database = app.state.database
    with database.read() as db:
        later = database.now(db) + 86_401
    assert admin.get("/v1/me", headers=revoked).status_code == 401
    database._clock = lambda: later
    assert admin.get("/v1/me", headers=brief).status_code == 401


def test_a_repeat_does_not_make_a_second_key(admin: httpx.Client) -> None:
    again = {"Idempotency-Key": "once"}
    assert admin.post("/v1/keys", json={"name": "a"}, headers=again).status_code == 201
    assert admin.post("/v1/keys", json={"name": "a"}, headers=again).json()["code"] == "in-use"
    assert [row["name"] for row in admin.get("/v1/keys").json()["items"]] == ["admin", "a"]


def test_the_last_use_of_a_key_is_noted(admin: httpx.Client, app: FastAPI) -> None:
    key_id, headers = key(admin)
    assert admin.get(f"/v1/keys/{key_id}").json()["used_at"] is None
    admin.get("/v1/me", headers=headers)
    app.state.ledger.write_down(app.state.database)
    assert admin.get(f"/v1/keys/{key_id}").json()["used_at"]


# ---- how much


def submit(api: httpx.Client, headers: dict[str, str], start: int = 0) -> httpx.Response:
    document = tiny_schedule(seeds={"start": start, "count": 2})
    return api.post("/v1/jobs", json={"document": document}, headers=headers)


def test_active_jobs_are_bounded_and_room_comes_back(admin: httpx.Client) -> None:
    _, headers = key(admin, quotas={"active_jobs": 2})
    jobs = [submit(admin, headers, start).json()["id"] for start in (0, 10)]
    refused = submit(admin, headers, 20)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota-exceeded")
    (fault,) = refused.json()["errors"]
    assert {name: fault[name] for name in ("limit", "used", "asked", "fits")} == {
        "limit": 2, "used": 2, "asked": 1, "fits": 0,
    }  # fmt: skip
    assert int(refused.headers["retry-after"]) >= 1
    assert admin.get("/v1/me", headers=headers).json()["usage"]["active_jobs"] == 2
    admin.post(f"/v1/jobs/{jobs[0]}/cancel", headers=headers)
    assert submit(admin, headers, 20).status_code == 201
    refused = admin.post(f"/v1/jobs/{jobs[0]}/retry", headers=headers)
    assert refused.status_code == 429, "a new job from an old one counts as well"


@pytest.mark.parametrize(("quota", "limit"), [("stored_history_values", 100), ("stored_snapshot_bytes", 10_000)])
def test_what_may_be_stored_is_bounded_with_the_numbers(
    admin: httpx.Client, app: FastAPI, quota: str, limit: int
) -> None:
    _, headers = key(admin, quotas={quota: limit})
    refused = submit(admin, headers)
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["code"], fault["limit"], fault["fits"]) == (429, quota, limit, limit)
    assert fault["asked"] > limit
    _, headers = key(admin, quotas={quota: fault["asked"]})
    assert submit(admin, headers).status_code == 201
    Bench(app.state.database, Clock()).run()
    assert admin.get("/v1/me", headers=headers).json()["usage"][quota] > 0


@pytest.mark.parametrize(
    ("quota", "limit", "said"),
    [
        ("parameters_per_life", 500, "parameters per life asked of limit 500"),
        ("updates_per_life", 15, "20 updates per life asked of limit 15"),
        ("lives", 1, "2 lives asked of limit 1"),
        ("history_values", 10, "values of history asked of limit 10"),
        ("snapshot_bytes", 10, "bytes of snapshots asked of limit 10"),
    ],
)
def test_a_submission_is_bounded_by_its_key_and_told_what_would_fit(
    admin: httpx.Client, quota: str, limit: int, said: str
) -> None:
    _, headers = key(admin, quotas={quota: limit})
    answer = submit(admin, headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "too-costly")
    (fault,) = answer.json()["errors"]
    assert said in fault["message"]
    assert fault["suggestion"]["text"]
    check = admin.post("/v1/schedules/check", json=tiny_schedule(), headers=headers).json()
    assert [each["code"] for each in check["errors"]] == ["E17"]


def test_requests_are_counted_by_key_and_told_in_every_answer(admin: httpx.Client) -> None:
    _, headers = key(admin, quotas={"requests_per_minute": 3})
    answers = [admin.get("/v1/jobs", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"key";r=2;t=')
    assert answers[4].json()["code"] == "rate-limited"
    assert 1 <= int(answers[4].headers["retry-after"]) <= 20
    assert admin.get("/v1/jobs").status_code == 200, "another key has a limit of its own"


def test_guessing_keys_is_slowed_down(admin: httpx.Client) -> None:
    wrong = {"Authorization": "Bearer ont_" + "a" * 12 + "_" + "b" * 43}
    statuses = [admin.get("/v1/me", headers=wrong).status_code for _ in range(63)]
    assert statuses[:60] == [401] * 60
    assert statuses[60:] == [429] * 3


def test_a_bucket_refills_evenly_and_is_forgotten_when_there_are_too_many() -> None:
    now = [0.0]
    ledger = Ledger(clock=lambda: now[0])
    assert [ledger.take("a", 2).wait_seconds for _ in range(3)] == [0.0, 0.0, 30.0]
    now[0] = 30.0
    assert ledger.take("a", 2).wait_seconds == 0.0
    ledger._buckets.update({str(number): Bucket(1.0, 0.0) for number in range(10_001)})
    ledger.take("b", 2)
    assert len(ledger._buckets) == 10_000


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""}, {"name": "a", "scopes": []}, {"name": "a", "scopes": ["root"]},
        {"name": "a", "quotas": {"cpu": 1}}, {"name": "a", "quotas": {"lives": -1}},
        {"name": "a", "expires_in_days": 0}, {"name": "a", "project": "other"},
        {"name": "a", "key": "ont_mine"},
    ],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused(api: httpx.Client, body: Document) -> None:
    answer = api.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")


def test_a_service_that_others_can_reach_never_answers_without_a_key(app: FastAPI, api: httpx.Client) -> None:
    app.state.settings = Settings(home=app.state.settings.home, host="0.0.0.0")
    assert api.get("/v1/jobs").status_code == 401
    assert api.get("/health").status_code == 200
