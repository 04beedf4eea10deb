"""Two small threads beside the training: one renews the lease and listens, one ends a process that hangs.

Both only read the progress of the slice. A lease is renewed while updates are made, not while a process exists: a
worker that hangs loses its lease like one that died.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

import structlog
from sqlalchemy.exc import DBAPIError

from service.store import trajectories
from service.store.engine import Database
from service.store.leases import Lease, LeaseLost

log = structlog.get_logger(__name__)

HUNG_STATUS = 70
RENEWALS_PER_TTL = 4
MARGIN_PER_TTL = 8
JOIN_SECONDS = 1.0
HEAR_SECONDS = 1.0
"""A pause or a cancel is heard so soon."""


@dataclass
class Progress:
    """What the training thread has done; other threads read it."""

    moves: int = 0
    """Things finished since the start of the process: loads, flushes, writes."""
    offset: int = 0
    """Updates since the trajectory's start, not yet committed."""
    busy: bool = False
    """In a slice; an idle worker makes no progress and does not hang."""

    def move(self, offset: int | None = None) -> None:
        """Something was finished."""
        if offset is not None:
            self.offset = offset
        self.moves += 1


@dataclass
class Renewal:
    """Keeps a lease while the block runs; tells the slice when it must end and when its lease is gone."""

    database: Database
    lease: Lease
    ttl_seconds: float
    progress: Progress
    claimed_at: float
    """Monotonic time before the claim was asked for."""
    asked_to_stop: bool = False
    lost: bool = False
    _closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.kept_until = self.claimed_at + self.ttl_seconds
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Renewal:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._thread.join(JOIN_SECONDS)  # one that waits for the database ends by itself: it holds an old fence

    def must_stop(self) -> bool:
        """Somebody wishes a pause, or the lease could not be renewed and soon ends; LeaseLost if it is gone."""
        if self.lost:
            raise LeaseLost(self.lease.id)
        return self.asked_to_stop or time.monotonic() > self.kept_until - self.ttl_seconds / MARGIN_PER_TTL

    def _keep(self) -> None:
        """Listen often, renew now and then: while updates are made."""
        seen, renewed = self.progress.moves, time.monotonic()
        period = self.ttl_seconds / RENEWALS_PER_TTL
        while not self.lost and not self._closing.wait(min(HEAR_SECONDS, period)):
            due = time.monotonic() - renewed >= period * 0.99
            if due and self.progress.moves != seen:
                seen, renewed = self.progress.moves, time.monotonic()
                self._ask(renewed, self._renewed)
            else:
                self._ask(None, self._heeded)

    def _renewed(self) -> str:
        return trajectories.renew(self.database, self.lease, self.ttl_seconds, self.progress.offset)

    def _heeded(self) -> str:
        return trajectories.heed(self.database, self.lease)

    def _ask(self, renewed_at: float | None, ask: Callable[[], str]) -> None:
        """Ask the database; of a renewal the lease counts from before the call, for its answer may take long."""
        try:
            wish = ask()
        except LeaseLost:
            self.lost = True
            return
        except DBAPIError as error:
            log.warning("lease.not_renewed", error=str(error.orig))
            return
        if renewed_at is not None:
            self.kept_until = renewed_at + self.ttl_seconds
        self.asked_to_stop = self.asked_to_stop or wish == "stop"


def watch(progress: Progress, patience_seconds: float) -> threading.Thread:
    """End the process, with the stacks of all threads, if a slice makes no progress for so long."""

    def look() -> None:
        moves, since = progress.moves, time.monotonic()
        while True:
            time.sleep(patience_seconds / 20)
            if progress.moves != moves or not progress.busy:
                moves, since = progress.moves, time.monotonic()
            elif time.monotonic() - since > patience_seconds:
                log.error("worker.hung", offset=progress.offset, seconds=patience_seconds)
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                os._exit(HUNG_STATUS)

    thread = threading.Thread(target=look, name="watchdog", daemon=True)
    thread.start()
    return thread
