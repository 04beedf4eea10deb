from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.api.guard import Guard

LIMIT = 1000
SEEN: list[int] = []


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    SEEN.append(len(body))
    response: Response = JSONResponse({"bytes": len(body)})
    await response(scope, receive, send)


def ask(method: str, path: str = "/", host: str = "http://localhost:8000", **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(echo, body_bytes=LIMIT, hosts=frozenset({"dev.example"})))
        async with httpx.AsyncClient(transport=transport, base_url=host) as client:
            return await client.request(method, path, **options)

    SEEN.clear()
    return asyncio.run(once())


def test_a_body_at_the_limit_passes() -> None:
    assert ask("POST", content=b"x" * LIMIT).json() == {"bytes": LIMIT}


def test_a_body_over_the_limit_is_a_413_problem_and_never_reaches_the_app() -> None:
    answer = ask("POST", content=b"x" * (LIMIT + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too-large"
    assert SEEN == []


def test_chunked_bytes_are_counted_although_no_length_is_announced() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"y" * 100

    answer = ask("POST", content=chunks())
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert SEEN == []


def test_a_client_that_asks_first_is_answered_without_sending() -> None:
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        messages.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"99999"), (b"expect", b"100-continue")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    asyncio.run(Guard(echo, body_bytes=LIMIT)(scope, receive, send))
    assert messages[0]["status"] == 413


def test_a_body_cut_off_by_its_sender_is_not_taken_for_the_whole() -> None:
    parts = iter([{"type": "http.request", "body": b"abc", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there to answer")

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"localhost")]}
    SEEN.clear()
    asyncio.run(Guard(echo, body_bytes=LIMIT)(scope, receive, send))
    assert SEEN == []


@pytest.mark.parametrize(
    "host",
    ["http://localhost", "http://localhost:8000", "http://127.0.0.1:9", "http://[::1]:8000", "http://dev.example:80"],
)
def test_hosts_that_are_ours_are_answered_on_every_port(host: str) -> None:
    assert ask("GET", host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]:8000", ""]
)
def test_other_hosts_are_misdirected(host: str) -> None:
    answer = ask("GET", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9000", "file://localhost:8000"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("PATCH", "/"), ("DELETE", "/"), ("GET", "/events/stream")]
)
def test_foreign_pages_neither_change_nor_stream(method: str, path: str, origin: str) -> None:
    answer = ask(method, path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-origin")


def test_our_own_page_may_change_and_stream() -> None:
    own = {"Origin": "http://localhost:8000"}
    assert ask("POST", headers=own).status_code == 200
    assert ask("GET", "/events/stream", headers=own).status_code == 200


def test_a_sound_request_id_is_returned_and_another_is_replaced() -> None:
    assert ask("GET", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = ask("GET", headers={"X-Request-ID": "bad id\tx"}).headers["x-request-id"]
    assert len(made) == 32


def test_every_answer_carries_the_protection() -> None:
    for answer in (ask("GET"), ask("POST", content=b"x" * 2000), ask("GET", headers={"Host": "evil"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-cache"


# ---- time


def timed(app: Any, *, headers: dict[str, str] | None = None, seconds: float = 0.2, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(app, body_bytes=LIMIT, seconds=seconds))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(options.pop("method", "GET"), "/", headers=headers, **options)

    return asyncio.run(once())


def sleepy(seconds: float, *, begin_first: bool = False) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not begin_first:
            await asyncio.sleep(seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(seconds if begin_first else 0)
        await send({"type": "http.response.body", "body": b"late"})

    return app


def test_an_answer_that_does_not_begin_in_time_is_given_up() -> None:
    answer = timed(sleepy(5.0))
    assert (answer.status_code, answer.json()["code"]) == (503, "too-slow")
    assert answer.headers["retry-after"] == "1"


def test_an_answer_that_has_begun_may_take_its_time() -> None:
    assert timed(sleepy(0.5, begin_first=True)).text == "late"


def test_one_who_asked_to_wait_is_waited_for() -> None:
    assert timed(sleepy(0.5), headers={"Prefer": "wait=2"}).text == "late"


def test_a_body_that_trickles_in_is_not_waited_for() -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(100):
            await asyncio.sleep(0.05)
            yield b"x"

    answer = timed(echo, method="POST", content=drops())
    assert (answer.status_code, answer.json()["code"]) == (408, "request-timeout")


def test_an_error_of_the_app_is_not_swallowed() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        timed(broken)
