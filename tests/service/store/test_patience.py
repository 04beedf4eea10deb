from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from servers import private

from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.servers import Postgres
from service.store.engine import Database

PATIENCE_SECONDS = 1.0


def asked(database: Database, statement: str = "select 7") -> int:
    with database.read() as db:
        return int(db.execute(sa.text(statement)).scalar_one())


@pytest.fixture
def far(request: pytest.FixtureRequest) -> Iterator[tuple[Proxy, Database]]:
    with private(Postgres) as server:
        proxy = Proxy(server.port)
        url = server.url.replace("postgresql", "postgresql+psycopg").replace(str(server.port), str(proxy.port))
        database = Database(f"{url}/postgres", patience_seconds=PATIENCE_SECONDS)
        yield proxy, database
        database.close()
        proxy.close()


def asked_through_a_hole(proxy: Proxy, database: Database) -> None:
    with database.read() as db:
        proxy.swallow()
        db.execute(sa.text("select 1"))


@pytest.mark.servers
def test_a_database_in_a_black_hole_is_waited_for_but_not_for_ever(far: tuple[Proxy, Database]) -> None:
    """Both ends are well and nothing comes through; without a clock of our own the driver would wait until it heals."""
    proxy, database = far
    assert asked(database) == 7
    begun = time.monotonic()
    with pytest.raises(sa.exc.OperationalError, match="no answer from the database"):
        asked_through_a_hole(proxy, database)
    assert time.monotonic() - begun < 30.0
    with pytest.raises(sa.exc.OperationalError):
        asked(database)
    proxy.heal()
    assert asked(database) == 7


@pytest.mark.servers
def test_lost_connections_are_made_again_unnoticed(far: tuple[Proxy, Database]) -> None:
    proxy, database = far
    assert asked(database) == 7
    proxy.sever()
    assert asked(database) == 7
