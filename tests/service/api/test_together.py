"""Requests that are the same and come at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from service.api.together import Together
from service.store.access import NewKey, create_key

PLACE = "/v1/jobs/job_1/history"


class Slow:
    """An application that looks at once and answers later; it counts how often it was asked."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.state = 0
        self.makings = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.makings += 1
        seen = self.state
        scope["route"] = "the route"
        scope["state"]["answer_headers"] = {"RateLimit": "some"}
        await asyncio.sleep(0.05)
        if self.status == 0:
            raise OSError("away")
        await PlainTextResponse(str(seen), self.status, {"ETag": f'"{seen}"'})(scope, receive, send)


class Asker:
    """Requests to an application, with what was noted in their scopes."""

    def __init__(self, app: Any) -> None:
        self.together = Together(app)
        self.scopes: list[Scope] = []

    async def __call__(
        self, path: str = PLACE, query: str = "", method: str = "GET", **headers: str
    ) -> tuple[int, str]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope: Scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "state": {"request_id": str(len(self.scopes))},
        }
        self.scopes.append(scope)
        await self.together(scope, receive, send)
        return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]).decode()


def test_of_many_who_ask_at_once_one_is_answered_for_all() -> None:
    app = Slow()
    ask = Asker(app)

    async def scene() -> list[tuple[int, str]]:
        return await asyncio.gather(*(ask() for _ in range(100)))

    assert asyncio.run(scene()) == [(200, "0")] * 100
    assert app.makings == 1
    assert {scope["route"] for scope in ask.scopes} == {"the route"}
    assert [scope["state"] for scope in ask.scopes] == [
        {"request_id": str(number), "answer_headers": {"RateLimit": "some"}} for number in range(100)
    ]


def test_nobody_is_told_what_was_seen_before_he_asked() -> None:
    app = Slow()
    ask = Asker(app)

    async def scene() -> list[tuple[int, tuple[int, str]]]:
        async def once() -> tuple[int, tuple[int, str]]:
            known = app.state
            return known, await ask()

        asked = []
        for _ in range(40):
            app.state += 1
            asked.append(asyncio.create_task(once()))
            await asyncio.sleep(0.01)
        return await asyncio.gather(*asked)

    for known, (status, seen) in asyncio.run(scene()):
        assert status == 200
        assert int(seen) >= known
    assert app.makings < 20


@pytest.mark.parametrize("status", [404, 429, 500, 0])
def test_a_refusal_is_made_for_each(status: int) -> None:
    app = Slow(status)
    ask = Asker(app)

    async def scene() -> list[Any]:
        return await asyncio.gather(*(ask() for _ in range(5)), return_exceptions=True)

    answers = asyncio.run(scene())
    assert app.makings == 5
    assert [isinstance(each, OSError) if status == 0 else each[0] == status for each in answers] == [True] * 5


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/v1/jobs/job_2/history"},
        {"query": "series=cost.*"},
        {"authorization": "Bearer ont_b"},
        {"cookie": "ontogeny_session=b"},
        {"host": "other"},
        {"accept": "application/json"},
        {"if_none_match": '"0"'},
    ],
)
def test_who_asks_otherwise_or_is_another_is_answered_apart(other: dict[str, str]) -> None:
    app = Slow()
    ask = Asker(app)

    async def scene() -> None:
        await asyncio.gather(ask(), ask(**other), ask(), ask(**other))

    asyncio.run(scene())
    assert app.makings == 2


@pytest.mark.parametrize(
    "alone",
    [
        {"method": "POST"},
        {"path": "/v1/jobs/job_1/events/stream"},
        {"path": "/v1/jobs"},
        {"query": "points=all&format=csv"},
        {"accept": "text/csv"},
        {"prefer": "wait=5"},
    ],
)
def test_what_changes_something_or_is_streamed_or_waits_is_answered_alone(alone: dict[str, str]) -> None:
    app = Slow()
    ask = Asker(app)

    async def scene() -> None:
        await asyncio.gather(ask(**alone), ask(**alone))

    asyncio.run(scene())
    assert app.makings == 2


def test_who_leaves_takes_the_answer_from_nobody() -> None:
    app = Slow()
    ask = Asker(app)

    async def scene() -> tuple[int, str]:
        first = asyncio.create_task(ask())
        second = asyncio.create_task(ask())
        await asyncio.sleep(0.01)
        first.cancel()
        return await second

    assert asyncio.run(scene()) == (200, "0")
    assert app.makings == 1


def test_nothing_is_kept_of_what_was_answered() -> None:
    ask = Asker(Slow())

    async def scene() -> None:
        await asyncio.gather(ask(), ask())
        await asyncio.gather(ask(), ask("/v1/jobs/job_2"))

    asyncio.run(scene())
    assert not ask.together._next
    assert not ask.together._under_way


# ---- in the whole application

Ask = Callable[..., Awaitable[httpx.Response]]


def at_once(app: FastAPI, scene: Callable[[Ask], Awaitable[Any]]) -> Any:
    """Play a scene with one client in one loop."""

    async def once() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8714") as client:
            return await scene(client.get)

    return asyncio.run(once())


def test_each_of_a_hundred_pages_has_its_own_request_and_the_same_answer(api: httpx.Client, app: FastAPI) -> None:
    job = api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"]
    Bench(app.state.database, Clock()).run()
    for place in (f"/jobs/{job}", f"/v1/jobs/{job}/history?series=cost.*", f"/v1/jobs/{job}/figures/development"):

        async def all_of_them(get: Ask, place: str = place) -> list[httpx.Response]:
            return await asyncio.gather(*(get(place) for _ in range(100)))

        answers = at_once(app, all_of_them)
        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 1
        assert len({each.headers["x-request-id"] for each in answers}) == 100
        tag = answers[0].headers["etag"]
        if place.startswith("/v1"):
            assert {api.get(place, headers={"If-None-Match": tag}).status_code} == {304}


def test_a_stranger_who_asks_at_the_same_moment_is_let_in_nowhere(api: httpx.Client, app: FastAPI) -> None:
    job = api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"]
    mine, theirs = (
        {"Authorization": f"Bearer {secret}"} for secret in made_keys(app, ("default", "another"), ("read",))
    )
    place = f"/v1/jobs/{job}/history"

    async def everybody(get: Ask) -> list[httpx.Response]:
        asked = [get(place, headers=who) for who in (mine, theirs, {}, {"Authorization": "Bearer ont_x"})]
        return await asyncio.gather(*asked)

    assert [each.status_code for each in at_once(app, everybody)] == [200, 404, 401, 401]


def made_keys(app: FastAPI, projects: tuple[str, ...], scopes: tuple[str, ...]) -> list[str]:
    with app.state.database.write() as db:
        return [create_key(db, 0.0, NewKey("a key", scopes, project))[1] for project in projects]
