"""One slice, without Celery: claim, restore, train for a while, save, commit once, ring.

The file is written before the transaction that names it, and everything the slice found out is in that one
transaction: a crash at any line leaves either nothing or an orphan file, and the same slice is trained again to the
same bits. No transaction is open while there is training or writing of files.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson
import structlog

from models.engine import cohort as cohorts
from models.engine import snapshot, stage
from models.engine.cohort import Cohort
from models.specs.plan import realised_stop
from models.specs.probes import MEASURES, area_of, parts_of
from models.specs.regime import Ending, Measured, Reading, RegimeSpec
from service.queue.bell import Bell
from service.settings import Settings
from service.store import tallies, trajectories
from service.store.blobs import Blobs
from service.store.crash import crash_point
from service.store.engine import Database
from service.store.leases import Lease, SliceResult, SnapshotRow
from service.store.series_rows import Described
from workers.lease import Progress, Renewal
from workers.recorder import Recorder

log = structlog.get_logger(__name__)


class Stuck(Exception):
    """There is demand, and no life that could meet it: another attempt would find the same."""


@dataclass(frozen=True)
class Warm:
    """The stack as the last slice left it; the next slice may go on with it if nobody was there between."""

    trajectory: str
    fence: int
    state_hash: str
    cohort: Cohort

    def serves(self, lease: Lease) -> bool:
        """Whether loading the snapshot would give this very stack."""
        if lease.start is None or lease.start.trajectory != lease.id:
            return False
        return (self.trajectory, self.fence + 1, self.state_hash) == (lease.id, lease.fence, lease.start.state_hash)


@dataclass
class Worker:
    """What a worker process holds between slices."""

    settings: Settings
    database: Database
    blobs: Blobs
    bell: Bell
    owner: str
    numerics: str
    progress: Progress = field(default_factory=Progress)
    warm: Warm | None = None
    snapshot_seconds: float = 0.0
    """What the last snapshot took; slices are so long that snapshots stay cheap."""
    leaving: bool = False
    """Told to leave: the slice ends at the next boundary."""
    slices: int = 0
    counts: dict[str, float] = field(default_factory=dict)
    """For the tallies, since the last commit."""

    def count(self, amounts: Mapping[str, float]) -> None:
        """Add to what the next commit tells."""
        self.counts = tallies.together(self.counts, amounts)


@dataclass(frozen=True)
class Task:
    """A lease with its documents read."""

    lease: Lease
    orders: stage.Orders
    asked_at: float
    """Monotonic time before the claim was asked for: the lease lasts at least so long from there."""

    @property
    def stop(self) -> int:
        """The next offset at which the trajectory must stand still: a fixed demand, or the furthest one."""
        ahead = (offset for offset in self.orders.offsets if self.lease.reached < offset < self.lease.wanted)
        return min(ahead, default=self.lease.wanted)


def claim(worker: Worker, named: str | None) -> tuple[Lease, float] | None:
    """The named trajectory if it can run, else any; with the monotonic time before it was asked for."""
    for wanted in (named, None) if named is not None else (None,):
        asked_at = time.monotonic()
        ttl, crashes_max = worker.settings.lease_seconds, worker.settings.crashes_max
        who = (worker.database, worker.owner, worker.numerics)
        lease = trajectories.claim(*who, ttl, wanted, crashes_max=crashes_max)
        if lease is not None:
            return lease, asked_at
    return None


def run(worker: Worker, lease: Lease, asked_at: float) -> None:
    """Train one slice of a claimed trajectory and commit it; LeaseLost if another took over."""
    crash_point("after_claim")
    task = Task(lease, orders(lease), asked_at)
    watch = Stopwatch()
    with Renewal(worker.database, lease, worker.settings.lease_seconds, worker.progress, asked_at) as renewal:
        cohort = restore(worker, task)
        watch.lap("load_seconds")
        ended = endings_met(task, cohort)
        recorder = train(worker, task, cohort, renewal)
        watch.lap("train_seconds")
        if recorder.end == lease.reached:
            give_back(worker, task, renewal)
            return
        rows = save(worker, lease, cohort, endings_met(task, cohort) - ended)
        worker.snapshot_seconds = watch.lap("snapshot_seconds")
        renewal.must_stop()
        crash_point("before_commit")
        worker.count(tallies.observed("slice_seconds", sum(watch.laps.values())))
        worker.count(worker.bell.untold())
        ring = trajectories.commit_slice(worker.database, lease, result(recorder, task, rows, worker.counts))
        worker.counts = {}
    crash_point("after_commit")
    worker.warm = Warm(lease.id, lease.fence, rows[0].state_hash, cohort)
    worker.count(tallies.observed("commit_seconds", watch.lap("commit_seconds")))
    log.info("slice", offset=recorder.end, **watch.laps)
    crash_point("before_ring")
    worker.bell.ring_all(ring)


def orders(lease: Lease) -> stage.Orders:
    """What the engine is asked for, from the documents of a lease."""
    return stage.Orders(
        regime=RegimeSpec.model_validate_json(orjson.dumps(lease.regime)),
        probes={name: Measured.model_validate_json(orjson.dumps(each)) for name, each in lease.probes.items()},
        readings={
            name: [Reading(first=first, every=every, last=last) for first, every, last in several]
            for name, several in lease.readings.items()
        },
        offsets=lease.offsets,
        endings={name: Ending.model_validate_json(orjson.dumps(each)) for name, each in lease.endings.items()},
    )


def restore(worker: Worker, task: Task) -> Cohort:
    """The lives where the slice begins: in memory, in a snapshot, at the parent's stop, or at birth."""
    lease, (warm, worker.warm) = task.lease, (worker.warm, None)
    if warm is not None and warm.serves(lease):
        return warm.cohort
    if lease.start is None:
        cohort = cohorts.birth(task.orders.regime, lease.seeds)
    else:
        cohort, _ = snapshot.load(worker.blobs.get(lease.start.uri, lease.start.sha256))
        if lease.start.trajectory != lease.id:
            stage.enter(cohort, task.orders.regime)
    worker.progress.move(lease.reached)
    return cohort


def train(worker: Worker, task: Task, cohort: Cohort, renewal: Renewal) -> Recorder:
    """Updates until the slice is full, the next demand is met, or somebody wants it to end."""
    lease = task.lease
    recorder = Recorder(lease.reached, lease.seeds, cohort.seeds)
    until = time.monotonic() + slice_seconds(worker, lease)
    for flush in stage.run(cohort, task.orders, lease.reached, task.stop):
        recorder.add(flush)
        worker.progress.move(flush.end)
        crash_point("mid_train")
        full = time.monotonic() >= until or recorder.bytes >= worker.settings.history_bytes_per_slice
        if renewal.must_stop() or worker.leaving or full:
            break
    return recorder


def slice_seconds(worker: Worker, lease: Lease) -> float:
    """How long to train: so long that the snapshot is cheap, but the first slice shows a curve at once."""
    settings = worker.settings
    if lease.first_slice:
        return settings.first_slice_seconds
    wanted = settings.slice_per_snapshot * worker.snapshot_seconds
    return min(max(settings.slice_seconds_min, wanted), settings.slice_seconds_max)


def endings_met(task: Task, cohort: Cohort) -> frozenset[str]:
    """Triggered demands that no life of the cohort is still under way to."""
    going = {seed for seed, diverged in zip(cohort.seeds, cohort.diverged_N, strict=True) if not diverged}
    return frozenset(digest for digest in task.orders.endings if going <= cohort.frozen.get(digest, {}).keys())


def save(worker: Worker, lease: Lease, cohort: Cohort, ended: frozenset[str]) -> list[SnapshotRow]:
    """Write the cohort as it stands, then the lives that advance from each ending that was met in this slice."""
    rows = [_write(worker, lease, cohort, str(cohort.offset), cohort.offset)]
    for digest in sorted(ended):
        left = {seed: each.offset for seed, each in cohort.frozen.get(digest, {}).items() if each.status == "advanced"}
        if left:
            stop = realised_stop(left)
            rows.append(_write(worker, lease, stage.gather(cohort, digest), stop, max(left.values())))
    return rows


def _write(worker: Worker, lease: Lease, cohort: Cohort, stop: str, at_offset: int) -> SnapshotRow:
    data = snapshot.dump(cohort, {"trajectory": lease.id, "stop": stop})
    stored = worker.blobs.put(lease.id, stop, lease.fence, data)
    worker.progress.move()
    return SnapshotRow(stop, at_offset, stored.uri, stored.sha256, stored.bytes, snapshot.state_hash(cohort))


def result(recorder: Recorder, task: Task, rows: list[SnapshotRow], counts: Mapping[str, float]) -> SliceResult:
    """All of the slice, for its one commit."""
    return SliceResult(
        start=recorder.start,
        end=recorder.end,
        blocks=recorder.blocks(),
        transitions=recorder.transitions,
        snapshots=rows,
        updates=recorder.updates,
        train_seconds=recorder.train_seconds,
        described=dict(described(task.orders)),
        counts=counts,
    )


def described(asked: stage.Orders) -> Iterator[tuple[str, Described]]:
    """What the numbers are of every series that a probe may write, by path."""
    areas = tuple(asked.regime.organism.areas)
    for name, each in asked.probes.items():
        unit = MEASURES[each.probe.kind].unit
        for part in parts_of(each.probe, areas):
            yield f"{name}.{part}" if part else name, Described(unit, area_of(each.probe, part))


def give_back(worker: Worker, task: Task, renewal: Renewal) -> None:
    """Nothing was trained: told to stop before the first flush, or no life can go on."""
    if not (renewal.must_stop() or worker.leaving):
        lives = "the lives that were asked for stopped earlier in this trajectory and cannot be taken further"
        raise Stuck(f"nothing to train between offsets {task.lease.reached} and {task.stop}: {lives}")
    trajectories.release(worker.database, task.lease)


class Stopwatch:
    """Seconds of the parts of a slice."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> float:
        """End a part: its seconds."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        self.laps[name] = round(seconds, 4)
        return seconds
