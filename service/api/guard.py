"""What every request passes before anything reads it: size, host, origin; and what every answer carries.

Pure ASGI, because only here the bytes of a chunked body can be counted before they are kept. Loopback is no boundary:
a page of any site can send requests to 127.0.0.1, or rebind its own name to it, so names and origins are checked.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import waiting
from service.api.problems import problem_response
from service.wire.problem import PROBLEMS

log = structlog.get_logger(__name__)

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_STATE_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_JOB = re.compile(r"job_[0-9A-Z]{26}")
_DRAINED_BYTES = 64 * 1024 * 1024
_PROTECTION = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # under no-referrer a browser sends our own forms, too, with the origin null, which is refused below
    "Referrer-Policy": "same-origin",
}


Answered = Callable[[str, str, int, float], None]
"""Told of every answer: route, method, status, seconds until it began."""


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further: code of the problem and the sentence for its detail."""

    code: str
    detail: str


class Guard:
    """Refuses what is too large (413), too slow to come (408), meant for another host (421) or sent by a foreign page
    (403), and gives up what does not begin to be answered (503).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes: int,
        hosts: frozenset[str] = frozenset(),
        seconds: float = 30.0,
        answered: Answered | None = None,
    ) -> None:
        self.app = app
        self.answered = answered
        self.body_bytes = body_bytes
        self.hosts = LOOPBACK_HOSTS | hosts
        self.seconds = seconds
        self._given_up: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one lifespan, which passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        guarded = self._watched(scope, _protected(scope, send, request_id))
        with structlog.contextvars.bound_contextvars(request_id=request_id, **_about(scope)):
            refusal = self._host_refusal(headers) or self._origin_refusal(scope, headers) or _nul_refusal(scope)
            if refusal is None:
                body = await self._body_in_time(headers, receive)
                if body is None:
                    return
                if not isinstance(body, bytes):
                    refusal = body
                elif await self._answered(scope, _replayed(body, receive), guarded):
                    return
                else:
                    refusal = Refusal("too-slow", f"no answer within {self.seconds:g} s")
            await _problem(scope, refusal)(scope, receive, guarded)

    def _watched(self, scope: Scope, send: Send) -> Send:
        """Log every answer as it begins, and let it be counted."""
        begun = time.monotonic()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                seconds, status = time.monotonic() - begun, message["status"]
                log.info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))
                if self.answered is not None:
                    self.answered(route, scope["method"], status, seconds)
            await send(message)

        return watched

    def _host_refusal(self, headers: Headers) -> Refusal | None:
        host = headers.get("host", "")
        if _without_port(host) in self.hosts:
            return None
        return Refusal("unknown-host", f"this service does not answer for host {host!r}")

    def _origin_refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        origin = headers.get("origin")
        is_stream = scope["path"].endswith("/stream")
        if origin is None or not (scope["method"] in _STATE_CHANGING or is_stream):
            return None
        ours = urlsplit(origin)
        if ours.scheme in ("http", "https") and ours.netloc == headers.get("host"):
            return None
        return Refusal("forbidden-origin", f"a page of {origin!r} may not do this")

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Let the app answer; False if it has not begun in time: it ends by itself, and nobody hears it."""
        waits = waiting.seconds_asked(Headers(scope=scope).get("prefer")) or 0
        begun = asyncio.get_running_loop().create_future()
        given_up = False

        async def heard(message: Message) -> None:
            if not given_up:
                if not begun.done():
                    begun.set_result(None)
                await send(message)

        task = asyncio.ensure_future(self.app(scope, receive, heard))
        try:
            ends = asyncio.FIRST_COMPLETED
            await asyncio.wait({task, begun}, timeout=self.seconds + waits, return_when=ends)
            if task.done() or begun.done():
                await task
                return True
            given_up = True
            self._given_up.add(task)
            task.add_done_callback(self._forget)
            return False
        finally:
            task.cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._given_up.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("request.given_up", error=str(error))

    async def _body_in_time(self, headers: Headers, receive: Receive) -> bytes | Refusal | None:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._body(headers, receive)
        except TimeoutError:
            return Refusal("request-timeout", f"the body did not arrive within {self.seconds:g} s")

    async def _body(self, headers: Headers, receive: Receive) -> bytes | Refusal | None:
        """The whole body; a refusal once more bytes came than are read, whatever Content-Length said; None: cut off.

        What is too large is read to its end (up to 64 MiB) and dropped, for a client that is still sending would not
        see the answer; one that asks first (`Expect: 100-continue`) is answered at once.
        """
        refusal = Refusal("too-large", f"the body has more than {self.body_bytes} bytes")
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.body_bytes and "expect" in headers:
            return refusal
        parts: list[bytes] = []
        received = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            received += len(part)
            if received <= self.body_bytes:
                parts.append(part)
            else:
                parts.clear()
            if not message.get("more_body", False) or received > _DRAINED_BYTES:
                return b"".join(parts) if received <= self.body_bytes else refusal


def _about(scope: Scope) -> dict[str, str]:
    """The job that a path is about, for every line of the log."""
    match = _JOB.search(scope["path"])
    return {"job": match[0]} if match else {}


def _nul_refusal(scope: Scope) -> Refusal | None:
    """No text of ours has a NUL character, and PostgreSQL keeps none."""
    if b"%00" in scope.get("query_string", b"") or "\0" in scope["path"]:
        return Refusal("bad-parameter", "a NUL character in the path or the query")
    return None


def _problem(scope: Scope, refusal: Refusal) -> ASGIApp:
    suggestion = {"text": PROBLEMS[refusal.code][1]}
    fault = {"pointer": "", "code": refusal.code, "message": refusal.detail, "suggestion": suggestion}
    headers = {"Retry-After": "1"} if refusal.code == "too-slow" else {}
    return problem_response(scope, refusal.code, refusal.detail, headers=headers, errors=[fault])


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _protected(scope: Scope, send: Send, request_id: str) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = request_id
            for name, rule in {**_PROTECTION, **scope["state"].get("answer_headers", {})}.items():
                headers.setdefault(name, rule)
            if "json" in headers.get("content-type", ""):
                headers.setdefault("Cache-Control", "no-cache")
        await send(message)

    return guarded


def _replayed(body: bytes, receive: Receive) -> Receive:
    """First the whole body as one message, then whatever the server says: that the client has gone."""
    pending = [body]

    async def replay() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replay
