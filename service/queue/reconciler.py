"""What makes losing a bell, a worker or a file harmless: looked after again and again, by any number of processes.

Every part is idempotent and needs no leader: it compares what is stored with what should follow from it. Bells are rung
after their commit; one that cannot be sent is repeated after the grace.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError

from service.queue import bell
from service.settings import Settings
from service.store import access, agreements, sealing, tallies, upkeep
from service.store.blobs import Blobs
from service.store.crash import crash_point
from service.store.engine import Database
from service.store.places import open_blobs

log = structlog.get_logger(__name__)

TIDY_SECONDS = 60.0
"""Between two rounds of what nobody waits for: it looks at everything."""
HEARD_SECONDS = 3600.0


@dataclass
class Reconciler:
    """One process's share of looking after everything."""

    settings: Settings
    database: Database = field(init=False)
    blobs: Blobs = field(init=False)
    bell: bell.Bell = field(init=False)
    tidied_at: float | None = None

    def __post_init__(self) -> None:
        patience = self.settings.database_patience_seconds
        self.database = Database(self.settings.database_url, patience_seconds=patience)
        self.blobs = open_blobs(self.settings.snapshots)
        self.bell = bell.Bell(self.settings)

    def run_forever(self, stop: threading.Event) -> None:
        """A round every period until told to stop; a database that is away is waited for."""
        while not stop.wait(self.settings.reconcile_seconds):
            try:
                self.once()
            except (DBAPIError, OSError) as error:
                log.warning("reconciler.failed", error=str(error))
        self.bell.close()
        self.database.close()

    def once(self) -> None:
        """Expire leases, ring lost bells; now and then what nobody waits for."""
        upkeep.expire_leases(self.database)
        self.bell.ring_all(upkeep.unannounced(self.database, self.settings.bell_grace_seconds))
        self.count()
        if self.tidied_at is None or time.monotonic() - self.tidied_at >= TIDY_SECONDS:
            self.tidied_at = time.monotonic()
            self.tidy()

    def count(self) -> None:
        """Tell how many bells were rung; in a transaction of its own, only if there were some."""
        amounts = self.bell.untold()
        if any(amounts.values()):
            with self.database.write() as db:
                tallies.add(db, tallies.here("reconciler"), amounts)

    def tidy(self) -> None:
        """Repair statuses, seal histories nobody adds to, collect snapshots nobody needs, forget what is past its time.

        An answer whose time is over would not be repeated anyway: its row only takes room.
        """
        upkeep.repair_statuses(self.database)
        self.seal()
        self.collect()
        with self.database.write() as db:
            access.forget_repeats(db, self.database.now(db))
            access.forget_sessions(db, self.database.now(db))
        if self.settings.broker_url.startswith("filesystem:"):
            bell.forget_heard(self.settings, HEARD_SECONDS, time.time())

    def seal(self) -> None:
        """Blocks become chunks: all of an idle trajectory's, of another's those that are enough."""
        with self.database.read() as db:
            fresh = [trajectory for trajectory, _ in sealing.open_trajectories(db)]
            idle = sealing.at_rest(db, fresh)
        for trajectory in fresh:
            with self.database.write() as db:
                sealing.seal(db, trajectory, final=trajectory in idle)
                crash_point("mid_seal")

    def collect(self) -> None:
        """Snapshots that nothing needs, row first, then file; then files that never got a row."""
        try:
            agreements.require_same_place(self.database, self.blobs, agreements.this_process())
        except agreements.Disagreement as error:  # what lies there is not ours to judge
            log.error("snapshots.elsewhere", error=str(error))
            return
        for row in upkeep.collectable(self.database, self.settings.snapshot_grace_seconds):
            upkeep.forget_snapshot(self.database, row["id"])
            crash_point("mid_gc")
            self.blobs.delete(row["uri"])
        old = set(self.blobs.old(self.settings.orphan_grace_seconds))
        for uri in sorted(old - upkeep.named_files(self.database)):
            log.info("snapshot.orphan", uri=uri)
            self.blobs.delete(uri)
