"""Logging in: a key is traded for a cookie that scripts cannot read and other sites cannot send."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.api.dependencies import LOGIN_COOKIE, Config, RawBody, Store, stranger_of
from service.api.ledger import FAILURES_PER_MINUTE, WINDOW_SECONDS, Ledger
from service.errors import RateLimited
from service.pages.rendering import render
from service.store import access
from service.store.engine import Database

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name of the parameter
    """The form for a key."""
    return render(request, "login.html", next=_local(next), refused=False)


@router.post("/login")
async def enter(request: Request, body: RawBody, store: Store, settings: Config) -> Response:
    """A form with a key; back to where its owner wanted to go, with the cookie."""
    ledger: Ledger = request.app.state.ledger
    stranger = stranger_of(request)
    if ledger.is_empty(stranger, FAILURES_PER_MINUTE):
        raise RateLimited("too many unknown keys from this address", WINDOW_SECONDS / FAILURES_PER_MINUTE)
    given = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    token = await run_sync(_open, store, given.get("key", "").strip(), settings.session_seconds)
    if token is None:
        ledger.take(stranger, FAILURES_PER_MINUTE)
        return render(request, "login.html", 401, next=_local(given.get("next", "/")), refused=True)
    answer = RedirectResponse(_local(given.get("next", "/")), 303)
    answer.set_cookie(
        LOGIN_COOKIE,
        token,
        max_age=int(settings.session_seconds),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def leave(request: Request, store: Store) -> Response:
    """The cookie stands for nobody any more, here and in the browser."""
    token = request.cookies.get(LOGIN_COOKIE)
    if token:
        await run_sync(_close, store, token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(LOGIN_COOKIE, httponly=True, samesite="strict")
    return answer


def _open(store: Database, key: str, seconds: float) -> str | None:
    with store.write() as db:
        return access.open_session(db, store.now(db), key, seconds)


def _close(store: Database, token: str) -> None:
    with store.write() as db:
        access.close_session(db, token)


def _local(path: str) -> str:
    """A path of this service; whatever else is asked for, the list of jobs."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if ours and path.isprintable() else "/"
