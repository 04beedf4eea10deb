"""`ontogeny demo`: the whole way once, on a service of its own: start, submit, watch, read, stop."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from service.cli.jobs import readings
from service.cli.output import Form, err, out, say, show_rows
from service.cli.plotting import plot
from service.cli.watching import watch_job
from service.client import Client, History, Job, Unreachable

START_SECONDS = 60.0
STOP_SECONDS = 60.0


def run(file: Path, home: Path) -> int:
    """Grow one schedule on a fresh service in `home`; 0 if it succeeded."""
    begun = time.monotonic()
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # `ontogeny up` keeps its own home there
    home.mkdir(mode=0o700)
    with _service(home) as client:
        say(f"a service of its own answers at {client.url}")
        job = client.submit(file)
        say(f"{file} is now {job.id}: {job.state['arms']} arm x {job.state['seeds']} seeds")
        code = watch_job(job)
        _tell(job.refresh())
    out.print(f"\nresults: {home / 'ontogeny.db'} (histories), {home / 'snapshots'} (weights)", markup=False)
    out.print(f"look again: ontogeny up --home {home}, then ontogeny history {job.id} 'probe.*' --plot", markup=False)
    say(f"{time.monotonic() - begun:.0f} s; the service is stopped")
    return code


@contextmanager
def _service(home: Path) -> Iterator[Client]:
    """`ontogeny up` as a child on a free port, stopped at the end whatever happens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "up", "--home", str(home), "--port", str(port)]
    with (home / "service.log").open("wb") as log:
        child = subprocess.Popen(command, stderr=log, stdout=log, env=_clean_environment(), start_new_session=True)
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            _wait_until_ready(client, child, home / "service.log")
            yield client
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def _clean_environment() -> dict[str, str]:
    """The environment without settings of another service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ONTOGENY_")}


def _wait_until_ready(client: Client, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    with err.status("starting API and workers"):
        while child.poll() is None and time.monotonic() < until:
            try:
                client.get("/health")
            except Unreachable:
                time.sleep(0.2)
            else:
                return
    raise Unreachable(f"the service did not start; its log:\n{log.read_text()[-2000:]}")


def _tell(job: Job) -> None:
    """Transitions, curve and final table of a finished job."""
    out.print(f"\n{job.state['name']}: {job.status}\n\nTransitions", markup=False)
    rows = [
        {
            "seed": row["seed"],
            "stage": row["stage"],
            "age (sp)": f"{row['age_sp']:,}",
            "ended by": row["fired"],
            "read": readings(row["values"]),
        }
        for row in job.transitions()
    ]
    show_rows(rows, ("seed", "stage", "age (sp)", "ended by", "read"), Form.TABLE)
    means = job.history("probe.*", over="seed", align="hold", points="all")
    accuracies = [trace for trace in means.traces if trace.unit == "fraction"][:1]
    if accuracies:
        out.print("\nLearning curve (mean over the lives that are still going on)", markup=False)
        out.print(plot(History(accuracies, means.thinning, means.stages, True, None, means.answer)), markup=False)
    out.print("\nAt the end of life (mean over seeds, 95 % band)", markup=False)
    show_rows(_final(job.history("probe.*", points="all")), ("series", "unit", "mean", "band", "lives"), Form.TABLE)


def _final(history: History) -> list[dict[str, Any]]:
    """Mean and t band over lives of each series' last finite reading."""
    from models.analysis.bands import Table, band, summary  # noqa: PLC0415 - scipy is slow to load

    last: dict[tuple[str, str], list[float]] = {}
    for trace in history.traces:
        finite = trace.y[np.isfinite(trace.y)]
        last.setdefault((trace.series, trace.unit), []).append(finite[-1] if len(finite) else np.nan)
    rows = []
    for (series, unit), values in last.items():
        table = Table.of(np.array([values]))
        bounds = band(table, "t", 0.95, "")
        rows.append(
            {
                "series": series,
                "unit": unit,
                "mean": f"{summary(table, 'mean')[0]:.3f}",
                "band": f"{bounds.low[0]:.3f} .. {bounds.high[0]:.3f}",
                "lives": int(table.n[0]),
            }
        )
    return rows
