"""Who may ask: keys with scopes, and what a repeated request was answered before."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from service.errors import NotFound
from service.store.rows import Row, fetch, fetch_one
from service.store.tables.access import api_key, idempotency_key, session

SCOPES = ("read", "submit", "control", "admin")
DEFAULT_PROJECT = "default"
_TOLD = [column for column in api_key.c if column.name != "secret_sha256"]
_KEY = re.compile(r"ont_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Caller:
    """Who asks, for which project, and what they may."""

    key: str | None
    project: str
    scopes: frozenset[str]
    name: str | None = None
    expires_at: float | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)


ANYONE_HERE = Caller(None, DEFAULT_PROJECT, frozenset(SCOPES))
"""The caller on loopback while no key exists."""


@dataclass(frozen=True)
class NewKey:
    """What a key is made for."""

    name: str
    scopes: Sequence[str]
    project: str = DEFAULT_PROJECT
    expires_at: float | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)


def create_key(db: sa.Connection, now: float, new: NewKey) -> tuple[str, str]:
    """Id and secret of a new key; the secret is told once, only its hash is stored."""
    unknown = sorted(set(new.scopes) - set(SCOPES))
    if unknown:
        raise ValueError(f"unknown scope {unknown[0]!r}; scopes are {', '.join(SCOPES)}")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = {
        "id": key_id,
        "project": new.project,
        "name": new.name,
        "secret_sha256": _digest(secret),
        "scopes": list(new.scopes),
        "quotas": dict(new.quotas),
        "created_at": now,
        "expires_at": new.expires_at,
    }
    db.execute(sa.insert(api_key).values(row))
    return key_id, f"ont_{key_id}_{secret}"


def any_key(db: sa.Connection) -> bool:
    """Whether a key was ever made; from then on one is asked for."""
    return db.execute(sa.select(api_key.c.id).limit(1)).first() is not None


def caller_of(db: sa.Connection, now: float, key: str) -> Caller | None:
    """The caller a key stands for; None if it is unknown, expired or revoked."""
    match = _KEY.fullmatch(key)
    row = match and fetch_one(db, sa.select(api_key).where(api_key.c.id == match[1]))
    if not match or not row or not hmac.compare_digest(row["secret_sha256"], _digest(match[2])):
        return None
    return _caller(row, now)


def open_session(db: sa.Connection, now: float, key: str, seconds: float) -> str | None:
    """A token that stands for a key for a while, told once; None if the key stands for nobody."""
    caller = caller_of(db, now, key)
    if caller is None:
        return None
    token = secrets.token_urlsafe(32)
    row = {"token_sha256": _digest(token), "key": caller.key, "expires_at": now + seconds}
    db.execute(sa.insert(session).values(row))
    return token


def caller_of_session(db: sa.Connection, now: float, token: str) -> Caller | None:
    """The caller whose key a token stands for; None once either has ended."""
    live = sa.and_(session.c.token_sha256 == _digest(token), session.c.expires_at >= now)
    row = fetch_one(db, sa.select(api_key).join(session, session.c.key == api_key.c.id).where(live))
    return None if row is None else _caller(row, now)


def close_session(db: sa.Connection, token: str) -> None:
    """The token stands for nobody any more."""
    db.execute(sa.delete(session).where(session.c.token_sha256 == _digest(token)))


def forget_sessions(db: sa.Connection, now: float) -> None:
    """Delete what is past its time."""
    db.execute(sa.delete(session).where(session.c.expires_at < now))


def get_key(db: sa.Connection, project: str, key_id: str) -> Row:
    """A key of a project without its hash; NotFound if it has none of that id."""
    row = fetch_one(db, sa.select(*_TOLD).where(api_key.c.id == key_id, api_key.c.project == project))
    if row is None:
        raise NotFound(f"there is no key {key_id}")
    return row


def list_keys(db: sa.Connection, project: str | None = None) -> list[Row]:
    """All keys, or those of a project, without their hashes, oldest first."""
    ours = [] if project is None else [api_key.c.project == project]
    return fetch(db, sa.select(*_TOLD).where(*ours).order_by(api_key.c.created_at, api_key.c.id))


def revoke_key(db: sa.Connection, now: float, key_id: str) -> bool:
    """End a key; False if there is none."""
    done = sa.update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=now)
    return bool(db.execute(done).rowcount)


def note_uses(db: sa.Connection, uses: Mapping[str, float]) -> None:
    """Note when keys were used last."""
    for key_id, at in sorted(uses.items()):
        later = sa.or_(api_key.c.used_at.is_(None), api_key.c.used_at < at)
        db.execute(sa.update(api_key).where(api_key.c.id == key_id, later).values(used_at=at))


@dataclass(frozen=True)
class Repeat:
    """A request that may have been made before."""

    caller: str
    method: str
    path: str
    value: str
    body_sha256: str


def answered(db: sa.Connection, now: float, repeat: Repeat) -> Row | None:
    """The row of the first such request that is not forgotten yet."""
    row = fetch_one(db, sa.select(idempotency_key).where(*_same(repeat)))
    return None if row is None or row["expires_at"] < now else row


def remember(db: sa.Connection, now: float, repeat: Repeat, status: int, location: str | None, seconds: float) -> None:
    """Store the answer in the transaction of its effect."""
    db.execute(sa.delete(idempotency_key).where(*_same(repeat), idempotency_key.c.expires_at < now))
    row = {**repeat.__dict__, "status": status, "location": location, "expires_at": now + seconds}
    db.execute(sa.insert(idempotency_key).values(row))


def forget_repeats(db: sa.Connection, now: float) -> None:
    """Delete what is past its time."""
    db.execute(sa.delete(idempotency_key).where(idempotency_key.c.expires_at < now))


def _caller(row: Row, now: float) -> Caller | None:
    """Whom a key stands for, unless it has ended."""
    if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] < now):
        return None
    scopes = frozenset(row["scopes"])
    return Caller(row["id"], row["project"], scopes, row["name"], row["expires_at"], row["quotas"])


def _same(repeat: Repeat) -> list[Any]:
    return [idempotency_key.c[name] == getattr(repeat, name) for name in ("caller", "method", "path", "value")]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
