"""Following a job: one bar per stage in a terminal, one line per change elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from service.cli.output import err, say
from service.client import Job

EXIT_BY_STATUS = {"succeeded": 0, "failed": 10, "cancelled": 11, "paused": 12}
LINE_SECONDS = 30.0
LOOK_SECONDS = 1


def watch_job(job: Job) -> int:
    """Follow to the end and give the exit code; Ctrl-C detaches."""
    try:
        return _bars(job) if err.is_terminal else _lines(job)
    except KeyboardInterrupt:
        say(f"detached; the job goes on: ontogeny watch {job.id}")
        return 130


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
    with Progress(*columns, console=err) as progress:
        bars: dict[str, TaskID] = {}
        while True:
            for stage, share in stage_shares(job, plan).items():
                if stage not in bars:
                    bars[stage] = progress.add_task(stage, total=1.0, note="")
                done = job.finished and job.status == "succeeded"
                progress.update(
                    bars[stage], completed=1.0 if done else share, note=_speed(job) if 0 < share < 1 else ""
                )
            if job.status in EXIT_BY_STATUS:
                return EXIT_BY_STATUS[job.status]
            job.refresh(wait_seconds=LOOK_SECONDS)


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
