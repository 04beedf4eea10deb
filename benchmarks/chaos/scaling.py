"""What more workers bring on one SQLite file, without any faults."""

from __future__ import annotations

import statistics
import time
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks.chaos.fleet import Fleet, embedded
from benchmarks.chaos.load import document
from benchmarks.chaos.servers import until
from service.lifecycle import TERMINAL
from service.settings import Settings
from service.store.tables.work import job

TIMES = ("lease_seconds", "slice_seconds_min", "slice_seconds_max", "first_slice_seconds", "database_patience_seconds")
LIMIT_SECONDS = 600.0
LOOK_SECONDS = 1.5
"""Who looks more often takes from the workers what is measured."""


def two_workers_vs_one(*, quick: bool) -> float:
    """How many times as fast two workers train equal jobs as one; median of rounds, interleaved."""
    rounds, jobs, updates = (1, 8, 1500) if quick else (3, 12, 1500)
    ratios = []
    for number in range(rounds):
        alone, together = (seconds_with(workers, jobs, updates, 100 * number) for workers in (1, 2))
        ratios.append(alone / together)
    return statistics.median(ratios)


def seconds_with(workers: int, jobs: int, updates: int, first: int) -> float:
    """From the first claim to the last end, by the clock of the database; workers are awake before."""
    with embedded(workers, **ordinary()) as fleet:
        run_jobs(fleet, 2 * workers, 100, first + 50)
        with fleet.database.read() as db:
            before = fleet.database.now(db)
        run_jobs(fleet, jobs, updates, first)
        with fleet.database.read() as db:
            ours = sa.select(sa.func.min(job.c.started_at), sa.func.max(job.c.finished_at)).where(
                job.c.created_at > before
            )
            begun, ended = db.execute(ours).one()
    return float(ended - begun)


def locked_with(workers: int, *, quick: bool) -> int:
    """How often anybody was told that the database is locked while so many workers share one file."""
    with embedded(workers) as fleet:
        answers = run_jobs(fleet, workers if quick else 4 * workers, 200, 0)
        told = fleet.logs().count("database is locked")
    return told + answers.count(503)


def run_jobs(fleet: Fleet, count: int, updates: int, first: int) -> list[int]:
    """Submit so many jobs, look at them while they are trained, wait for their end; statuses of all answers."""
    answers: list[int] = []
    with httpx.Client(base_url=fleet.urls[0], timeout=60) as client:

        def asked(method: str, path: str, **how: Any) -> httpx.Response:
            answer = client.request(method, path, **how)
            answers.append(answer.status_code)
            return answer

        documents = [document(first + i, updates) for i in range(count)]
        waiting = [asked("POST", "/v1/jobs", json={"document": each}).json()["id"] for each in documents]

        def ended() -> bool:
            time.sleep(LOOK_SECONDS)
            while waiting:
                state = asked("GET", f"/v1/jobs/{waiting[0]}")
                if state.status_code != 200 or state.json()["status"] not in TERMINAL:
                    return False
                waiting.pop(0)
            return True

        until(ended, LIMIT_SECONDS, fleet.logs)
    return answers


def ordinary() -> dict[str, Any]:
    """The times that a service has if nobody sets them."""
    return {name: Settings.model_fields[name].default for name in TIMES}
