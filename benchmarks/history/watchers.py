"""What a hundred people who look on cost a job that trains: updates per second with them and without, in turn.

A watcher does what the page of a job does: it listens to the stream of the job's events, and when something has
happened it asks for the page and for the figure in sight, with the tags of the last answers, at most once a second.
What a browser does with the answers is done on another machine and is left out. All watchers live in one process
beside the service, with the least priority there is: what they take themselves is not the service's doing.
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

from benchmarks.service import document, first_curve_seconds, service
from service.client import Job

WATCHERS = 100
SLICE_SECONDS = 2.0
ROOT = Path(__file__).parents[2]
LEAST_SECONDS, GATHER_SECONDS = 1.0, 0.1
"""As in `live.js`."""
END = b"\r\n\r\n"


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
    told = await asyncio.gather(*(Watcher(url, job).look(seconds) for _ in range(WATCHERS)))
    if not all(told):
        raise RuntimeError(f"{told.count(0)} of {WATCHERS} watchers saw nothing")


class Watcher:
    """A page that is open: one connection to the stream and one on which it asks, as `live.js` and `plots.js` do."""

    def __init__(self, url: str, job: str) -> None:
        self.host, _, self.port = url.removeprefix("http://").partition(":")
        self.job = job
        self.news = asyncio.Event()
        self.answers = 0

    async def look(self, seconds: float) -> int:
        """Answers that it got."""
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._ask())
        except TimeoutError:
            pass
        return self.answers

    async def _listen(self) -> None:
        """Read the stream, chunk by chunk: whatever comes but a ping is news."""
        reader, writer = await self._connected()
        writer.write(self._request(f"/v1/jobs/{self.job}/events/stream"))
        await reader.readuntil(END)
        while size := int(await reader.readline(), 16):
            piece = await reader.readexactly(size + 2)
            if not piece.startswith(b":"):
                self.news.set()

    async def _ask(self) -> None:
        """When there is news ask for what is shown, with the tags of the last answers, at most once a second."""
        reader, writer = await self._connected()
        tags = dict.fromkeys((f"/jobs/{self.job}", f"/v1/jobs/{self.job}/figures/development?arm=0&look=light"), b"")
        loop, asked = asyncio.get_running_loop(), -LEAST_SECONDS
        while await self.news.wait():
            await asyncio.sleep(max(GATHER_SECONDS, LEAST_SECONDS - (loop.time() - asked)))
            self.news.clear()
            asked = loop.time()
            for place, tag in tags.items():
                writer.write(self._request(place, tag))
                tags[place] = await _tag_of_answer(reader)
                self.answers += 1

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, int(self.port), limit=2**20)

    def _request(self, place: str, tag: bytes = b"") -> bytes:
        known = b"If-None-Match: " + tag + b"\r\n" if tag else b""
        return f"GET {place} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n".encode() + known + b"Accept: */*\r\n\r\n"


async def _tag_of_answer(reader: asyncio.StreamReader) -> bytes:
    """Read an answer to its end; it must be whole, or say that nothing is new."""
    status, *lines = (await reader.readuntil(END)).split(b"\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if status.split()[1] not in (b"200", b"304"):
        raise RuntimeError(status.decode())
    await reader.readexactly(int(headers.get(b"content-length", 0)))
    return headers[b"etag"]


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(watch(sys.argv[1], sys.argv[2], float(sys.argv[3])))
