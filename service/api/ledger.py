"""What one process knows of its callers between requests: how much they ask, and when a key was used last.

Rates are counted in this process alone, as buckets that refill; uses of keys are written down now and then, so that
reading costs no write.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from service.store import access
from service.store.engine import Database, again_on_conflict

WINDOW_SECONDS = 60.0
FAILURES_PER_MINUTE = 60
"""Wrong keys from one address."""
MOST_BUCKETS = 10_000


@dataclass
class Bucket:
    """Requests that are left; refilled evenly, full after a window."""

    left: float
    at: float


@dataclass(frozen=True)
class Allowance:
    """What a caller may still ask."""

    limit: int
    left: int
    full_in_seconds: int
    wait_seconds: float
    """0 if this request may pass."""

    @property
    def headers(self) -> dict[str, str]:
        """As in draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit": f'"key";r={self.left};t={self.full_in_seconds}',
            "RateLimit-Policy": f'"key";q={self.limit};w={int(WINDOW_SECONDS)}',
        }


@dataclass
class Ledger:
    """Buckets by caller, and uses of keys that are not written down yet."""

    clock: Callable[[], float] = time.monotonic
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)
    _uses: dict[str, float] = field(default_factory=dict)

    def take(self, who: str, limit: int) -> Allowance:
        """Count one request of a caller against its limit a minute."""
        rate = limit / WINDOW_SECONDS
        with self._guard:
            now = self.clock()
            bucket = self._buckets.pop(who, None) or Bucket(float(limit), now)
            bucket.left = min(float(limit), bucket.left + (now - bucket.at) * rate)
            bucket.at = now
            passes = bucket.left >= 1.0
            bucket.left -= passes
            self._buckets[who] = bucket
            while len(self._buckets) > MOST_BUCKETS:  # those that asked longest ago are full again or nearly
                self._buckets.popitem(last=False)
        wait = 0.0 if passes else (1.0 - bucket.left) / rate
        return Allowance(limit, int(bucket.left), math.ceil((limit - bucket.left) / rate), wait)

    def is_empty(self, who: str, limit: int) -> bool:
        """Whether a caller would have to wait, without counting anything."""
        with self._guard:
            bucket = self._buckets.get(who)
            return bucket is not None and bucket.left + (self.clock() - bucket.at) * limit / WINDOW_SECONDS < 1.0

    def used(self, key: str, now: float) -> None:
        """A key was used, by the clock of the database."""
        with self._guard:
            self._uses[key] = now

    def write_down(self, database: Database) -> None:
        """Store the uses of keys since the last time."""
        with self._guard:
            uses, self._uses = self._uses, {}
        if uses:
            _write(database, uses)


@again_on_conflict
def _write(database: Database, uses: dict[str, float]) -> None:
    with database.write() as db:
        access.note_uses(db, uses)
