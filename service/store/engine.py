"""The database: one way to read, one way to write, the clock, the schema's revision.

SQLite writers take the lock at once (BEGIN IMMEDIATE: a deferred transaction that upgrades fails at once under load);
readers never wait. PostgreSQL: READ COMMITTED, rows locked in the order trajectories by id, then jobs by id.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from service.store.liveness import be_watchful
from service.store.patience import be_patient

MIGRATIONS = Path(__file__).parents[2] / "migrations"
BUSY_SECONDS = 10
PROGRESS_STEPS = 20_000

CONFLICTS = 4
CONFLICTING = ("40P01", "23505", "23503")
"""Deadlock detected, unique violation, foreign key violation: each may come of what another did meanwhile."""

Clock = Callable[[], float]
P = ParamSpec("P")
T = TypeVar("T")


BYTES = "ontogeny_bytes"
"""Option of a statement that brings many bytes: PostgreSQL would send them as text, twice as long."""


class SchemaOutdated(Exception):
    """The database is on another revision than this code."""


class Database:
    """Connections to one database; `clock` replaces the database's own clock in tests."""

    def __init__(
        self,
        url: str,
        clock: Clock | None = None,
        *,
        read_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> None:
        """`read_seconds` bounds what one reading transaction may take; workers have no such bound.

        `patience_seconds` bounds how long one answer of a server is waited for; migrations have no such bound.
        """
        self.url = url
        self._clock = clock
        self._read_seconds = read_seconds
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._engine = _sqlite(url) if self.is_sqlite else _postgresql(url, read_seconds)
        self._reader, self._writer = self._engine, self._engine
        if self.is_sqlite:
            self._writer = self._engine.execution_options(ontogeny_write=True)
        else:
            self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        if patience_seconds is not None and not self.is_sqlite:
            be_patient(self._engine, patience_seconds)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads; on PostgreSQL every statement is one, as it sees what is committed by then."""
        with self._reader.connect() as connection, connection.begin(), self._bounded(connection):
            yield connection

    @contextmanager
    def _bounded(self, connection: sa.Connection) -> Iterator[None]:
        """SQLite has no limit on a statement's time but the one that is asked for every so many steps."""
        if self._read_seconds is None or not self.is_sqlite:
            yield
            return
        end = time.monotonic() + self._read_seconds
        driver: Any = connection.connection.dbapi_connection
        driver.set_progress_handler(lambda: time.monotonic() > end, PROGRESS_STEPS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that writes: committed at the end of the block, rolled back on any error."""
        with self._writer.connect() as connection, connection.begin():
            yield connection

    def now(self, connection: sa.Connection) -> float:
        """Seconds since the epoch by the database's clock."""
        if self._clock is not None:
            return self._clock()
        text = (
            "select (julianday('now') - 2440587.5) * 86400.0"
            if self.is_sqlite
            else "select extract(epoch from clock_timestamp())"
        )
        return float(connection.execute(sa.text(text)).scalar_one())

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def again_on_conflict(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function that is one whole transaction again if PostgreSQL ended it in favour of another one.

    Locks are taken in one order, but a commit learns only from what it stores which trajectories follow; of two
    requests with the same idempotency key the later finds the earlier's answer when it looks again; and a trajectory
    that was found may be deleted with the last job that reached it.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(CONFLICTS):
            try:
                return function(*args, **kwargs)
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in CONFLICTING:
                    raise
                time.sleep(random.uniform(0.01, 0.1))
        return function(*args, **kwargs)

    return run


def migrate(url: str) -> None:
    """Bring the schema up to date."""
    from alembic import command  # noqa: PLC0415 - slow to load, wanted once

    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> Any:
    """Alembic's settings for a database."""
    from alembic.config import Config  # noqa: PLC0415 - slow to load, wanted once

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def require_revision(database: Database) -> None:
    """SchemaOutdated unless the schema is the one this code knows."""
    newest = _newest_revision()
    with database.read() as connection:
        has = sa.inspect(connection).has_table("alembic_version")
        found = connection.execute(sa.text("select version_num from alembic_version")).scalar() if has else None
    if found != newest:
        raise SchemaOutdated(f"the database is on revision {found}, this code on {newest}; run `ontogeny migrate`")


def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - slow to load, wanted once

    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def _sqlite(url: str) -> sa.Engine:
    place = make_url(url).database
    if place and place != ":memory:":
        Path(place).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = sa.create_engine(url, hide_parameters=True, connect_args=waiting)

    @sa.event.listens_for(engine, "connect")
    def settle(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"pragma {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        immediate = connection.get_execution_options().get("ontogeny_write", False)
        connection.exec_driver_sql("begin immediate" if immediate else "begin")

    return engine


def _postgresql(url: str, read_seconds: float | None) -> sa.Engine:
    limits = ["-c idle_in_transaction_session_timeout=30000"]
    if read_seconds is not None:
        limits.append(f"-c statement_timeout={int(read_seconds * 1000)}")
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "options": " ".join(limits),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,  # milliseconds
        },
    )
    be_watchful(engine)

    @sa.event.listens_for(engine, "before_cursor_execute")
    def settle(connection: sa.Connection, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if context is not None and BYTES in context.execution_options:
            cursor.format = psycopg.pq.Format.BINARY

    return engine
