"""Failures that no killed process brings about: what the user is told, and what is kept."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from build import tiny_schedule
from direct import Direct
from houses import House
from processes import SHORT, Processes, assert_same, growing, undisturbed, until
from servers import private

from benchmarks.chaos.servers import Postgres, free_port
from service.app import create_app
from service.client import Client
from service.settings import Settings
from service.store import folder, trajectories
from service.store.engine import migrate
from service.store.tables.record import event
from service.store.tables.work import job, snapshot
from workers.tasks import advance

DAY = 86_400.0


def test_a_full_disk_is_told_with_its_path_and_waited_for(
    build: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = growing(2, 40)
    plain, house = undisturbed(build, [document]), build(first_slice_seconds=0.01, backoff_seconds=0.05)
    found, worker, write = house.submit(document), house.worker(), folder._write_through
    assert advance(worker)
    kept = house.snapshots()

    def half(file: Path, data: bytes) -> None:
        write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(folder, "_write_through", half)
    assert advance(worker)
    (reason,) = house.rows(sa.select(job.c.reason))
    assert reason["reason"].startswith("waiting-for-retry: OSError: [Errno 28] No space left on device")
    (told,) = [message for kind, message in house.events() if kind == "slice.failed"]
    assert house.settings.snapshots in told
    assert house.snapshots() == kept, "no row without its file"
    files = {str(file.relative_to(house.settings.snapshots)) for file in Path(house.settings.snapshots).glob("*/*")}
    assert files == {row["uri"] for row in kept}, "and nothing half-written is left"
    monkeypatch.undo()
    until(lambda: advance(worker), 10, house.events)
    house.work_off(worker)
    assert house.status(found) == "succeeded"
    assert_same(house, plain)


@pytest.mark.parametrize("ahead_seconds", [-DAY, DAY])
def test_a_worker_whose_clock_is_a_day_off_takes_and_loses_nothing(
    build: Callable[..., House], monkeypatch: pytest.MonkeyPatch, ahead_seconds: float
) -> None:
    """Leases, events and the age of files go by the clock of the database and of the disk."""
    document = growing(2, 40)
    plain, house = undisturbed(build, [document]), build(first_slice_seconds=0.01)
    found, worker = house.submit(document), house.worker()
    held = trajectories.claim(house.database, "another:0:1:a", worker.numerics, 30.0, None)
    assert held is not None
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead_seconds)
    assert not advance(worker), "a lease that runs is not taken"
    trajectories.fail(house.database, held, {"message": "gone"}, again=True, backoff_seconds=0.0)
    house.work_off(worker)
    assert house.status(found) == "succeeded"
    for row in house.rows(sa.select(snapshot.c.created_at)):
        assert abs(row["created_at"] - right()) < 3600
    assert_same(house, plain)


@pytest.mark.servers
@pytest.mark.timeout(120)
def test_while_the_database_is_away_an_api_asks_to_come_back_later(tmp_path: Path) -> None:
    with private(Postgres) as postgres:
        postgres.run("create database ontogeny")
        url = f"postgresql+psycopg://postgres@127.0.0.1:{postgres.port}/ontogeny"
        migrate(url)
        app = create_app(Settings(home=tmp_path, database_url=url))
        with httpx.Client(transport=Direct(app), base_url="http://localhost:8714", timeout=30) as api:
            document = {"document": tiny_schedule()}
            made = api.post("/v1/jobs", json=document, headers={"Idempotency-Key": "first"})
            postgres.stop(postgres.IMMEDIATE)
            for answer in (api.post("/v1/jobs", json=document), api.get(f"/v1/jobs/{made.json()['id']}")):
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) >= 1
                assert answer.json()["code"].startswith("database")
            assert api.get("/health").status_code == 200, "the process lives all the same"
            assert api.get("/health/ready").status_code == 503
            postgres.start()
            again = api.post("/v1/jobs", json=document, headers={"Idempotency-Key": "first"})
            assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
        app.state.database.close()


@pytest.mark.processes
@pytest.mark.timeout(150)
def test_who_follows_a_job_while_its_api_is_killed_misses_nothing(
    build: Callable[..., House], processes: Processes
) -> None:
    house, port = build(**SHORT), free_port()
    found = house.submit(growing(3, 60))
    command = (sys.executable, "-m", "service.cli", "api", "--port", str(port))
    url, told = f"http://127.0.0.1:{port}", list[Any]()
    api = processes.run(house, *command)
    until(partial(answers, url), 60, processes.log)

    def follow() -> None:
        with Client(url) as client:
            told.extend(client.job(found).follow())

    follower = threading.Thread(target=follow)
    follower.start()
    worker = house.worker()
    for _ in range(2):
        assert advance(worker)
        time.sleep(0.7)
    api.kill()
    api.wait()
    advance(worker)
    processes.run(house, *command)
    until(partial(answers, url), 60, processes.log)
    house.work_off(worker)
    follower.join(60)
    assert not follower.is_alive(), processes.log()
    stored = house.rows(sa.select(event.c.seq).where(event.c.type != "history").order_by(event.c.seq))
    unnumbered = {"job", "progress", "history", "end"}
    numbered = [each.seq for each in told if each.type not in unnumbered]
    assert numbered == [row["seq"] for row in stored], "none twice, none missing, in order"
    assert told[-1].type == "end"


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
