"""Ringing after the answer has left: the broker may be slow or away, and the reconciler rings what this missed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask

from service.settings import Settings
from service.store import tallies
from service.store.engine import Database

if TYPE_CHECKING:
    from service.queue.bell import Bell


class Ringer:
    """A bell that is made when it is first rung: its library takes longer to load than the whole API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._making = threading.Lock()
        self._bell: Bell | None = None

    def later(self, trajectories: Sequence[str]) -> BackgroundTask | None:
        """The task that rings for these; None if there is nothing to ring for."""
        return BackgroundTask(self._ring, tuple(trajectories)) if trajectories else None

    def write_down(self, database: Database) -> None:
        """Store how often the bell was rung."""
        with self._making:
            amounts = {} if self._bell is None else self._bell.untold()
        if any(amounts.values()):
            with database.write() as db:
                tallies.add(db, tallies.here("api"), amounts)

    def close(self) -> None:
        """Let go of the broker."""
        with self._making:
            if self._bell is not None:
                self._bell.close()

    def _ring(self, trajectories: Sequence[str]) -> None:
        from service.queue.bell import Bell  # noqa: PLC0415 - slow to load, wanted after the first submission

        with self._making:
            self._bell = self._bell or Bell(self._settings)
        self._bell.ring_all(trajectories)
