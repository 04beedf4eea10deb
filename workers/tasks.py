"""The one task, `advance`, by bell or by an idle worker's look; and the one table of what an error means.

Whose fault it was decides what happens: what the user asked or the science gives ends the trajectory, what the machine
does is tried again, a lost lease is nobody's and leaves nothing behind.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import socket
import time
import traceback
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from models.engine import numerics
from models.errors import NoResult, Refused, SnapshotMismatch
from models.specs.worlds import dataset, environments
from models.worlds import tiles
from service.queue import bell
from service.settings import Settings
from service.store import agreements, trajectories, upkeep
from service.store.blobs import BlobLost
from service.store.creation import numerics_text
from service.store.engine import Database, SchemaOutdated, require_revision
from service.store.leases import Lease, LeaseLost
from service.store.places import open_blobs
from workers import app, environment, lease
from workers.slice import Stuck, Worker, claim
from workers.slice import run as run_slice

log = structlog.get_logger(__name__)

UNFIT = (SnapshotMismatch, agreements.Disagreement, SchemaOutdated)
"""Why a process cannot be a worker here at all."""

_TRAJECTORY_ID = re.compile(r"trj_[0-9a-f]{32}")


def serve(settings: Settings, slot: int) -> int:
    """Be a worker until told to leave, or until it has done its share; the exit status."""
    environment.private_temporary_folder(settings.home, f"slot-{slot}")
    tiles.keep_files_under(settings.home / "worlds")
    dataset.look_under(settings.data_folder)
    environments.let_in(settings.gym_packages)
    worker = build_worker(settings, slot)
    celery = app.build_app(settings)
    register(celery, worker)
    lease.watch(worker.progress, settings.hung_seconds)

    def stop() -> None:
        worker.leaving = True

    app.on_termination(stop)
    try:
        return app.listen(celery, lambda: advance(worker), settings.poll_seconds)
    finally:
        worker.bell.close()
        worker.database.close()


def build_worker(settings: Settings, slot: int) -> Worker:
    """A worker of the declared numerics class; SnapshotMismatch or Disagreement if this process cannot be one."""
    declared, own = settings.numerics.model_dump(mode="json"), numerics.numerics_class()
    if own != declared:
        raise SnapshotMismatch(f"this process is of numerics class {own}, the settings declare {declared}")
    numerics.configure()
    database = Database(settings.database_url, patience_seconds=settings.database_patience_seconds)
    blobs = open_blobs(settings.snapshots)
    owner = f"{socket.gethostname()}:{slot}:{os.getpid()}:{secrets.token_hex(4)}"
    try:
        require_revision(database)
        agreements.require_same_place(database, blobs, owner)
        agreements.require_same_bits(database, settings.numerics, numerics.arithmetic_digest(), owner)
    except BaseException:
        database.close()
        raise
    return Worker(settings, database, blobs, bell.Bell(settings), owner, numerics_text(settings.numerics))


def register(celery: Any, worker: Worker) -> None:
    """Give the application its one task. Bells are untrusted: what is no trajectory id is dropped."""

    @celery.task(name=bell.TASK, shared=False)  # type: ignore[untyped-decorator] # celery has no types
    def on_bell(trajectory: object) -> None:
        if isinstance(trajectory, str) and _TRAJECTORY_ID.fullmatch(trajectory):
            advance(worker, trajectory)
        else:
            log.warning("bell.refused", trajectory=repr(trajectory)[:100])


def advance(worker: Worker, named: str | None = None) -> bool:
    """One slice of the named trajectory, or of any; whether there was something to do. Never raises an Exception."""
    if worker.leaving:
        return False
    held: Lease | None = None
    worker.progress.busy = True
    try:
        claimed = claim(worker, named)
        if claimed is None:
            return False
        held, asked_at = claimed
        with structlog.contextvars.bound_contextvars(**about(held), worker=worker.owner):
            run_slice(worker, held, asked_at)
    except Exception as error:  # the one table; house rule
        _answer(worker, held, error)
    finally:
        worker.progress.busy = False
    _leave_if_worn(worker)
    return True


def about(held: Lease) -> dict[str, Any]:
    """What every line of a log says of the slice it comes from; a trajectory may be wanted by several jobs."""
    job = held.jobs[0] if len(held.jobs) == 1 else list(held.jobs)
    return {"trajectory": held.id, "fence": held.fence, "job": job}


def _answer(worker: Worker, held: Lease | None, error: Exception) -> None:
    """What an error means, written down; if the database is away, wait: the lease runs out by itself."""
    worker.warm = None
    try:
        _settle(worker, held, error)
    except LeaseLost:
        worker.count({"lease_lost": 1})
        log.info("lease.lost")
    except (OperationalError, InterfaceError) as away:
        log.warning("database.away", error=str(away.orig))
        time.sleep(worker.settings.backoff_seconds * random.uniform(0.5, 1.0))


def _settle(worker: Worker, held: Lease | None, error: Exception) -> None:
    match error:
        case LeaseLost() | OperationalError() | InterfaceError():
            raise error
        case _ if held is None:
            log.error("claim.failed", exc_info=error)
            time.sleep(worker.settings.backoff_seconds)
        case BlobLost():
            log.warning("snapshot.lost", error=str(error))
            upkeep.go_back(worker.database, held)
        case Refused() | SnapshotMismatch() | NoResult() | Stuck():
            _fail(worker, held, error, again=False)
        case OSError() | MemoryError():
            _fail(worker, held, error, again=True)
        case _:  # ours: loud, with its traceback
            log.error("slice.failed", exc_info=error)
            _fail(worker, held, error, again=True)


def _fail(worker: Worker, held: Lease, error: Exception, *, again: bool) -> None:
    told: dict[str, Any] = {"message": f"{type(error).__name__}: {error}"}
    if isinstance(error, Refused):
        told["findings"] = [vars(finding) for finding in error.findings]
    if not isinstance(error, Refused | NoResult | SnapshotMismatch | Stuck):
        told["traceback"] = "".join(traceback.format_exception(error))[-8000:]
    backoff_seconds = worker.settings.backoff_seconds * random.uniform(0.75, 1.25)
    crashes_max = worker.settings.crashes_max
    trajectories.fail(
        worker.database, held, told, again=again, backoff_seconds=backoff_seconds, crashes_max=crashes_max
    )


def _leave_if_worn(worker: Worker) -> None:
    """Leave between slices after so many of them, or above the memory limit; a fresh process takes over."""
    worker.slices += 1
    resident_mib, settings = environment.resident_mib(), worker.settings
    if worker.slices >= settings.slices_per_worker or resident_mib > settings.worker_memory_mib:
        log.info("worker.worn", slices=worker.slices, resident_mib=round(resident_mib))
        worker.leaving = True
        app.leave_after_this()
