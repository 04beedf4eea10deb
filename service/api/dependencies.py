"""What routes ask for by type: the database, who asks, the body as it came; 401, 403 and 415 are raised here once.

What waits for nothing is `async`: FastAPI takes every other function to a thread, which costs more than most of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from email.message import Message
from typing import Annotated, Any

import sqlalchemy as sa
import structlog
from fastapi import Depends, Header, Query, Request

from models.specs.document import Parsed, read
from service.api.ledger import FAILURES_PER_MINUTE, WINDOW_SECONDS, Ledger
from service.errors import Forbidden, RateLimited, ServiceError, Unknown
from service.settings import Settings
from service.store import access
from service.store.access import Caller, Repeat
from service.store.engine import Database
from service.wire.paging import DEFAULT_LIMIT, LARGEST_LIMIT

LOGIN_COOKIE = "ontogeny_session"
YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})


class UnsupportedMediaType(ServiceError):
    """The body is of a type that is not read."""

    status, code = 415, "unsupported-media-type"


class ForbiddenOrigin(Forbidden):
    """A page that is not ours, or may not be, asks in the name of one who logged in."""

    code = "forbidden-origin"


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Config = Annotated[Settings, Depends(_settings)]
Store = Annotated[Database, Depends(_database)]


def _caller(request: Request, store: Store, settings: Config) -> Caller:
    """The bearer of a key; without any key in the database, whoever reaches a loopback address may do everything."""
    ledger: Ledger = request.app.state.ledger
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme and (scheme.lower() != "bearer" or not secret):
        raise Unknown("the header Authorization is not `Bearer ont_...`")
    stranger = stranger_of(request)
    if secret and ledger.is_empty(stranger, FAILURES_PER_MINUTE):
        raise RateLimited("too many unknown keys from this address", WINDOW_SECONDS / FAILURES_PER_MINUTE)
    with store.read() as db:
        now = store.now(db)
        if secret:
            found = access.caller_of(db, now, secret)
        else:
            found = _of_login(request, db, now)
            if found is None and settings.binds_loopback and not access.any_key(db):
                found = access.ANYONE_HERE
    if found is None:
        if secret:
            ledger.take(stranger, FAILURES_PER_MINUTE)
        raise Unknown("the key is unknown, expired or revoked" if secret else "send `Authorization: Bearer ont_...`")
    if found.key is not None:
        structlog.contextvars.bind_contextvars(key=found.key)
        ledger.used(found.key, now)
        _count(request, ledger, found, settings)
    return found


def stranger_of(request: Request) -> str:
    """By what the ledger counts the wrong keys of an address."""
    return f"stranger {request.client.host if request.client else ''}"


def _count(request: Request, ledger: Ledger, caller: Caller, settings: Settings) -> None:
    limit = min(settings.requests_per_minute, caller.quotas.get("requests_per_minute", settings.requests_per_minute))
    allowance = ledger.take(f"key {caller.key}", limit)
    request.state.answer_headers = allowance.headers
    if allowance.wait_seconds:
        raise RateLimited(f"the key has made {limit} requests within a minute", allowance.wait_seconds)


def _of_login(request: Request, db: sa.Connection, now: float) -> Caller | None:
    """Who logged in on the page that asks."""
    token = request.cookies.get(LOGIN_COOKIE)
    found = access.caller_of_session(db, now, token) if token else None
    if found is not None:
        _require_our_page(request)
    return found


def _require_our_page(request: Request) -> None:
    """A browser sends the cookie by itself: what changes anything must be of a kind that only our pages can send.

    The guard has refused foreign origins; here one must be named, and a body be of a type that no form has.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if "origin" not in request.headers:
        raise ForbiddenOrigin("a request with a login must name its Origin; programs send a key instead")
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        media_type(request)


def _require(scope: str, caller: Caller) -> Caller:
    if scope not in caller.scopes:
        raise Forbidden(f"the key lacks the scope {scope!r}")
    return caller


def _may(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    async def check(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        return _require(scope, caller)

    return check


Reader = Annotated[Caller, Depends(_may("read"))]
Submitter = Annotated[Caller, Depends(_may("submit"))]
Controller = Annotated[Caller, Depends(_may("control"))]
Admin = Annotated[Caller, Depends(_may("admin"))]


def _watcher(request: Request, store: Store, settings: Config) -> Caller | None:
    """Whoever may see how the service does: anybody where only this machine can ask, else an administrator."""
    return None if settings.binds_loopback else _require("admin", _caller(request, store, settings))


Watcher = Annotated[Caller | None, Depends(_watcher)]


async def _limit(
    limit: Annotated[int, Query(ge=1, description="At most so many items; more than 1000 is 1000.")] = DEFAULT_LIMIT,
) -> int:
    return min(limit, LARGEST_LIMIT)


Limit = Annotated[int, Depends(_limit)]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]


async def raw_body(request: Request) -> bytes:
    """The bytes of the body; the guard has bounded them."""
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]


def parsed_body(request: Request, body: RawBody) -> Parsed:
    """A JSON or YAML object with its positions; 415 for other types, Malformed for what cannot be read."""
    return read(body, "yaml" if media_type(request) in YAML_TYPES else "json")


def media_type(request: Request) -> str:
    """Type of the body without parameters; 415 unless it is JSON or YAML."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    media = header.get_content_type()
    if media not in YAML_TYPES and media != "application/json":
        given = request.headers.get("content-type") or "nothing"
        raise UnsupportedMediaType(
            f"the body is {given}; send application/json or application/yaml",
            errors=[_fault("/header/content-type", f"{given} is not read", "application/json, or application/yaml")],
        )
    return media


ParsedBody = Annotated[Parsed, Depends(parsed_body)]


def _fault(pointer: str, message: str, suggestion: str) -> dict[str, Any]:
    return {
        "pointer": pointer,
        "code": "unsupported-media-type",
        "message": message,
        "suggestion": {"text": suggestion},
    }


def _repeat(
    request: Request,
    body: RawBody,
    caller: Annotated[Caller, Depends(_caller)],
    idempotency_key: Annotated[
        str | None, Header(max_length=255, description="Repeats of a request do no more.")
    ] = None,
) -> Repeat | None:
    """What a request with an idempotency key is known by: who asks what of whom, and the digest of all it says."""
    if idempotency_key is None:
        return None
    said = hashlib.sha256(request.url.query.encode() + b"\0" + body).hexdigest()
    return Repeat(caller.key or "", request.method, request.url.path, idempotency_key, said)


IdempotencyKey = Annotated[Repeat | None, Depends(_repeat)]
