"""Real worker processes, killed: the truth is in the database, so nothing is lost, doubled or different."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from processes import SHORT, Processes, assert_same, children, end_group, growing, held, undisturbed, until

from service.store.tables.work import trajectory

pytestmark = [pytest.mark.processes, pytest.mark.timeout(150)]


def test_workers_killed_at_random_moments_change_nothing(build: Callable[..., Any], processes: Processes) -> None:
    documents = [growing(4, 250, lr) for lr in (0.05, 0.02)]
    plain, house = undisturbed(build, documents), build(**SHORT)
    ids = [house.submit(document) for document in documents]
    supervisor = processes.start(house, "--slots", "2")
    chance = random.Random(7)
    kills = 0

    def done() -> bool:
        return all(house.status(job) == "succeeded" for job in ids)

    def committed() -> int:
        return int(sum(row["slices"] for row in house.trajectories()))

    until(lambda: committed() > 0, 40, processes.log)
    while not done() and kills < 4:
        time.sleep(chance.uniform(0.2, 1.2))
        for worker in children(supervisor.pid)[:1] if kills % 2 else children(supervisor.pid)[-1:]:
            end_group(worker)
            kills += 1
    until(done, 60, lambda: f"{house.events()[-5:]} {processes.log()[-4000:]}")
    assert kills >= 3
    assert sum(row["fence"] for row in house.trajectories()) > len(house.trajectories())
    assert_same(house, plain)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 0
    assert all(row["owner"] is None for row in house.rows(sa.select(trajectory)))


def test_a_worker_that_wakes_after_its_lease_writes_nothing(build: Callable[..., Any], processes: Processes) -> None:
    document = growing(1, 3000)
    plain, house = (
        undisturbed(build, [document]),
        build(**SHORT | {"slice_seconds_min": 5.0, "first_slice_seconds": 5.0}),
    )
    job = house.submit(document)
    zombie = processes.start(house, "--slot", "0")
    until(lambda: held(house), 40, processes.log)
    end_group(zombie.pid, signal.SIGSTOP)
    stopped_in = house.trajectories()[0]["fence"]
    time.sleep(SHORT["lease_seconds"] + 0.3)
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    assert house.trajectories()[0]["fence"] > stopped_in
    end_group(zombie.pid, signal.SIGCONT)
    until(lambda: bool(processes.logged("lease.lost")), 20, processes.log)
    end_group(zombie.pid, signal.SIGTERM)
    assert zombie.wait(20) == 0
    assert_same(house, plain)


def test_a_killed_supervisor_takes_its_workers_along(build: Callable[..., Any], processes: Processes) -> None:
    house = build(**SHORT)
    supervisor = processes.start(house, "--slots", "1")
    until(lambda: len(children(supervisor.pid)) == 1, 20, processes.log)
    (worker,) = children(supervisor.pid)
    time.sleep(0.5)
    supervisor.kill()
    supervisor.wait()
    until(lambda: not Path(f"/proc/{worker}").exists(), 20, processes.log)
