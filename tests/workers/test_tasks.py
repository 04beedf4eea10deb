from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa
from build import tiny_schedule
from sqlalchemy.exc import OperationalError

from models.errors import NoResult, Refused, SnapshotMismatch
from service.settings import Settings
from service.store.leases import LeaseLost
from service.store.tables.work import job, trajectory
from workers import app, tasks
from workers.slice import Worker
from workers.tasks import advance, build_worker, register


@pytest.fixture
def failing(build: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A house and a worker whose next slice ends in the error it is given."""
    house = build(backoff_seconds=0.05)
    house.job = house.submit(tiny_schedule())
    house.busy = house.worker()

    def fail_with(error: Exception) -> Any:
        def broken(*given: Any) -> None:
            raise error

        monkeypatch.setattr(tasks, "run_slice", broken)
        assert advance(house.busy)
        return house.trajectories()[0]

    house.fail_with = fail_with
    return house


@pytest.mark.parametrize(
    "error",
    [
        Refused.because("E36", "/until", "cannot be built"),
        SnapshotMismatch("another numerics class"),
        NoResult("every life diverged"),
    ],
)
def test_what_the_user_asked_or_science_gave_is_not_tried_again(failing: Any, error: Exception) -> None:
    row = failing.fail_with(error)
    assert str(error) in row["error"]["message"]
    assert "traceback" not in row["error"]
    assert row["owner"] is None
    assert failing.status(failing.job) == "failed"
    assert not advance(failing.busy)


def test_a_refusal_names_pointer_and_code(failing: Any) -> None:
    row = failing.fail_with(Refused.because("E36", "/until", "cannot be built"))
    assert [(each["code"], each["pointer"]) for each in row["error"]["findings"]] == [("E36", "/until")]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), RuntimeError("ours")])
def test_machine_trouble_and_our_own_faults_are_tried_again_later(failing: Any, error: Exception) -> None:
    row = failing.fail_with(error)
    assert row["error"] is None
    assert (row["crashes"], row["owner"]) == (1, None)
    assert row["not_before"] > 0
    assert failing.status(failing.job) == "running"
    ((_, message),) = [event for event in failing.events() if event[0] == "slice.failed"]
    assert type(error).__name__ in message


def test_the_fifth_failure_in_a_row_ends_the_trajectory(failing: Any) -> None:
    for _ in range(5):
        with failing.database.write() as db:
            db.execute(sa.update(trajectory).values(not_before=0.0))
        failing.fail_with(RuntimeError("poison"))
    row = failing.trajectories()[0]
    assert "poison" in row["error"]["message"]
    assert "Traceback" in row["error"]["traceback"]
    assert failing.status(failing.job) == "failed"


def test_a_lost_lease_is_left_quietly(failing: Any) -> None:
    before = failing.events()
    row = failing.fail_with(LeaseLost("trj_x"))
    assert (row["error"], row["crashes"]) == (None, 0)
    assert [event for event in failing.events() if event not in before] == [("job.status", "queued -> running")]


def test_a_database_that_is_away_is_waited_for(failing: Any) -> None:
    began = time.monotonic()
    row = failing.fail_with(OperationalError("select 1", {}, Exception("away")))
    assert time.monotonic() - began >= failing.settings.backoff_seconds / 2
    assert row["error"] is None
    assert row["lease_until"] is not None  # it runs out by itself


def test_a_worker_leaves_after_its_share_of_slices(build: Any) -> None:
    house = build(slices_per_worker=1)
    house.submit(tiny_schedule())
    worker = house.worker()
    assert advance(worker)
    assert worker.leaving
    assert not advance(worker)


def test_a_worker_of_another_numerics_class_does_not_start(build: Any) -> None:
    house = build()
    other = house.settings.model_copy(
        update={"numerics": house.settings.numerics.model_copy(update={"torch": "1.0.0"})}
    )
    with pytest.raises(SnapshotMismatch, match=r"1\.0\.0"):
        build_worker(other, 0)


@pytest.mark.parametrize("forged", ["", "../etc", "trj_", "trj_" + "G" * 32, "trj_" + "0" * 32 + "\n", 7, None, {}])
def test_a_forged_bell_is_dropped(build: Any, monkeypatch: pytest.MonkeyPatch, forged: object) -> None:
    heard: list[str] = []

    def note(worker: Worker, named: str) -> None:
        heard.append(named)

    monkeypatch.setattr(tasks, "advance", note)
    house = build()
    celery = app.build_app(house.settings)
    register(celery, house.worker())
    celery.tasks["ontogeny.advance"](forged)
    assert heard == []
    celery.tasks["ontogeny.advance"]("trj_" + "0" * 32)
    assert heard == ["trj_" + "0" * 32]


def test_settings_reach_a_worker_through_its_environment(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = build()
    for name, value in house.settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == house.settings
    assert house.rows(sa.select(job)) == []
