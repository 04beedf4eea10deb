"""Machines that differ: other bits, another place for snapshots, an older schema. They say so and do not work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from buckets import bucket_server
from build import tiny_schedule
from typer.testing import CliRunner

from models.engine import numerics
from models.specs.numerics import NumericsSpec
from service.cli import app
from service.store import agreements
from service.store.blobs import MARK
from service.store.creation import numerics_text
from workers import supervisor
from workers.tasks import advance, build_worker

ROOT = Path(__file__).parents[2]
NUMERICS = numerics_text(NumericsSpec())


def refusal(house: Any) -> str:
    """A real worker process that does not start; its reason."""
    run = subprocess.run(
        (sys.executable, "-m", "workers", "--slot", "0"),
        cwd=ROOT,
        env=os.environ | house.settings.as_environment(),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert run.returncode == supervisor.REFUSED_STATUS, run.stderr
    (line,) = run.stderr.splitlines()
    told = json.loads(line)
    assert told["event"] == "worker.refused"
    return str(told["reason"])


@pytest.mark.processes
def test_a_worker_whose_machine_makes_other_bits_does_not_start(house: Any) -> None:
    agreements.require_same_bits(house.database, house.settings.numerics, "0" * 16, "another:0")
    assert "other bits" in refusal(house)
    assert "ontogeny fleet forget arithmetic:cpu" in refusal(house)


def test_the_second_machine_is_compared_with_the_first(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.worker()
    house.worker(1)
    monkeypatch.setattr(numerics, "arithmetic_digest", lambda: "f" * 16)
    with pytest.raises(agreements.Disagreement, match=f"other bits \\({'f' * 16}\\) than that of"):
        build_worker(house.settings, 2)


@pytest.mark.processes
def test_a_worker_that_does_not_see_the_snapshots_of_the_others_does_not_start(house: Any) -> None:
    house.submit(tiny_schedule())
    house.work_off(house.worker())
    (Path(house.settings.snapshots) / MARK).unlink()
    assert "see that it is mounted" in refusal(house)


def test_a_refused_worker_is_tried_again_slowly() -> None:
    slot = supervisor.Slot(0, (sys.executable, "-c", f"raise SystemExit({supervisor.REFUSED_STATUS})"))
    slot.start(0.0)
    assert slot.process is not None
    slot.process.wait()
    slot.bury(1.0)
    assert slot.not_before == 1.0 + supervisor.BACKOFF_SECONDS[1]


def test_the_command_line_lists_and_forgets_what_was_agreed(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.worker()
    for name, value in house.settings.as_environment().items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke(app, ["fleet", "list", "-o", "json"])
    names = [row["name"] for row in json.loads(run.stdout)]
    assert names[1:] == ["snapshots"]
    assert CliRunner().invoke(app, ["fleet", "forget", names[0]]).exit_code == 0
    assert CliRunner().invoke(app, ["fleet", "forget", names[0]]).exit_code == 3


def test_snapshots_in_a_bucket_change_no_bit(build: Any) -> None:
    """The stack is loaded anew for every slice: what was put is what is got."""
    with bucket_server() as place:
        plain, house = build(first_slice_seconds=0.01), build(first_slice_seconds=0.01, snapshots=f"{place}/lab")
        for each in (plain, house):
            each.submit(tiny_schedule())
            worker = each.worker()
            while advance(worker):
                worker.warm = None
        assert house.state_hashes() == plain.state_hashes()
        assert house.history() == plain.history()
        house.assert_whole()
        assert not Path(house.home / "snapshots").exists()
