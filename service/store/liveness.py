"""Whether a pooled connection of PostgreSQL still leads anywhere, found out mostly without asking the server.

A server that ends, restarts or throws us out closes its side, and that can be read off our socket. Only where packets
vanish does a dead connection keep silent as a living one does; so after a pause the server is asked all the same.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
import sqlalchemy as sa

PAUSE_SECONDS = 5.0
_USED = "ontogeny_used"


def be_watchful(engine: sa.Engine) -> None:
    """Test connections before they are used again, as `pool_pre_ping` does but mostly without its round trip."""

    @sa.event.listens_for(engine, "checkin")
    def note(connection: Any, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def test(connection: Any, record: Any, proxy: Any) -> None:
        used = record.info.get(_USED)
        if used is None or (time.monotonic() - used < PAUSE_SECONDS and _is_quiet(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.InvalidatePoolError from error


def _is_quiet(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has said nothing since it was last asked."""
    if connection.closed:
        return False
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return not socket.poll(0)
