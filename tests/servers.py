"""Real servers for tests: those of the environment, else local ones, else our own from what packages carry.

Where there is none the test is skipped, loudly, and fails under CI: half of what is promised would not be tested.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import psycopg
import pytest
import redis
import sqlalchemy as sa

from benchmarks.chaos.servers import NoServer, Postgres, Redis, Server

S = TypeVar("S", bound=Server)
LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432"
LOCAL_REDIS = "redis://127.0.0.1:6379/15"


def do_without(reason: str) -> NoReturn:
    """Skip, and say what is not tested; an error under CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(f"NOT TESTED: {reason}")


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of a server in which the tests may make databases of their own."""
    url = os.environ.get("ONTOGENY_TEST_POSTGRES", LOCAL_POSTGRES).replace("postgresql+psycopg://", "postgresql://")
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        with private(Postgres) as server:
            yield server.url
    else:
        yield url


@contextmanager
def redis_server() -> Iterator[str]:
    """URL of a Redis in which the tests may use keys of their own."""
    url = os.environ.get("ONTOGENY_TEST_REDIS", LOCAL_REDIS)
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError:
        with private(Redis) as server:
            yield server.url
    else:
        yield url


@contextmanager
def private(kind: type[S]) -> Iterator[S]:
    """A server of the test's own, which it may flush, stop and kill."""
    try:
        server = kind()
    except NoServer as error:
        do_without(str(error))
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """URL of a new database without tables, dropped at the end."""
    name = f"ontogeny_test_{uuid.uuid4().hex[:12]}"
    _on_server(server, f'create database "{name}"')
    url = sa.make_url(server).set(drivername="postgresql+psycopg", database=name)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        _on_server(server, f'drop database "{name}" with (force)')


def _on_server(server: str, statement: str) -> None:
    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
