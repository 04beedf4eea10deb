"""Each guarantee is broken on purpose, and what watches over it must say so: a test that cannot fail proves nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from build import tiny_schedule
from processes import SHORT, Processes, growing, until
from simulated import Bench, Clock, arm, step

from models.engine.cohort import Cohort
from models.specs.document import read
from models.specs.numerics import NumericsSpec
from service import submission
from service.store import access, commits, upkeep
from service.store.access import ANYONE_HERE, Repeat
from service.store.engine import Database
from service.store.leases import LeaseLost
from service.store.tables.work import job, snapshot, trajectory
from service.submission import About, prepare
from workers import slice as slices
from workers.tasks import advance

Build = Callable[..., Any]


class PowerCut(BaseException):
    """Nothing that handles errors may handle this one."""


def cut_power_at(monkeypatch: pytest.MonkeyPatch, module: Any, point: str) -> None:
    def die(name: str) -> None:
        if name == point:
            raise PowerCut(name)

    monkeypatch.setattr(module, "crash_point", die)


# ---- no fence in the commit


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    from service.store.engine import migrate  # noqa: PLC0415 - of this fixture alone

    url, clock = f"sqlite:///{tmp_path / 'bench.db'}", Clock()
    migrate(url)
    database = Database(url, clock)
    yield Bench(database, clock)
    database.close()


def zombies_write_nothing(bench: Bench, place: int) -> None:
    """A worker fell silent, another took over; then the first one wakes and commits."""
    bench.submit(arm(step(place, 20)))
    zombie = bench.must_claim("zombie")
    bench.clock.pass_by(61.0)
    successor = bench.must_claim("successor")
    try:
        bench.commit(zombie, 5)
    except LeaseLost:
        pass
    else:
        raise AssertionError("a zombie has written")
    bench.commit(successor)
    bench.check()


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "held", lambda lease: [trajectory.c.id == lease.id])


def test_without_a_fence_in_the_commit_a_zombie_writes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    zombies_write_nothing(bench, 0)
    no_fence(monkeypatch)
    with pytest.raises(AssertionError, match="a zombie has written"):
        zombies_write_nothing(bench, 1)


# ---- no reconciler


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.timeout(280)
def test_without_a_reconciler_a_lost_bell_is_lost_for_ever(build: Build, processes: Processes) -> None:
    """Workers that do not look by themselves hear only bells, and nobody rings for a job that the store just holds."""
    deaf = SHORT | {"poll_seconds": 3600.0, "lease_seconds": 30.0}
    kept, alone = build(**deaf), build(**deaf)
    first = [(house, house.submit(growing(1, 5))) for house in (kept, alone)]  # a worker looks once, at its start
    processes.start(kept, "--slots", "1")
    processes.start(alone, "--slot", "0")
    until(lambda: all(house.status(each) == "succeeded" for house, each in first), 120, processes.log)
    time.sleep(1.0)
    bell_rung, bell_lost = kept.submit(growing(1, 6)), alone.submit(growing(1, 6))
    until(lambda: kept.status(bell_rung) == "succeeded", 60, processes.log)
    time.sleep(2.0)
    assert alone.status(bell_lost) == "queued", "something else than the reconciler makes up for lost bells"


def no_runnable_trajectory_is_silent(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    bench.clock.pass_by(100.0)
    upkeep.unannounced(bench.database, 5.0)
    for row in bench.rows(trajectory):
        assert row["id"] not in bench.runnable() or row["rung_at"] >= bench.clock.now - 5.0, "no bell for what can run"


def test_the_state_machines_watch_over_bells_sees_that_nobody_rings(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_runnable_trajectory_is_silent(bench)
    bench.clock.pass_by(100.0)
    monkeypatch.setattr(upkeep, "unannounced", lambda database, grace: [])
    with pytest.raises(AssertionError, match="no bell for what can run"):
        no_runnable_trajectory_is_silent(bench)


# ---- snapshot row before the file


def every_named_file_is_there(house: Any) -> None:
    for row in house.rows(sa.select(snapshot).where(snapshot.c.lost_at.is_(None))):
        assert (Path(house.settings.snapshots) / row["uri"]).exists(), "a row names a file that is not there"


def after_a_power_cut(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes right after the commit of a slice."""
    house.submit(tiny_schedule())
    worker = house.worker()
    cut_power_at(monkeypatch, slices, "after_commit")
    with pytest.raises(PowerCut):
        advance(worker)
    assert house.rows(sa.select(snapshot))
    every_named_file_is_there(house)


def rows_before_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written once the slice has committed."""
    from service.store.folder import Folder  # noqa: PLC0415 - beside its one use

    monkeypatch.setattr(Folder, "_write", lambda self, uri, data: None)


def test_a_row_before_its_file_names_what_a_power_cut_takes(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    after_a_power_cut(build(), monkeypatch)
    rows_before_files(monkeypatch)
    with pytest.raises(AssertionError, match="a file that is not there"):
        after_a_power_cut(build(), monkeypatch)


# ---- what a snapshot must bring back


def trained(build: Build, updates_per_slice: int) -> Any:
    """A house whose every slice has so many updates and begins from a file."""
    house = build(first_slice_seconds=600.0, slice_seconds_min=600.0, slice_seconds_max=600.0)
    house.submit(growing(2, 80))
    house.work_off_in_pieces(updates_per_slice)
    return house


def nothing_differs(build: Build) -> None:
    whole, pieces = trained(build, 1000), trained(build, 15)
    assert sum(row["slices"] for row in pieces.trajectories()) > 3 * len(pieces.trajectories())
    assert pieces.state_hashes() == whole.state_hashes(), "lives differ from the undisturbed run"
    assert pieces.history() == whole.history()


def loaded_with(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Cohort], None]) -> None:
    load = slices.snapshot.load

    def spoiled(data: bytes) -> tuple[Cohort, dict[str, Any]]:
        cohort, meta = load(data)
        spoil(cohort)
        return cohort, meta

    monkeypatch.setattr(slices.snapshot, "load", spoiled)


def forget_moments(cohort: Cohort) -> None:
    for moment in cohort.moments.values():
        moment.zero_()


def draw_from_the_start_of_the_slice(cohort: Cohort) -> None:
    for shown in cohort.shown.values():
        shown[:] = 0


@pytest.mark.parametrize("spoil", [forget_moments, draw_from_the_start_of_the_slice])
def test_a_snapshot_that_brings_back_too_little_makes_other_lives(
    build: Build, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Cohort], None]
) -> None:
    nothing_differs(build)
    loaded_with(monkeypatch, spoil)
    with pytest.raises(AssertionError, match="differ from the undisturbed run"):
        nothing_differs(build)


# ---- idempotency row in its own transaction


def one_job_for_one_key(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API dies between its commit and its answer; the client asks again with the same key."""
    prepared = prepare(read(yaml.safe_dump(tiny_schedule())), None, NumericsSpec())
    repeat = Repeat("", "POST", "/v1/jobs", "once", "0" * 64)

    def ask() -> str:
        return submission.submit(house.database, house.settings, ANYONE_HERE, prepared, About(), repeat).job

    with monkeypatch.context() as dying:
        cut_power_at(dying, submission, "after_submit_commit")
        with pytest.raises(PowerCut):
            ask()
    found = ask()
    assert [row["id"] for row in house.rows(sa.select(job.c.id))] == [found], "one key has made two jobs"


def remembered_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is remembered in a transaction of its own, after that of the job: a death between loses it."""
    monkeypatch.setattr(access, "remember", lambda *given: None)


def test_an_answer_that_is_remembered_later_makes_two_jobs(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    one_job_for_one_key(build(), monkeypatch)
    remembered_later(monkeypatch)
    with pytest.raises(AssertionError, match="two jobs"):
        one_job_for_one_key(build(), monkeypatch)
