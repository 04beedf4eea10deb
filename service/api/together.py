"""One making for all who ask the same at once: a hundred pages that watch a job are told of each state once.

Whoever asks is answered by a making that began after he asked. So there is no time for which an answer counts as
fresh, and nobody hears less than the stream, or anybody else, has told him before. Requests are the same if they agree
in all that an answer depends on, by whom they are made included: no answer reaches one who would not be let in himself.
A refusal is made for each. Of a key's requests that are answered together one is counted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WATCHED = re.compile(r"/jobs/[^/]+(/[a-z]+)?|/v1/jobs/[^/]+(/(history|series|arms|figures/[a-z]+))?")
"""What pages ask for again and again while a job is trained."""
ASKED_BY = frozenset({b"host", b"authorization", b"cookie", b"accept", b"if-none-match"})
"""The headers that decide what the answer is."""
WHOLE = re.compile(rb"\*/\*|application/json|text/html.*")
"""Accepted by those whose answer is not streamed."""
_FINE = frozenset({200, 304})


@dataclass
class Making:
    """An answer as it is made, and what the routes noted about it in their scope."""

    scope: Scope
    sent: list[Message] = field(default_factory=list)

    async def keep(self, message: Message) -> None:
        """Instead of sending."""
        self.sent.append(message)

    def note(self, scope: Scope) -> None:
        """Tell those who log and count one who shares the answer what they would have been told of him."""
        scope["state"] = {**self.scope["state"], **scope["state"]}
        scope["route"] = self.scope.get("route")


class Together:
    """Of requests that are the same one is answered at a time; those that come meanwhile are answered with the next."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._under_way: dict[Hashable, asyncio.Task[Making]] = {}
        self._next: dict[Hashable, asyncio.Task[Making]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, alone or with others."""
        key = question(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        shared = key in self._next
        if not shared:
            making = Making({**scope, "state": dict(scope["state"])})
            self._next[key] = asyncio.create_task(self._make(key, making))
        task = self._next[key]
        await asyncio.wait({task})  # who leaves takes it from nobody
        if shared and not _is_fine(task):
            await self.app(scope, receive, send)
            return
        task.result().note(scope)
        for message in task.result().sent:
            await send({**message})

    async def _make(self, key: Hashable, making: Making) -> Making:
        try:
            while before := self._under_way.get(key):
                await asyncio.wait({before})
        finally:
            task = self._next.pop(key)
        self._under_way[key] = task
        try:
            await self.app(making.scope, _nothing_more(), making.keep)
        finally:
            del self._under_way[key]
        return making


def question(scope: Scope) -> Hashable | None:
    """What is the same of requests that are answered together; None for one that is answered alone."""
    if scope["type"] != "http" or scope["method"] != "GET" or not WATCHED.fullmatch(scope["path"]):
        return None
    headers = scope["headers"]
    streamed = any(name == b"accept" and not WHOLE.fullmatch(value) for name, value in headers)
    if streamed or b"format=" in scope["query_string"] or any(name == b"prefer" for name, _ in headers):
        return None
    asked_by = tuple((name, value) for name, value in headers if name in ASKED_BY)
    return scope["scheme"], scope["path"], scope["query_string"], asked_by


def _is_fine(task: asyncio.Task[Making]) -> bool:
    if task.cancelled() or task.exception() is not None:
        return False
    sent = task.result().sent
    return bool(sent) and sent[0]["status"] in _FINE


def _nothing_more() -> Receive:
    """The guard has read the body of a GET; that one of those who asked has gone is no reason to stop."""
    pending = [b""]

    async def receive() -> Message:
        if not pending:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": pending.pop(), "more_body": False}

    return receive
