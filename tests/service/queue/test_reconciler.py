from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
import yaml
from build import tiny_schedule

from models.specs.document import read
from models.specs.numerics import NumericsSpec
from service.queue.reconciler import Reconciler
from service.settings import Settings
from service.store import access, agreements, history, trajectories
from service.store.access import ANYONE_HERE, Repeat
from service.store.blobs import MARK
from service.store.blocks import SeriesGroup, encode_block
from service.store.clock import Notes
from service.store.creation import numerics_text
from service.store.engine import Database, migrate
from service.store.leases import Lease, SliceResult, SnapshotRow
from service.store.tables.access import idempotency_key
from service.store.tables.record import event, history_block
from service.store.tables.work import job, snapshot, trajectory
from service.submission import About, prepare, submit

ROOT = Path(__file__).parents[3]
SHORT: dict[str, Any] = {"lease_seconds": 0.1, "bell_grace_seconds": 3.0, "reconcile_seconds": 0.05}


@pytest.fixture
def reconciler(tmp_path: Path) -> Iterator[Reconciler]:
    settings = Settings(home=tmp_path / "home", **SHORT)
    migrate(settings.database_url)
    built = Reconciler(settings)
    agreements.require_same_place(built.database, built.blobs, "test")
    yield built
    built.bell.close()
    built.database.close()


def submitted(reconciler: Reconciler) -> str:
    prepared = prepare(read(yaml.safe_dump(tiny_schedule())), None, NumericsSpec())
    return submit(reconciler.database, reconciler.settings, ANYONE_HERE, prepared, About(), None).job


def claimed(reconciler: Reconciler) -> Lease:
    lease = trajectories.claim(
        reconciler.database, "w", numerics_text(NumericsSpec()), reconciler.settings.lease_seconds
    )
    assert lease is not None
    return lease


def commit(reconciler: Reconciler, lease: Lease, end: int) -> None:
    """A slice that trained to `end`, its values the offsets."""
    offsets = np.arange(lease.reached + 1, end + 1)
    values = np.broadcast_to(offsets.astype(np.float32)[None, :, None], (1, len(offsets), len(lease.seeds)))
    group = SeriesGroup(["cost.naming"], offsets, values, None)
    file = reconciler.blobs.put(lease.id, str(end), lease.fence, b"weights at %d" % end)
    row = SnapshotRow(str(end), end, file.uri, file.sha256, file.bytes, file.sha256)
    block = encode_block(lease.reached, end, [group], Notes.even(end, 1.0))
    result = SliceResult(lease.reached, end, [block], [], [row], end - lease.reached, 1.0)
    trajectories.commit_slice(reconciler.database, lease, result)


def rows(database: Database, query: Any) -> list[Any]:
    with database.read() as db:
        return list(db.execute(query).mappings())


def waiting_bells(reconciler: Reconciler) -> int:
    return len(list((reconciler.settings.home / "bells" / "waiting").glob("*.msg")))


def test_what_nobody_rang_for_is_rung_once_per_grace(reconciler: Reconciler) -> None:
    submitted(reconciler)
    for _ in range(3):
        reconciler.once()
    assert waiting_bells(reconciler) == 1
    time.sleep(reconciler.settings.bell_grace_seconds + 0.05)
    reconciler.once()
    assert waiting_bells(reconciler) == 2


def test_a_silent_worker_is_told_once_and_its_trajectory_rung_for(reconciler: Reconciler) -> None:
    found = submitted(reconciler)
    claimed(reconciler)
    time.sleep(reconciler.settings.lease_seconds + 0.05)
    for _ in range(3):
        reconciler.once()
    told = rows(reconciler.database, sa.select(event).where(event.c.job == found, event.c.type == "lease.expired"))
    assert len(told) == 1
    assert waiting_bells(reconciler) == 1
    assert claimed(reconciler).fence == 2


def test_a_job_whose_status_was_left_behind_is_repaired(reconciler: Reconciler) -> None:
    found = submitted(reconciler)
    with reconciler.database.write() as db:
        db.execute(sa.update(job).where(job.c.id == found).values(started_at=1.0))
    reconciler.once()
    assert rows(reconciler.database, sa.select(job.c.status))[0]["status"] == "running"


def test_an_idle_history_is_sealed_and_reads_the_same(reconciler: Reconciler) -> None:
    submitted(reconciler)
    commit(reconciler, claimed(reconciler), 4)
    (row,) = [each for each in rows(reconciler.database, sa.select(trajectory)) if each["reached"]]
    with reconciler.database.read() as db:
        before = history.digests(db, row["id"])
    reconciler.seal()
    assert len(rows(reconciler.database, sa.select(history_block.c.offset0))) == 1  # more is wanted: it stays open
    commit(reconciler, claimed(reconciler), 10)
    with reconciler.database.read() as db:
        before = history.digests(db, row["id"])
    reconciler.seal()
    assert rows(reconciler.database, sa.select(history_block.c.offset0)) == []
    with reconciler.database.read() as db:
        assert history.digests(db, row["id"]) == before


def test_files_without_a_row_are_collected_after_their_grace_only(reconciler: Reconciler) -> None:
    submitted(reconciler)
    commit(reconciler, claimed(reconciler), 4)
    kept = rows(reconciler.database, sa.select(snapshot.c.uri))[0]["uri"]
    young = reconciler.blobs.put("trj_x", "1", 1, b"young").uri
    old = reconciler.blobs.put("trj_x", "2", 1, b"old").uri
    past = time.time() - reconciler.settings.orphan_grace_seconds - 60.0
    for uri in (kept, old):
        os.utime(reconciler.blobs.path(uri), (past, past))
    reconciler.collect()
    assert reconciler.blobs.path(kept).exists()
    assert reconciler.blobs.path(young).exists()
    assert not reconciler.blobs.path(old).exists()


def test_snapshots_that_nothing_needs_are_collected_but_not_the_last_two(reconciler: Reconciler) -> None:
    submitted(reconciler)
    for end in (2, 4, 6, 8):
        commit(reconciler, claimed(reconciler), end)
    reconciler.settings = reconciler.settings.model_copy(update={"snapshot_grace_seconds": 1e-9})
    reconciler.collect()
    left = rows(reconciler.database, sa.select(snapshot.c.stop, snapshot.c.uri))
    assert sorted(int(row["stop"]) for row in left) == [6, 8]
    files = {str(path.relative_to(reconciler.blobs.folder)) for path in reconciler.blobs.folder.glob("*/*")}
    assert files == {row["uri"] for row in left}


def test_nothing_is_collected_in_a_place_of_another_database(reconciler: Reconciler) -> None:
    """Two databases on one folder would take each other's snapshots for orphans."""
    orphan = reconciler.blobs.put("trj_x", "2", 1, b"theirs").uri
    past = time.time() - 10_000.0
    os.utime(reconciler.blobs.path(orphan), (past, past))
    (reconciler.blobs.folder / MARK).write_text("another database")
    reconciler.tidy()
    assert reconciler.blobs.path(orphan).exists()
    with reconciler.database.write() as db:
        agreements.forget(db, agreements.SNAPSHOTS)
    (reconciler.blobs.folder / MARK).unlink()
    reconciler.tidy()
    assert not reconciler.blobs.path(orphan).exists()


def test_answers_are_forgotten_once_their_time_is_over(reconciler: Reconciler) -> None:
    gone, kept = (Repeat("", "POST", "/v1/jobs", value, "0" * 64) for value in ("old", "new"))
    with reconciler.database.write() as db:
        now = reconciler.database.now(db)
        access.remember(db, now - 100.0, gone, 201, "/v1/jobs/a", 50.0)
        access.remember(db, now, kept, 201, "/v1/jobs/b", 50.0)
    reconciler.tidy()
    assert [row["value"] for row in rows(reconciler.database, sa.select(idempotency_key))] == ["new"]


def test_a_loop_ends_when_it_is_told(reconciler: Reconciler) -> None:
    submitted(reconciler)
    stop = threading.Event()
    thread = threading.Thread(target=reconciler.run_forever, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 5.0
    while not waiting_bells(reconciler) and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(5.0)
    assert not thread.is_alive()
    assert waiting_bells(reconciler) >= 1


@pytest.mark.parametrize("point", ["mid_seal", "mid_gc"])
def test_a_reconciler_that_dies_in_between_is_continued_by_the_next(reconciler: Reconciler, point: str) -> None:
    submitted(reconciler)
    for end in (2, 4, 6, 10):
        commit(reconciler, claimed(reconciler), end)
    (found,) = [row["id"] for row in rows(reconciler.database, sa.select(trajectory)) if row["reached"]]
    with reconciler.database.read() as db:
        before = history.digests(db, found)
    short = reconciler.settings.model_copy(update={"snapshot_grace_seconds": 1e-9, "orphan_grace_seconds": 1e-9})
    program = (
        "from service.queue.reconciler import Reconciler; from service.settings import Settings;"
        "Reconciler(Settings()).tidy()"
    )
    environment = os.environ | short.as_environment() | {"ONTOGENY_CRASH_AT": point}
    died = subprocess.run((sys.executable, "-c", program), cwd=ROOT, env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    reconciler.settings = short
    reconciler.tidy()
    with reconciler.database.read() as db:
        assert history.digests(db, found) == before
    assert rows(reconciler.database, sa.select(history_block.c.offset0)) == []
    files = {str(path.relative_to(reconciler.blobs.folder)) for path in reconciler.blobs.folder.glob("*/*")}
    assert files == {row["uri"] for row in rows(reconciler.database, sa.select(snapshot.c.uri))}
