"""Following a job: one bar per stage in a terminal, one line per change elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import typer
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from service.cli.output import err, say
from service.client import Job, Trace

EXIT_BY_STATUS = {"succeeded": 0, "failed": 10, "cancelled": 11, "paused": 12}
LINE_SECONDS = 30.0
LOOK_SECONDS = 1
AGAIN_SECONDS = 2.0
"""A second Ctrl-C within this time asks whether the job is to be cancelled."""
SPARKS, SPARK_POINTS, MOST_PROBES = "▁▂▃▄▅▆▇█", 32, 8


def watch_job(job: Job) -> int:
    """Follow to the end and give the exit code; Ctrl-C detaches."""
    try:
        return _bars(job) if err.is_terminal else _lines(job)
    except KeyboardInterrupt:
        return _detached(job)


def _detached(job: Job) -> int:
    """Ctrl-C cancels nothing; a second one soon after it asks whether that is what is wanted."""
    asks = err.is_terminal and sys.stdin.isatty()
    again = "; Ctrl-C again to cancel it" if asks else ""
    say(f"detached; the job goes on: ontogeny watch {job.id}{again}")
    if not asks:
        return 130
    try:
        time.sleep(AGAIN_SECONDS)
    except KeyboardInterrupt:
        return _asked_to_cancel(job)
    return 130


def _asked_to_cancel(job: Job) -> int:
    try:
        wanted = typer.confirm(f"cancel {job.id}?", err=True)
    except (typer.Abort, KeyboardInterrupt):
        wanted = False
    if not wanted:
        return 130
    job.cancel("Ctrl-C while it was watched")
    say(f"{job.status}; what is committed stays, and `ontogeny retry {job.id}` goes on from there")
    return EXIT_BY_STATUS["cancelled"]


def stage_shares(job: Job, plan: dict[str, Any]) -> dict[str, float]:
    """Stage -> share of it that has been lived, as a mean over the job's lives."""
    lived: dict[str, list[float]] = {}
    arms = {arm.get("index", number): arm for number, arm in enumerate(plan["arms"])}
    for life in job.lives():
        reached = False
        for stage, (start, end) in _stage_ages(arms[life["arm"]]).items():
            here = life["stage"] == stage
            age = life["age_sp"] or 0
            share = min(1.0, max(0.0, (age - start) / max(1, end - start)))
            ended = life["status"] not in ("developing", "waiting")
            lived.setdefault(stage, []).append(
                0.0 if reached else 1.0 if ended or (not here and age >= start and age) else share
            )
            reached = reached or (here and not ended)
    return {stage: sum(shares) / len(shares) for stage, shares in lived.items()}


def _stage_ages(arm: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Stage -> (least age at its start, greatest age at its end)."""
    ages: dict[str, tuple[int, int]] = {}
    for step in arm["steps"]:
        start, end = step["from_age"][0], step["to_age"][1]
        first, last = ages.get(step["stage"], (start, end))
        ages[step["stage"]] = (min(first, start), max(last, end))
    return ages


def _bars(job: Job) -> int:
    columns = (
        TextColumn("{task.description:>14}"),
        BarColumn(40),
        TextColumn("{task.percentage:>4.0f}%"),
        TextColumn("{task.fields[note]}"),
    )
    plan = job.client.get(f"/v1/jobs/{job.id}/plan")
    progress = Progress(*columns, console=err)
    with Live(progress, console=err, refresh_per_second=4) as live:
        bars: dict[str, TaskID] = {}
        while True:
            for stage, share in stage_shares(job, plan).items():
                if stage not in bars:
                    bars[stage] = progress.add_task(stage, total=1.0, note="")
                done = job.finished and job.status == "succeeded"
                progress.update(
                    bars[stage], completed=1.0 if done else share, note=_speed(job) if 0 < share < 1 else ""
                )
            live.update(Group(progress, _values(job)))
            if job.status in EXIT_BY_STATUS:
                return EXIT_BY_STATUS[job.status]
            job.refresh(wait_seconds=LOOK_SECONDS)


def _values(job: Job) -> Table:
    """Probes of a job of one arm: how their mean over lives went, and what it is."""
    table = Table.grid(padding=(0, 2))
    if job.state["arms"] == 1:
        for trace in job.history("probe.*", over="seed", points=SPARK_POINTS).traces[:MOST_PROBES]:
            values = trace.y[np.isfinite(trace.y)]
            if len(values):
                table.add_row(f"{trace.series.removeprefix('probe.'):>14}", sparkline(trace), f"{values[-1]:.4g}")
    return table


def sparkline(trace: Trace) -> str:
    """A curve in one line of blocks, from its least to its greatest value; a gap where it is not finite."""
    finite = np.isfinite(trace.y)
    low, high = trace.y[finite].min(initial=np.inf), trace.y[finite].max(initial=-np.inf)
    height = np.where(finite, (trace.y - low) / ((high - low) or 1.0), 0.0)
    blocks = np.round(height * (len(SPARKS) - 1)).astype(int)
    return "".join(SPARKS[block] if shown else " " for block, shown in zip(blocks, finite, strict=True))


def _lines(job: Job) -> int:
    said, at = "", -LINE_SECONDS
    while True:
        now = f"{job.id} {job.status}"
        if now != said or time.monotonic() - at > LINE_SECONDS:
            say(f"{now} {job.state['progress']['fraction']:.0%} {_speed(job)}".rstrip())
            said, at = now, time.monotonic()
        if job.status in EXIT_BY_STATUS:
            return EXIT_BY_STATUS[job.status]
        job.refresh(wait_seconds=LOOK_SECONDS)


def _speed(job: Job) -> str:
    progress = job.state["progress"]
    speed, eta = progress.get("updates_per_s"), progress.get("eta_s")
    return " ".join([f"{speed:,.0f} updates/s" if speed else "", f"{eta:,.0f} s left" if eta else ""]).strip()
