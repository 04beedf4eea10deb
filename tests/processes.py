"""Real worker processes on a home, and how to end them; none outlives its test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from build import tiny_schedule

from service.store.tables.work import trajectory

ROOT = Path(__file__).parents[1]
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


class Processes:
    """Children of a test, each leader of a group; none outlives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, house: Any, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """`python -m workers` with these arguments."""
        return self.run(house, sys.executable, "-m", "workers", *arguments, **environment)

    def run(self, house: Any, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Any command, with the settings of the house."""
        return self.begin(command, os.environ | house.settings.as_environment() | environment)

    def begin(self, command: Sequence[str], environment: dict[str, str], cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        """Any command with this environment and no other."""
        log = (self.folder / f"log-{len(self.started)}.txt").open("wb")
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log, start_new_session=True)
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


def is_free(house: Any) -> bool:
    return not held(house)


def held(house: Any) -> bool:
    with house.database.read() as db:
        now = house.database.now(db)
        query = sa.select(trajectory.c.id).where(trajectory.c.lease_until > now)
        return bool(db.execute(query).first())
