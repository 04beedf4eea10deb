from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
import sqlalchemy as sa
from build import tiny_schedule

from service.store import jobs, search
from service.store.leases import Lease, LeaseLost
from service.store.tables.work import trajectory
from workers.lease import HUNG_STATUS, Progress, Renewal
from workers.slice import claim

TTL_SECONDS = 0.8


def leased(house: Any) -> tuple[Lease, float]:
    house.submit(tiny_schedule())
    claimed = claim(house.worker(), None)
    assert claimed is not None
    return claimed


def lease_until(house: Any) -> float:
    return float(house.rows(sa.select(trajectory.c.lease_until))[0]["lease_until"])


@pytest.fixture
def short(build: Any) -> Any:
    return build(lease_seconds=TTL_SECONDS)


def test_a_lease_is_renewed_while_updates_are_made(short: Any) -> None:
    lease, asked_at = leased(short)
    progress = Progress()
    first = lease_until(short)
    with Renewal(short.database, lease, TTL_SECONDS, progress, asked_at) as renewal:
        for offset in range(14):
            progress.move(offset)
            time.sleep(TTL_SECONDS / 10)
            assert not renewal.must_stop()
    assert lease_until(short) >= first + TTL_SECONDS


def test_a_worker_without_progress_loses_its_lease_and_must_stop(short: Any) -> None:
    lease, asked_at = leased(short)
    first = lease_until(short)
    with Renewal(short.database, lease, TTL_SECONDS, Progress(), asked_at) as renewal:
        time.sleep(TTL_SECONDS * 1.2)
        assert renewal.must_stop()
    assert lease_until(short) == first


def test_a_wish_to_stop_is_heard_at_a_renewal(short: Any) -> None:
    lease, asked_at = leased(short)
    progress = Progress()
    with short.database.write() as db:
        (job,) = search.list_page(db, "default")
        jobs.request(db, short.database.now(db), "default", job["id"], jobs.Wish("pause"))
    with Renewal(short.database, lease, TTL_SECONDS, progress, asked_at) as renewal:
        progress.move(1)
        deadline = time.monotonic() + 5.0
        while not renewal.asked_to_stop and time.monotonic() < deadline:
            time.sleep(0.02)
        assert renewal.asked_to_stop


def test_a_lease_that_another_took_is_told_to_the_training(short: Any) -> None:
    lease, asked_at = leased(short)
    with short.database.write() as db:
        db.execute(sa.update(trajectory).values(fence=trajectory.c.fence + 1))
    progress = Progress()
    with Renewal(short.database, lease, TTL_SECONDS, progress, asked_at) as renewal:
        progress.move(1)
        deadline = time.monotonic() + 5.0
        while not renewal.lost and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(LeaseLost):
            renewal.must_stop()


def watched(busy: bool) -> subprocess.CompletedProcess[str]:
    program = (
        f"import time; from workers.lease import Progress, watch;watch(Progress(busy={busy}), 0.3); time.sleep(1.5)"
    )
    return subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=False)


def test_a_worker_that_hangs_ends_itself_and_says_where() -> None:
    ended = watched(busy=True)
    assert ended.returncode == HUNG_STATUS
    assert "worker.hung" in ended.stdout + ended.stderr
    assert 'File "<string>"' in ended.stderr


def test_an_idle_worker_does_not_hang() -> None:
    assert watched(busy=False).returncode == 0
