"""Real worker processes, killed: the truth is in the database, so nothing is lost, doubled or different."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from build import tiny_schedule

from service.store.tables.work import trajectory

pytestmark = [pytest.mark.processes, pytest.mark.timeout(150)]

ROOT = Path(__file__).parents[2]
SHORT: dict[str, Any] = {
    "lease_seconds": 1.2,
    "first_slice_seconds": 0.2,
    "slice_seconds_min": 0.2,
    "slice_seconds_max": 0.5,
    "poll_seconds": 0.2,
    "reconcile_seconds": 0.2,
    "bell_grace_seconds": 0.4,
    "backoff_seconds": 0.2,
}
LANES = (
    ("after_claim", "mid_train", "after_commit", "after_tmp"),
    ("after_rename", "before_ring", "before_commit"),
)
"""Two houses at once; in each the workers die one after another."""


class Processes:
    """Children of a test, each leader of a group; none outlives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, house: Any, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"log-{len(self.started)}.txt").open("wb")
        process = subprocess.Popen(
            (sys.executable, "-m", "workers", *arguments),
            cwd=ROOT,
            env=os.environ | house.settings.as_environment() | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.started.append(process)
        return process

    def log(self, index: int = -1) -> str:
        return (self.folder / f"log-{len(self.started) + index if index < 0 else index}.txt").read_text()

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = [line for index in range(len(self.started)) for line in self.log(index).splitlines()]
        return [data for line in lines if line.startswith("{") and (data := json.loads(line)).get("event") == event]

    def end(self) -> None:
        for process in self.started:
            for pid in [*children(process.pid), process.pid]:
                end_group(pid)
            process.wait()


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def end_group(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    kept = Processes(tmp_path)
    yield kept
    kept.end()


def until(condition: Callable[[], bool], seconds: float, told: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {told()}"
        time.sleep(0.05)


def growing(stages: int, batches: int, lr: float = 0.05) -> dict[str, Any]:
    """A life of many stages, each its own trajectory, the last one ended by a trigger."""
    parts: list[dict[str, Any]] = [
        {"name": f"s{i}", "world": "school", "costs": {"naming": 1.0 / (1 + i)}, "until": {"after": f"{batches}ba"}}
        for i in range(stages)
    ]
    parts[-1] |= {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}}, "limit": f"{batches}ba"}
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": lr, "momentum": 0.9}}
    return tiny_schedule(stages=parts, organism=organism)


def undisturbed(build: Callable[..., Any], documents: list[dict[str, Any]]) -> Any:
    house = build()
    for document in documents:
        house.submit(document)
    house.work_off(house.worker())
    return house


def assert_same(house: Any, plain: Any) -> None:
    assert house.state_hashes() == plain.state_hashes()
    assert house.history() == plain.history()
    assert house.transitions() == plain.transitions()
    house.assert_whole()


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


def test_workers_that_die_at_every_named_point_change_nothing(build: Callable[..., Any], processes: Processes) -> None:
    document = growing(len(LANES[0]), 40)
    plain = undisturbed(build, [document])
    houses = [build(**SHORT | {"lease_seconds": 0.5}) for _ in LANES]
    ids = [house.submit(document) for house in houses]
    for points in zip_longest(*LANES):
        dying = [
            processes.start(house, "--slot", "0", ONTOGENY_CRASH_AT=point)
            for house, point in zip(houses, points, strict=True)
            if point is not None
        ]
        assert [each.wait(60) for each in dying] == [-signal.SIGKILL] * len(dying), processes.log()
    for house, job in zip(houses, ids, strict=True):
        assert house.status(job) == "running"
        until(partial(is_free, house), 5, house.trajectories)
        house.work_off(house.worker())
        assert house.status(job) == "succeeded", house.events()
        assert_same(house, plain)


def is_free(house: Any) -> bool:
    return not held(house)


def held(house: Any) -> bool:
    with house.database.read() as db:
        now = house.database.now(db)
        query = sa.select(trajectory.c.id).where(trajectory.c.lease_until > now)
        return bool(db.execute(query).first())


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
