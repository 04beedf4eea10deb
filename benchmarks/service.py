"""The service as a user meets it: submitting, waiting for the first curve, and what durability costs.

Starts `ontogeny up` with one worker in a temporary home and speaks HTTP. `overhead_percent` holds the wall time of
stages against the same updates in a bare loop of the engine: no database, no snapshots, no recording, no hand-over.
The two are interleaved, stage lengths chosen so that a stage trains for the named time. No probe is taken: what is
measured is asked for, not overhead.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report import start
from service.client import Client, Unreachable

ROOT = Path(__file__).parents[1]

BARE = """
import sys, time
from workers import environment
environment.settle()
from models.engine import cohort
from models.engine.numerics import arithmetic, configure
from models.engine.step import Training
from models.specs.canonical import canonical
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
configure()
schedule = canonical(ScheduleSpec.model_validate_json(sys.stdin.read()))
regime = plan_arm(schedule).steps[0].regime
training = Training(cohort.birth(regime, list(schedule.seeds.numbers)), regime)
with arithmetic():
    for _ in range(200):
        training.update()
    begun = time.perf_counter()
    for _ in range(int(sys.argv[1])):
        training.update()
print(time.perf_counter() - begun)
"""


def document(name: str, stages: int = 1, updates: int = 200, seed: int = 0) -> dict[str, Any]:
    """Eight lives of a small net on digits; stages that differ, so that none is shared."""
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": name,
        "seeds": {"start": seed, "count": 8},
        "clock": {"batch": 32},
        "organism": {
            "senses": {"retina": {"shape": [1, 8, 8]}},
            "areas": {
                "V1": {"kind": "linear", "size": 128},
                "IT": {"kind": "linear", "size": 128},
                "head": {"kind": "linear", "size": 10, "act": "none"},
            },
            "pathways": [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "IT"}, {"from": "IT", "to": "head"}],
        },
        "worlds": {"day": {"source": "digits"}},
        "costs": {"naming": {"kind": "cross_entropy", "at": "head"}},
        "stages": [
            {"name": f"s{i}", "world": "day", "costs": {"naming": 1.0 + 0.001 * i}, "until": {"after": f"{updates}ba"}}
            for i in range(stages)
        ],
    }


@contextmanager
def service(
    workers: int, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """A service in a home of its own; `settings` are variables of its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        command = [
            sys.executable,
            "-m",
            "service.cli",
            "up",
            "--home",
            home,
            "--port",
            str(port),
            "--workers",
            str(workers),
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONTOGENY_")}
        environment |= settings or {}
        with (Path(home) / "service.log").open("wb") as log:
            child = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)
        try:
            with Client(f"http://127.0.0.1:{port}") as client:
                _until_ready(client)
                yield client, child
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(120)


def _until_ready(client: Client) -> None:
    for _ in range(200):
        try:
            client.get("/health")
        except Unreachable:
            time.sleep(0.2)
        else:
            return
    raise Unreachable(client.url)


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def submitting(client: Client, count: int) -> float:
    """Jobs accepted per second, each a different document, one after another."""
    begun = time.perf_counter()
    for number in range(count):
        client.submit(document(f"load-{number}", seed=8 * number))
    return count / (time.perf_counter() - begun)


def first_curve_seconds(client: Client, seed: int) -> float:
    """From POST to the first stored values of a series."""
    begun = time.perf_counter()
    job = client.submit(document("first", updates=20_000, seed=seed))
    while not job.history("cost.naming", points=2).traces:
        time.sleep(0.02)
    seconds = time.perf_counter() - begun
    job.cancel().wait()
    return seconds


def bare_seconds(updates: int) -> float:
    """The same updates in a loop of the engine alone, in a process of its own."""
    import orjson  # noqa: PLC0415 - beside its one use

    text = orjson.dumps(document("bare", updates=updates)).decode()
    run = subprocess.run(
        [sys.executable, "-c", BARE, str(updates)], cwd=ROOT, input=text, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def served_seconds(client: Client, stages: int, updates: int, seed: int) -> float:
    """From the first claim to the end, by the database clock, for so many stages."""
    job = client.submit(document("overhead", stages, updates, seed)).wait()
    if job.status != "succeeded":
        raise RuntimeError(f"{job.id} {job.status}: {job.state['error']}")
    return _seconds(job.state["finished_at"]) - _seconds(job.state["started_at"])


def _seconds(stamp: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - beside its one use

    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def main() -> int:
    """Run it."""
    report = start("service")
    rounds, stage_seconds, stages = (2, 30.0, 2) if report.quick else (5, 30.0, 3)
    with service(workers=0) as (client, child):
        report.add("submit_per_s", submitting(client, 40 if report.quick else 200), "jobs/s")
        report.add("api_rss_mib", rss_mib(child.pid), "MiB")
    with service(workers=1) as (client, _):
        first_curve_seconds(client, 100_000)  # the worker's own start is not the question
        waits = [first_curve_seconds(client, 200_000 + 100 * i) for i in range(5)]
        report.add("submit_to_first_update_s", statistics.median(waits), "s", "<= 2")
        updates = max(1000, int(2000 / bare_seconds(2000) * stage_seconds))
        shares = []
        for i in range(rounds):
            bare = bare_seconds(updates) * stages
            served = served_seconds(client, stages, updates, 300_000 + 100 * i)
            shares.append(100.0 * (served - bare) / bare)
        report.add("stage_updates", updates, "updates")
        report.add("overhead_percent", statistics.median(shares), "%", "<= 5", peer="bare engine loop")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
