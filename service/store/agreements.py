"""What all processes on one database must find the same, written down by the first that looked.

Under `snapshots` the mark of the place where snapshots lie; under `arithmetic` and a numerics class the digest of the
bits that its workers make.
"""

from __future__ import annotations

import os
import secrets
import socket

import sqlalchemy as sa

from models.specs.numerics import NumericsSpec
from service.store.blobs import MARK, Blobs
from service.store.engine import Database, again_on_conflict
from service.store.rows import Row, fetch, fetch_one
from service.store.tables.fleet import agreement
from service.store.tables.work import snapshot

SNAPSHOTS = "snapshots"


class Disagreement(Exception):
    """A process differs from the others on its database and must not work there; the message says what to do."""


@again_on_conflict
def agree(database: Database, name: str, value: str, owner: str) -> tuple[Row, bool]:
    """What is agreed under a name, which is ours if nothing was before; and whether it was ours that came first."""
    with database.write() as db:
        known = fetch_one(db, sa.select(agreement).where(agreement.c.name == name))
        if known is not None:
            return known, False
        row = {"name": name, "value": value, "owner": owner, "at": database.now(db)}
        db.execute(sa.insert(agreement).values(row))
        return row, True


def this_process() -> str:
    """How a process that is no worker signs."""
    return f"{socket.gethostname()}:{os.getpid()}"


def agreed(db: sa.Connection) -> list[Row]:
    """All that was agreed, by name."""
    return fetch(db, sa.select(agreement).order_by(agreement.c.name))


def forget(db: sa.Connection, name: str) -> bool:
    """Let the next process that looks write it anew; False if there is no such name."""
    return bool(db.execute(sa.delete(agreement).where(agreement.c.name == name)).rowcount)


def require_same_bits(database: Database, numerics: NumericsSpec, digest: str, owner: str) -> None:
    """Disagreement unless this machine makes the bits of the first worker of its numerics class."""
    name = ":".join(["arithmetic", *(str(each).lower() for each in numerics.model_dump().values())])
    known, _ = agree(database, name, digest, owner)
    if known["value"] != digest:
        raise Disagreement(
            f"this machine makes other bits ({digest}) than that of {known['owner']} ({known['value']}), the first "
            "worker of their numerics class here: a life that both train would be neither's. Run the workers of one "
            "database on processors of one type, or give this machine a database of its own. If the whole fleet has "
            f"moved to machines like this one, say `ontogeny fleet forget {name}`"
        )


def require_same_place(database: Database, blobs: Blobs, owner: str) -> None:
    """Disagreement unless the snapshots of this database lie here; a folder that is not mounted looks empty.

    A process with another place would neither find what the others wrote nor know what it may collect.
    """
    known, first = agree(database, SNAPSHOTS, secrets.token_hex(16), owner)
    found = blobs.mark(known["value"]) if first or not _any_snapshot(database) else blobs.marked()
    if found == known["value"]:
        return
    raise Disagreement(
        f"{_told(blobs, found)}: set ONTOGENY_SNAPSHOTS to the place "
        f"that all its machines share, and see that it is mounted. If this is the place, write {known['value']} into "
        f"its file {MARK}"
    )


def other_place(database: Database, blobs: Blobs) -> str | None:
    """Why a place is not that of this database's snapshots; None if it is, or may become it. Writes nothing."""
    with database.read() as db:
        known = fetch_one(db, sa.select(agreement).where(agreement.c.name == SNAPSHOTS))
    if known is None or not _any_snapshot(database):
        return None
    found = blobs.marked()
    return None if found == known["value"] else _told(blobs, found)


def _told(blobs: Blobs, found: str | None) -> str:
    here = "has no mark" if found is None else "belongs to another database"
    return f"{blobs.place} {here}, so the snapshots of this database lie elsewhere"


def _any_snapshot(database: Database) -> bool:
    with database.read() as db:
        return db.execute(sa.select(snapshot.c.id).limit(1)).first() is not None
