"""Keys over HTTP: who asks, and the keys of a project for those who administer it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.api.answers import json_answer, tagged
from service.api.bodies import json_body, optional_body
from service.api.dependencies import Admin, Cursor, IdempotencyKey, Limit, RawBody, Reader, Store
from service.api.pages import page_of
from service.errors import Conflict, Forbidden
from service.store import access, quotas
from service.store.rows import Row
from service.wire.keys import KeyBody, KeyView, Me, NewKeyView
from service.wire.paging import Page
from service.wire.times import rfc3339

router = APIRouter(prefix="/v1", tags=["keys"])

DAY_SECONDS = 86_400.0
_TIMES = ("created_at", "expires_at", "used_at", "revoked_at")


@router.get("/me", responses={200: {"model": Me}})
def me(caller: Reader, store: Store) -> Response:
    """Who asks, what they may, and how much of it they use."""
    with store.read() as db:
        used = dict.fromkeys(("active_jobs", "stored_history_values", "stored_snapshot_bytes"), 0)
        if caller.key is not None:
            used = quotas.usage(db, caller.key)
    answer = {
        "key": caller.key,
        "name": caller.name,
        "project": caller.project,
        "scopes": [scope for scope in access.SCOPES if scope in caller.scopes],
        "expires_at": rfc3339(caller.expires_at),
        "quotas": dict(caller.quotas),
        "usage": used,
    }
    return json_answer(answer)


@router.get("/keys", responses={200: {"model": Page[KeyView]}})
def list_keys(request: Request, caller: Admin, store: Store, limit: Limit, cursor: Cursor = None) -> Response:
    """Keys of the project, oldest first; their secrets are not known any more."""
    with store.read() as db:
        rows = [_view(row) for row in access.list_keys(db, caller.project)]
    return page_of(request, rows, lambda row: [row["created_at"], row["id"]], limit, cursor)


@router.post("/keys", status_code=201, responses={201: {"model": NewKeyView}}, openapi_extra=json_body(KeyBody))
def create(body: RawBody, caller: Admin, store: Store, repeat: IdempotencyKey) -> Response:
    """Make a key of the same project; its secret is in this answer and nowhere else.

    A repeat under the same idempotency key is refused, for the secret cannot be told again.
    """
    given = optional_body(KeyBody, body)
    beyond = sorted(set(given.scopes) - caller.scopes)
    if beyond:
        raise Forbidden(f"the key lacks the scope {beyond[0]!r}, so it cannot give it")
    with store.write() as db:
        now = store.now(db)
        if repeat and access.answered(db, now, repeat):
            raise Conflict("this request has made a key already; list the keys", code="in-use")
        expires_at = None if given.expires_in_days is None else now + given.expires_in_days * DAY_SECONDS
        new = access.NewKey(given.name, given.scopes, caller.project, expires_at, given.quotas.given())
        key_id, secret = access.create_key(db, now, new)
        if repeat:
            access.remember(db, now, repeat, 201, f"/v1/keys/{key_id}", DAY_SECONDS)
        row = access.get_key(db, caller.project, key_id)
    headers = {"Location": f"/v1/keys/{key_id}", "Cache-Control": "no-store"}
    return json_answer({**_view(row), "key": secret}, 201, headers=headers)


@router.get("/keys/{key}", responses={200: {"model": KeyView}})
def show(key: str, request: Request, caller: Admin, store: Store) -> Response:
    """One key of the project."""
    with store.read() as db:
        return tagged(request, _view(access.get_key(db, caller.project, key)))


@router.delete("/keys/{key}", status_code=204)
def revoke(key: str, caller: Admin, store: Store) -> Response:
    """End a key; from now on it is refused. One that has ended already stays so."""
    with store.write() as db:
        access.get_key(db, caller.project, key)
        access.revoke_key(db, store.now(db), key)
    return Response(status_code=204)


def _view(row: Row) -> dict[str, Any]:
    return row | {name: rfc3339(row[name]) for name in _TIMES}
