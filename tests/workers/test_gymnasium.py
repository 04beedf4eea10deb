"""Lives in environments of gymnasium: killed and continued, with the library and without."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from gymnasia import balancing, without_gymnasium
from processes import SHORT, Processes, assert_same, is_free, undisturbed, until

from service.lineage import retry
from service.settings import Settings
from service.store.access import ANYONE_HERE
from service.submission import Door
from service.wire.jobs import NewJobBody
from workers.tasks import advance


def test_lives_that_begin_every_slice_from_a_file_are_the_same(build: Callable[..., Any]) -> None:
    plain, house = undisturbed(build, [balancing()]), build()
    house.submit(balancing())
    house.work_off_in_pieces(2)
    assert len(house.snapshots()) >= 6
    assert_same(house, plain)


@pytest.mark.slow
@pytest.mark.processes
def test_workers_that_are_killed_in_the_middle_change_nothing(build: Callable[..., Any], processes: Processes) -> None:
    document = balancing(300)
    plain, house = undisturbed(build, [document]), build(**SHORT | {"lease_seconds": 0.5})
    job = house.submit(document)
    for point in ("after_commit", "mid_train"):
        dying = processes.start(house, "--slot", "0", ONTOGENY_CRASH_AT=point)
        assert dying.wait(60) == -signal.SIGKILL, processes.log()
    until(partial(is_free, house), 5, house.trajectories)
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    assert_same(house, plain)


def test_a_worker_without_the_library_says_so_and_the_job_can_be_taken_up_again(build: Callable[..., Any]) -> None:
    document = balancing(300)
    plain, house = undisturbed(build, [document]), build(first_slice_seconds=0.001)
    job, worker = house.submit(document), house.worker()
    assert advance(worker)
    worker.warm = None
    with without_gymnasium():
        house.work_off(worker)
    assert house.status(job) == "failed"
    (row,) = house.trajectories()
    (finding,) = row["error"]["findings"]
    assert finding["code"] == "E38"
    assert finding["suggestion"] == "install ontogeny[gym] where API and workers run"
    assert 0 < row["reached"] < row["wanted"]
    again = retry(Door(house.database, house.settings, ANYONE_HERE, None), job, NewJobBody())
    house.work_off(worker)
    assert house.status(again.job) == "succeeded"
    assert_same(house, plain)


def test_the_packages_that_an_operator_lets_in_are_told_to_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Settings(gym_packages=("minigrid", "ale_py")).as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings().gym_packages == ("minigrid", "ale_py")
