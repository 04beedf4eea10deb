"""`Prefer: wait=N` (RFC 7240): an answer that is held back until there is something new to say."""

from __future__ import annotations

import re
from typing import Annotated

from anyio import current_time, sleep
from anyio.to_thread import run_sync
from fastapi import Depends, Header

from service.api.answers import matches
from service.lifecycle import TERMINAL
from service.store import jobs
from service.store.engine import Database

MAX_WAIT_SECONDS = 60
LOOK_SECONDS = 0.25
_WAIT = re.compile(r"\bwait=(\d{1,6})\b")


def seconds_asked(prefer: str | None) -> int | None:
    """How long a request says that it can wait for its answer."""
    match = _WAIT.search(prefer or "")
    return min(int(match[1]), MAX_WAIT_SECONDS) if match else None


async def _wait(prefer: Annotated[str | None, Header(description="`wait=N`, N at most 60.")] = None) -> int | None:
    return seconds_asked(prefer)


Wait = Annotated[int | None, Depends(_wait)]


async def until_ended(store: Database, project: str, job: str, seconds: int, known: str | None = None) -> None:
    """Return when the job has ended, is at another version than the tag `known`, or the time is over."""
    until = current_time() + seconds
    while current_time() < until:
        status, tag = await run_sync(_standing, store, project, job)
        if status in TERMINAL or (known is not None and not matches(known, tag)):
            return
        await sleep(LOOK_SECONDS)


def _standing(store: Database, project: str, job: str) -> tuple[str, str]:
    with store.read() as db:
        row = jobs.get(db, project, job)
    return row["status"], f'"{row["version"]}"'
