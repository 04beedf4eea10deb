"""Where the stores lie: files in a folder, or databases of their own on a PostgreSQL server, gone afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

SERVER = os.environ.get("ONTOGENY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")


def postgresql_server() -> str | None:
    """The server of ONTOGENY_TEST_POSTGRES, or a local one; None if neither answers."""
    server = SERVER.replace("postgresql+psycopg://", "postgresql://")
    try:
        psycopg.connect(server, dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return None
    return server


@contextmanager
def place(kind: str, folder: Path, name: str) -> Iterator[str]:
    """The URL of an empty database of either kind."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / f'{name}.db'}"
        return
    server = postgresql_server()
    assert server is not None
    database = f"ontogeny_bench_{name}_{secrets.token_hex(4)}"
    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'create database "{database}"')
    try:
        url = sa.make_url(server).set(drivername="postgresql+psycopg", database=database)
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
            connection.execute(f'drop database "{database}" with (force)')


def bytes_of(url: str, tables: tuple[str, ...]) -> int:
    """Bytes that tables with their indices take, after a vacuum; of SQLite's file all pages that are in use."""
    engine = sa.create_engine(url)
    try:
        return _in_use(engine) if engine.dialect.name == "sqlite" else _of_relations(engine, tables)
    finally:
        engine.dispose()


def _in_use(engine: sa.Engine) -> int:
    with engine.connect() as db:
        count, free, size = (
            int(db.exec_driver_sql(f"pragma {what}").scalar_one())
            for what in ("page_count", "freelist_count", "page_size")
        )
    return (count - free) * size


def _of_relations(engine: sa.Engine, tables: tuple[str, ...]) -> int:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        sizes = []
        for table in tables:
            db.exec_driver_sql(f"vacuum analyze {table}")
            sizes.append(int(db.exec_driver_sql(f"select pg_total_relation_size('{table}')").scalar_one()))
    return sum(sizes)
