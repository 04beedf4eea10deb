"""A process dies at every named point, as in a power cut; what is left goes on to the same bits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from processes import SHORT, Processes, assert_same, growing, is_free, undisturbed, until

from benchmarks.chaos.servers import free_port
from service.store.crash import POINTS
from service.store.tables.record import history_block
from service.store.tables.work import job

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(280)]

LANES = (
    ("after_claim", "mid_train", "after_commit", "after_tmp"),
    ("after_rename", "before_ring", "before_commit"),
)
"""Points of a worker: two houses at once, in each of which the workers die one after another."""
OF_THE_API = ("after_submit_commit",)
OF_A_RECONCILER = ("mid_seal", "mid_gc")


def test_no_point_is_left_out() -> None:
    assert sorted([*LANES[0], *LANES[1], *OF_THE_API, *OF_A_RECONCILER]) == sorted(POINTS)


def test_workers_that_die_at_every_point_change_nothing(build: Callable[..., Any], processes: Processes) -> None:
    document = growing(len(LANES[0]), 40)
    plain = undisturbed(build, [document])
    houses = [build(**SHORT | {"lease_seconds": 0.5}) for _ in LANES]
    ids = [house.submit(document) for house in houses]
    for points in zip_longest(*LANES):
        dying = [
            processes.start(house, "--slot", "0", ONTOGENY_CRASH_AT=point)
            for house, point in zip(houses, points, strict=True)
            if point is not None
        ]
        assert [each.wait(60) for each in dying] == [-signal.SIGKILL] * len(dying), processes.log()
    for house, found in zip(houses, ids, strict=True):
        assert house.status(found) == "running"
        until(partial(is_free, house), 5, house.trajectories)
        house.work_off(house.worker())
        assert house.status(found) == "succeeded", house.events()
        assert_same(house, plain)


@pytest.mark.parametrize("point", OF_THE_API)
def test_an_api_that_dies_between_commit_and_answer_accepted_the_job_once(
    build: Callable[..., Any], processes: Processes, point: str
) -> None:
    document = growing(2, 20)
    plain, house, port = undisturbed(build, [document]), build(**SHORT), free_port()
    url = f"http://127.0.0.1:{port}/v1/jobs"
    command = (sys.executable, "-m", "service.cli", "api", "--port", str(port))

    def ask() -> httpx.Response:
        return httpx.post(url, json={"document": document}, headers={"Idempotency-Key": "once"}, timeout=30)

    dying = processes.run(house, *command, ONTOGENY_CRASH_AT=point)
    until(partial(answers, url), 60, processes.log)
    with pytest.raises(httpx.TransportError):
        ask()
    assert dying.wait(30) == -signal.SIGKILL
    processes.run(house, *command)
    until(partial(answers, url), 60, processes.log)
    again = ask()
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert [row["id"] for row in house.rows(sa.select(job.c.id))] == [again.json()["id"]]
    house.work_off(house.worker())
    assert_same(house, plain)


@pytest.mark.parametrize("point", OF_A_RECONCILER)
def test_a_reconciler_that_dies_half_way_is_continued_by_the_next(
    build: Callable[..., Any], processes: Processes, point: str
) -> None:
    document = growing(3, 60)
    plain, house = undisturbed(build, [document]), build(**SHORT | {"snapshot_grace_seconds": 1e-6})
    house.submit(document)
    house.work_off_in_pieces(10)
    before = house.history()
    dying = processes.start(house, "--slots", "0", ONTOGENY_CRASH_AT=point)
    assert dying.wait(60) == -signal.SIGKILL, processes.log()
    processes.start(house, "--slots", "0")
    until(lambda: not house.rows(sa.select(history_block.c.trajectory)), 30, processes.log)
    assert house.history() == before
    assert_same(house, plain)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
