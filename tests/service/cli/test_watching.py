"""Watching a job: what a probe did in one line, and that Ctrl-C cancels only what it is asked to."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import typer
from build import tiny_schedule, tiny_study
from direct import client_of
from fastapi import FastAPI
from simulated import Bench, Clock

from service.cli import watching
from service.cli.watching import _values, sparkline, watch_job
from service.client import Client, Job, Trace

NOTHING = Trace("probe.acc", "fraction", 0, {}, None, "mean", np.zeros(0), np.zeros(0))


@pytest.fixture
def client(app: FastAPI) -> Client:
    return client_of(app)


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    return Bench(app.state.database, Clock())


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([0.0, 0.5, 1.0], "▁▅█"),
        ([3.0, 3.0], "▁▁"),
        ([0.0, np.nan, 7.0], "▁ █"),
        ([np.nan], " "),
        ([], ""),
        ([7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0], "█▇▆▅▄▃▂▁"),
    ],
)
def test_a_curve_is_one_line_of_blocks(values: list[float], line: str) -> None:
    trace = dataclasses.replace(NOTHING, x=np.arange(float(len(values))), y=np.array(values))
    with np.errstate(all="raise"):
        assert sparkline(trace) == line


def test_probes_of_a_job_of_one_arm_are_shown_with_their_last_mean(client: Client, bench: Bench) -> None:
    job = client.submit(tiny_schedule())
    assert _values(job).row_count == 0
    bench.run()
    table = _values(job.refresh())
    mean = job.history("probe.acc", over="seed").traces[0].y[-1]
    assert [list(column.cells) for column in table.columns][::2] == [["           acc"], [f"{mean:.4g}"]]
    assert _values(client.submit(tiny_study(0.25, 0.5))).row_count == 0


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, somebody presses Ctrl-C."""

    def press(*given: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "_bars", press)
    monkeypatch.setattr(watching, "_lines", press)
    monkeypatch.setattr(watching.err, "_force_terminal", True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("answer", [True, False])
def test_a_second_interruption_asks_whether_to_cancel(
    client: Client, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    def again(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", again)
    monkeypatch.setattr(typer, "confirm", lambda *given, **more: answer)
    job = client.submit(tiny_schedule())
    assert watch_job(job) == (11 if answer else 130)
    assert job.refresh().status == ("cancelled" if answer else "queued")


@pytest.mark.usefixtures("interrupted")
def test_one_interruption_cancels_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr(typer, "confirm", lambda *given, **more: pytest.fail("nobody asked"))
    job: Job = client.submit(tiny_schedule())
    assert watch_job(job) == 130
    assert waited == [watching.AGAIN_SECONDS]
    assert job.refresh().status == "queued"
