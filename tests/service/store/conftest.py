from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import fresh_database
from simulated import Bench, Clock

from service.store.engine import Database, migrate
from service.store.tables import metadata


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "store.db")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """A fresh database without tables."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """A database that nobody has touched."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database with the tables of the newest revision; whoever uses it leaves rows."""
    with fresh_database(postgres_server) as url:
        migrate(url)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store of either kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url = str(request.getfixturevalue("postgres_url"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        connection.execute(sa.text(f"truncate {names} restart identity cascade"))
    engine.dispose()
    return url


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(database_url, clock)
    yield opened
    opened.close()


@pytest.fixture
def bench(database: Database, clock: Clock) -> Bench:
    """A store with somebody who submits and somebody who trains, in simulation."""
    return Bench(database, clock)
