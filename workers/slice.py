"""One slice, without Celery: claim, restore, train for a while, save, commit once, ring.

The file is written before the transaction that names it, and everything the slice found out is in that one
transaction: a crash at any line leaves either nothing or an orphan file, and the same slice is trained again to the
same bits. No transaction is open while there is training or writing of files.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import structlog

from models.engine import cohort as cohorts
from models.engine import snapshot, stage
from models.engine.cohort import Cohort
from models.specs.plan import realised_stop
from models.specs.regime import RegimeSpec
from service.queue.bell import Bell
from service.settings import Settings
from service.store import trajectories
from service.store.blobs import Blobs
from service.store.crash import crash_point
from service.store.engine import Database
from service.store.trajectories import Lease, SliceResult, SnapshotRow
from workers.lease import Progress, Renewal
from workers.recorder import Recorder

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Warm:
    """The stack as the last slice left it; the next slice may go on with it if nobody was there between."""

    trajectory: str
    fence: int
    state_hash: str
    cohort: Cohort

    def serves(self, lease: Lease) -> bool:
        """Whether loading the snapshot would give this very stack."""
        start = lease.start
        return (
            start is not None
            and (self.trajectory, self.fence + 1, self.state_hash) == (lease.id, lease.fence, start.state_hash)
        )


@dataclass
class Worker:
    """What a worker process holds between slices."""

    settings: Settings
    database: Database
    blobs: Blobs
    bell: Bell
    owner: str
    numerics: dict[str, Any]
    progress: Progress = field(default_factory=Progress)
    warm: Warm | None = None
    snapshot_seconds: float = 0.0
    """What the last snapshot took; slices are so long that snapshots stay cheap."""
    leaving: bool = False
    """Told to leave: the slice ends at the next boundary."""


def claim(worker: Worker, named: str | None) -> tuple[Lease, float] | None:
    """The named trajectory if it can run, else any; and the monotonic time before it was asked for."""
    ttl = worker.settings.lease_seconds
    asked_at = time.monotonic()
    lease = trajectories.claim(worker.database, worker.owner, worker.numerics, ttl, named) if named else None
    if lease is None:
        asked_at = time.monotonic()
        lease = trajectories.claim(worker.database, worker.owner, worker.numerics, ttl)
    return None if lease is None else (lease, asked_at)


def run(worker: Worker, lease: Lease, asked_at: float) -> None:
    """Train one slice of a claimed trajectory and commit it; LeaseLost if another took over."""
    crash_point("after_claim")
    began = time.monotonic()
    with Renewal(worker.database, lease, worker.settings.lease_seconds, worker.progress, asked_at) as renewal:
        cohort = restore(worker, lease)
        restored = time.monotonic()
        recorder = train(worker, lease, cohort, renewal)
        trained = time.monotonic()
        rows = save(worker, lease, cohort)
        saved = time.monotonic()
        renewal.must_stop()
    crash_point("before_commit")
    runnable = trajectories.commit_slice(worker.database, lease, recorder.result(lease.reached, rows))
    crash_point("after_commit")
    log.info(
        "slice",
        trajectory=lease.id,
        fence=lease.fence,
        offset=recorder.end,
        load_seconds=round(restored - began, 4),
        train_seconds=round(trained - restored, 4),
        snapshot_seconds=round(saved - trained, 4),
        commit_seconds=round(time.monotonic() - saved, 4),
    )
    worker.snapshot_seconds = saved - trained
    worker.warm = Warm(lease.id, lease.fence, rows[0].state_hash, cohort)
    crash_point("before_ring")
    worker.bell.ring_all(runnable)


def restore(worker: Worker, lease: Lease) -> Cohort:
    """The lives where the trajectory stands: in memory, in a snapshot, at the parent's stop, or at birth."""
    warm, worker.warm = worker.warm, None
    regime = RegimeSpec.model_validate(lease.regime, strict=False)
    if warm is not None and warm.serves(lease):
        return warm.cohort
    if lease.start is None:
        cohort = cohorts.birth(regime, lease.seeds)
    else:
        cohort, told = snapshot.load(worker.blobs.get(lease.start.uri, lease.start.sha256))
        if lease.start.trajectory != lease.id:
            stage.enter(cohort, regime)
    worker.progress.move(lease.reached)
    return cohort


def train(worker: Worker, lease: Lease, cohort: Cohort, renewal: Renewal) -> Recorder:
    """Updates until the slice is full, the next demand is met, or somebody wants it to end."""
    recorder = Recorder(lease)
    until = time.monotonic() + slice_seconds(worker, lease)
    for flush in stage.run(cohort, orders(lease), lease.reached, next_demand(lease)):
        recorder.add(flush)
        worker.progress.move(flush.end)
        crash_point("mid_train")
        full = time.monotonic() >= until or recorder.bytes >= worker.settings.history_bytes_per_slice
        if renewal.must_stop() or worker.leaving or full:
            break
    return recorder
