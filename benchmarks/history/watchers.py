"""What a hundred people who look on cost a job that trains: updates per second with them and without, in turn.

A watcher does what the page does: it listens to the stream of the job's events, and when more is stored it asks for
the curves it shows, with the tag of the last answer, at most once a second. All of them live in one process beside the
service, on the same machine, with the least priority there is: what they take themselves is not the service's doing.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import httpx_sse

from benchmarks.service import document, first_curve_seconds, service
from service.client import Job

WATCHERS = 100
SLICE_SECONDS = 2.0
ROOT = Path(__file__).parents[2]
SHOWN = {"series": ["cost.naming", "update_norm.*"], "over": "seed", "points": 400}


def slowdown_percent(pairs: int, seconds: float) -> float:
    """Median over pairs of windows by how much slower updates come with watchers than without."""
    settings = {"ONTOGENY_SLICE_SECONDS_MIN": str(SLICE_SECONDS), "ONTOGENY_SLICE_SECONDS_MAX": str(SLICE_SECONDS)}
    with service(workers=1, settings=settings) as (client, _):
        first_curve_seconds(client, 900_000)
        job = client.submit(document("watched", updates=1_000_000, seed=910_000))
        _until_it_trains(job)
        found = []
        for pair in range(pairs):
            speeds = {}
            for watched in (True, False) if pair % 2 else (False, True):
                speeds[watched] = _speed(client.url, job, seconds, watched=watched)
            found.append(100.0 * (speeds[False] - speeds[True]) / speeds[False])
        job.cancel().wait()
    return statistics.median(found)


def _until_it_trains(job: Job) -> None:
    while not job.history("cost.naming", points=2, over="seed").traces:
        time.sleep(0.1)


def _speed(url: str, job: Job, seconds: float, *, watched: bool) -> float:
    """Updates per second of wall time between the first and the last commit in a window."""
    command = [sys.executable, "-m", "benchmarks.history.watchers", url, job.id, str(seconds + 2 * SLICE_SECONDS)]
    crowd = subprocess.Popen(command, cwd=ROOT) if watched else None
    time.sleep(2 * SLICE_SECONDS)
    after = job.refresh().state["progress"]["updates_done"]
    time.sleep(seconds)
    commits = list(job.client.pages(f"/v1/jobs/{job.id}/events", type="history", limit=1000))
    if crowd is not None and crowd.wait(60):
        raise RuntimeError("the watchers failed")
    recent = [row for row in commits if row["data"]["upto_offset"] >= after]
    first, last = recent[0], recent[-1]
    updates = sum(row["data"]["updates"] for row in recent[1:])
    return float(updates / (_at(last) - _at(first)))


def _at(row: dict[str, Any]) -> float:
    from datetime import datetime  # noqa: PLC0415 - beside its one use

    return datetime.fromisoformat(str(row["at"]).replace("Z", "+00:00")).timestamp()


async def watch(url: str, job: str, seconds: float) -> None:
    """Be a hundred watchers for a while."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60.0) as client:
        told = await asyncio.gather(*(_one(client, job, seconds) for _ in range(WATCHERS)))
    if not all(told):
        raise RuntimeError(f"{told.count(0)} of {WATCHERS} watchers saw nothing")


async def _one(client: httpx.AsyncClient, job: str, seconds: float) -> int:
    """Answers that one watcher got."""
    answers, tag = 0, ""
    try:
        async with asyncio.timeout(seconds):
            async with httpx_sse.aconnect_sse(client, "GET", f"/v1/jobs/{job}/events/stream") as source:
                async for event in source.aiter_sse():
                    if event.event == "history":
                        answer = await client.get(
                            f"/v1/jobs/{job}/history", params=SHOWN, headers={"If-None-Match": tag}
                        )
                        answer.raise_for_status() if answer.status_code != 304 else None
                        answers, tag = answers + 1, answer.headers["ETag"]
    except TimeoutError:
        pass
    return answers


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(watch(sys.argv[1], sys.argv[2], float(sys.argv[3])))
