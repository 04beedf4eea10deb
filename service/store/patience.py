"""How long an answer of PostgreSQL is waited for, by our own clock.

The server ends a statement that takes too long. But where packets vanish the server never hears of it, and the driver
would wait for ever: so we let go of a connection on which nothing comes.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

RV = TypeVar("RV")


class NoAnswer(psycopg.OperationalError):
    """Nothing came for so long that the connection was given up."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection of psycopg whose waits end."""

    patience_seconds = 30.0

    def wait(self, gen: Generator[Any, Any, RV], *args: Any, **kwargs: Any) -> RV:
        """Wait for the server as psycopg does, but not for ever."""
        return super().wait(self._bounded(gen), *args, **kwargs)

    def _bounded(self, gen: Generator[Any, Any, RV]) -> Generator[Any, Any, RV]:
        """Psycopg wakes the generator now and then with nothing ready: a moment to look at the clock."""
        until = time.monotonic() + self.patience_seconds
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and time.monotonic() > until:
                    self.close()
                    raise NoAnswer(f"no answer from the database for {self.patience_seconds:g} s")
                state = gen.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def be_patient(engine: sa.Engine, seconds: float) -> None:
    """Let no connection of an engine wait longer for an answer."""

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **options)
        connection.patience_seconds = seconds
        return connection
