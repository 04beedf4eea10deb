"""Logging in: a key for a cookie, and what the cookie may do."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa
from build import tiny_schedule
from fastapi import FastAPI

from service.store import access
from service.store.engine import Database
from service.store.tables.access import session

ORIGIN = {"Origin": "http://localhost:8714"}


@pytest.fixture
def key(app: FastAPI) -> str:
    database: Database = app.state.database
    with database.write() as db:
        return access.create_key(db, database.now(db), access.NewKey("mine", ["read", "submit", "control"]))[1]


def enter(api: httpx.Client, key: str, following: str = "/") -> httpx.Response:
    return api.post("/login", data={"key": key, "next": following}, headers=ORIGIN)


def test_who_is_not_known_is_sent_to_the_door_and_back(api: httpx.Client, key: str) -> None:
    away = api.get("/?status=running&kind=study")
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=%2F%3Fstatus%3Drunning%26kind%3Dstudy")
    form = api.get(away.headers["location"])
    assert 'value="/?status=running&amp;kind=study"' in form.text
    back = enter(api, key, "/?status=running&kind=study")
    assert (back.status_code, back.headers["location"]) == (303, "/?status=running&kind=study")
    assert api.get("/").status_code == 200
    assert "Sign out" in api.get("/").text


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(api: httpx.Client, key: str) -> None:
    cookie = enter(api, key).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=43200" in cookie
    assert "Path=/" in cookie
    assert key not in cookie


def test_only_a_hash_of_the_cookie_is_stored(api: httpx.Client, app: FastAPI, key: str) -> None:
    enter(api, key)
    with app.state.database.read() as db:
        (row,) = db.execute(sa.select(session)).mappings()
    assert api.cookies["ontogeny_session"] not in map(str, row.values())


def test_a_wrong_key_opens_nothing(api: httpx.Client, key: str) -> None:
    answer = enter(api, key[:-1] + ("a" if key[-1] != "a" else "b"))
    assert answer.status_code == 401
    assert "unknown, expired or revoked" in answer.text
    assert "set-cookie" not in answer.headers
    assert key[:-1] not in answer.text


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_to_no_other_site(api: httpx.Client, key: str, path: str) -> None:
    assert enter(api, key, path).headers["location"] == "/"
    assert 'value="/"' in api.get("/login", params={"next": path}).text


def test_a_login_acts_only_from_our_own_pages(api: httpx.Client, key: str) -> None:
    enter(api, key)
    body = {"document": tiny_schedule()}
    assert api.post("/v1/jobs", json=body).status_code == 403
    foreign = api.post("/v1/jobs", json=body, headers={"Origin": "http://evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "forbidden-origin")
    made = api.post("/v1/jobs", json=body, headers=ORIGIN)
    assert made.status_code == 201
    job = made.json()["id"]
    as_a_form_would = {**ORIGIN, "Content-Type": "text/plain"}
    assert api.post(f"/v1/jobs/{job}/pause", content="{}", headers=as_a_form_would).status_code == 415
    assert api.post(f"/v1/jobs/{job}/pause", json={}, headers=ORIGIN).status_code == 202
    assert api.get(f"/jobs/{job}").status_code == 200


def test_a_login_may_do_what_its_key_may(api: httpx.Client, app: FastAPI) -> None:
    with app.state.database.write() as db:
        new = access.NewKey("reader", ["read"], "elsewhere")
        reader = access.create_key(db, app.state.database.now(db), new)[1]
    enter(api, reader)
    answer = api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=ORIGIN)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope")


def test_a_login_ends_with_its_key_with_its_time_and_at_the_door(api: httpx.Client, app: FastAPI, key: str) -> None:
    enter(api, key)
    database: Database = app.state.database
    with database.write() as db:
        now = database.now(db)
        token = str(api.cookies["ontogeny_session"])
        assert access.caller_of_session(db, now + 43_199, token) is not None
        assert access.caller_of_session(db, now + 43_300, token) is None
        access.forget_sessions(db, now)
        assert access.caller_of_session(db, now, token) is not None
    api.post("/logout", headers=ORIGIN)
    with database.write() as db:
        assert access.caller_of_session(db, now, token) is None
    assert api.get("/").status_code == 303
    enter(api, key)
    with database.write() as db:
        access.revoke_key(db, database.now(db), key.split("_")[1])
    assert api.get("/").status_code == 303


def test_a_cookie_of_another_service_on_this_machine_locks_nobody_out(api: httpx.Client) -> None:
    api.cookies.set("ontogeny_session", "left-over")
    assert api.get("/").status_code == 200


def test_keys_in_headers_need_no_origin(api: httpx.Client, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    assert api.post("/v1/jobs", json={"document": tiny_schedule()}, headers=headers).status_code == 201
