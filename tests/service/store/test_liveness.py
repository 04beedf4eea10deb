from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.store import liveness
from service.store.engine import Database

pytestmark = pytest.mark.servers


@pytest.fixture
def server(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def pings(server: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that were tested by asking the server."""
    told: list[object] = []
    dialect = server._engine.dialect
    ping = dialect.do_ping
    monkeypatch.setattr(dialect, "do_ping", lambda connection: told.append(connection) or ping(connection))
    return told


def backend(database: Database) -> int:
    with database.read() as db:
        return int(db.execute(sa.text("select pg_backend_pid()")).scalar_one())


def test_a_connection_in_use_is_not_asked_for(server: Database, pings: list[object]) -> None:
    assert backend(server) == backend(server)
    assert pings == []


def test_after_a_pause_the_server_is_asked(
    server: Database, pings: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "PAUSE_SECONDS", 0.0)
    assert backend(server) == backend(server)
    assert len(pings) == 1


def test_a_connection_that_was_thrown_out_is_made_again_unnoticed(
    server: Database, pings: list[object], postgres_url: str
) -> None:
    first = backend(server)
    other = Database(postgres_url)
    with other.write() as db:
        assert db.execute(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": first}).scalar()
    other.close()
    assert backend(server) != first
    assert len(pings) == 1


def test_a_reading_holds_no_transaction_open(server: Database, postgres_url: str) -> None:
    other = Database(postgres_url)
    state = sa.text("select state from pg_stat_activity where pid = :pid")
    with server.read() as db:
        pid = db.execute(sa.text("select pg_backend_pid()")).scalar_one()
        with other.read() as observer:
            assert observer.execute(state, {"pid": pid}).scalar() == "idle"
    with server.write() as db:
        pid = db.execute(sa.text("select pg_backend_pid()")).scalar_one()
        with other.read() as observer:
            assert observer.execute(state, {"pid": pid}).scalar() == "idle in transaction"
    other.close()
