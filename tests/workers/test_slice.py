from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from build import tiny_schedule

from models.engine import stage
from service.store import jobs, trajectories, upkeep
from service.store.leases import LeaseLost
from service.store.tables.record import series
from service.store.tables.work import snapshot
from workers import slice as slices
from workers.tasks import advance

EXAMPLES = Path(__file__).parents[2] / "examples"
WHOLE = {"first_slice_seconds": 60.0, "slice_seconds_min": 60.0}


@pytest.fixture(autouse=True)
def _flush_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices end at flushes; where these fall changes no result, but a test has no seconds to wait for them."""
    monkeypatch.setattr(stage, "FLUSH_SECONDS", 0.02)


def until_accuracy(value: float, limit: str) -> dict[str, Any]:
    return {
        "stages": [
            {
                "name": "taught",
                "world": "school",
                "costs": {"naming": 1.0},
                "until": {"criterion": {"probe": "acc", "op": ">=", "value": value}},
                "limit": limit,
            },
            {"name": "after", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "10ba"}},
        ]
    }


def taught() -> dict[str, Any]:
    """Four lives that leave a stage at ages of their own, after a second or so."""
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 0.01, "momentum": 0.9}}
    return tiny_schedule(seeds={"start": 0, "count": 4}, organism=organism, **until_accuracy(0.88, "60ep"))


def quickstart() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / "quickstart.yaml").read_text())
    return document


def test_a_tiny_schedule_is_trained_to_its_end(house: Any) -> None:
    job = house.submit(tiny_schedule())
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    house.assert_whole()
    assert [step["state"] for step in house.path(job)] == ["met", "met"]
    assert house.trajectories()[0]["reached"] == 10


def test_the_quickstart_runs_through_a_trigger_to_its_end(house: Any) -> None:
    job = house.submit(quickstart())
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    house.assert_whole()
    ends = [row for row in house.transitions() if row[6] == "advanced"]
    assert [row[2] for row in ends] == [0, 1, 2, 3]
    assert {row[5] for row in ends} <= {"/until/criterion", "limit"}
    assert {key[1] for key in house.history()} >= {"cost.naming", "rate.V1", "plasticity.head", "update_norm.IT"}


def test_series_of_probes_say_which_area_they_are_of(house: Any) -> None:
    probe = {"world": "quiz", "every": "5ba", "n": 20}
    probes = {
        "acc": {"kind": "accuracy", "at": "head"} | probe,
        "alive": {"kind": "dead_units", "at": "*"} | probe,
        "cells": {"kind": "traces", "at": "V1", "source": "retina", "synapses": 2} | probe,
    }
    house.submit(tiny_schedule(probes=probes))
    house.work_off(house.worker())
    found = {(row["path"][14:], row["area"], row["unit"]) for row in house.rows(sa.select(series))}
    of_cells = {(f"{what}.{each}", "V1", "1") for what in ("weight", "before", "behind") for each in (0, 1)}
    assert found >= {("", None, "fraction"), ("V1", "V1", "fraction"), ("head", "head", "fraction")} | of_cells


def test_how_a_life_was_cut_into_slices_changes_nothing(build: Callable[..., Any]) -> None:
    whole, cut = build(**WHOLE), build(history_bytes_per_slice=65536, first_slice_seconds=0.01)
    document = tiny_schedule(**until_accuracy(0.8, "3ep"))
    for house in (whole, cut):
        house.submit(document)
    few = whole.work_off(whole.worker())
    workers = [cut.worker(0), cut.worker(1)]
    many = 0
    while advance(workers[many % 2]):  # never the same worker twice: every slice starts cold
        many += 1
    assert many >= few
    assert cut.state_hashes() == whole.state_hashes()
    assert cut.history() == whole.history()
    assert cut.transitions() == whole.transitions()


def test_a_warm_start_gives_the_same_bits_as_a_cold_one(build: Callable[..., Any], monkeypatch: Any) -> None:
    warm, cold = build(), build()
    for house in (warm, cold):
        house.submit(taught())
    served: list[bool] = []
    serves = slices.Warm.serves

    def noted(self: Any, lease: Any) -> bool:
        served.append(serves(self, lease))
        return served[-1]

    monkeypatch.setattr(slices.Warm, "serves", noted)
    warm.work_off(warm.worker())
    assert any(served)
    monkeypatch.setattr(slices.Warm, "serves", lambda self, lease: False)
    cold.work_off(cold.worker())
    assert warm.state_hashes() == cold.state_hashes()
    assert warm.history() == cold.history()


def test_lives_leave_a_triggered_stage_at_their_own_ages_and_go_on(house: Any) -> None:
    job = house.submit(taught())
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    ends = {row[2]: (row[3], row[4]) for row in house.transitions()}
    assert len({offset for offset, _ in ends.values()}) > 1
    second = house.trajectories()[1]
    assert second["ages"] == {str(seed): age for seed, (_, age) in ends.items()}
    house.assert_whole()


def test_a_worker_whose_lease_ran_out_writes_nothing(build: Callable[..., Any]) -> None:
    house = build(lease_seconds=0.2, **WHOLE)
    house.submit(tiny_schedule())
    late, other = house.worker(0), house.worker(1)
    lease, asked_at = slices.claim(late, None)
    time.sleep(0.3)
    taken, _ = slices.claim(other, lease.id)
    assert taken.fence == lease.fence + 1
    with pytest.raises(LeaseLost):
        slices.run(late, lease, asked_at)
    assert house.trajectories()[0]["reached"] == 0
    assert house.history() == {}


def test_a_cancelled_job_stops_at_a_boundary_and_keeps_what_it_has(build: Callable[..., Any]) -> None:
    house = build(lease_seconds=2.0, **WHOLE)
    job = house.submit(tiny_schedule(stages=[long_stage()]))
    worker = house.worker()
    lease, asked_at = slices.claim(worker, None)
    with house.database.write() as db:
        jobs.request(db, house.database.now(db), "default", job, jobs.Wish("cancel"))
    assert house.status(job) == "cancelling"
    slices.run(worker, lease, asked_at)
    assert house.status(job) == "cancelled"
    assert 0 < house.trajectories()[0]["reached"] < 200_000
    house.assert_whole()
    assert not advance(worker)


def test_a_paused_job_goes_on_to_the_same_bits(build: Callable[..., Any]) -> None:
    held, plain = build(), build()
    ids = [house.submit(taught()) for house in (held, plain)]
    plain.work_off(plain.worker())
    worker = held.worker()
    assert advance(worker)
    for verb in ("pause", "resume"):
        with held.database.write() as db:
            jobs.request(db, held.database.now(db), "default", ids[0], jobs.Wish(verb))
        assert advance(worker) == (verb == "resume")
    held.work_off(worker)
    assert held.state_hashes() == plain.state_hashes()
    assert held.history() == plain.history()


def test_a_worker_told_to_leave_commits_what_it_has(build: Callable[..., Any]) -> None:
    house = build(**WHOLE)
    house.submit(tiny_schedule(stages=[long_stage()]))
    worker = house.worker()
    lease, asked_at = slices.claim(worker, None)
    worker.leaving = True
    slices.run(worker, lease, asked_at)
    assert 0 < house.trajectories()[0]["reached"] < 200_000
    assert not advance(worker)


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_lost_snapshot_is_made_again_with_the_same_bits(build: Callable[..., Any], harm: str) -> None:
    harmed, plain = build(first_slice_seconds=0.01), build(first_slice_seconds=0.01)
    for house in (harmed, plain):
        house.submit(taught())
    plain.work_off(plain.worker())
    assert advance(harmed.worker())
    (stored,) = harmed.rows(sa.select(snapshot))
    file = Path(harmed.settings.snapshots) / stored["uri"]
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    harmed.work_off(harmed.worker())
    assert ("snapshot.lost", "a snapshot is missing or damaged; it is made again") in harmed.events()
    assert harmed.state_hashes() == plain.state_hashes()
    harmed.assert_has_all_of(plain)
    harmed.assert_whole()


def test_a_lost_start_of_a_child_is_made_again_by_its_parent(build: Callable[..., Any]) -> None:
    harmed, plain = build(**WHOLE), build(**WHOLE)
    for house in (harmed, plain):
        house.submit(tiny_schedule(**until_accuracy(0.8, "3ep")))
    plain.work_off(plain.worker())
    assert advance(harmed.worker())
    for stored in harmed.rows(sa.select(snapshot)):
        (Path(harmed.settings.snapshots) / stored["uri"]).unlink()
    harmed.work_off(harmed.worker())
    assert harmed.state_hashes() == plain.state_hashes()
    harmed.assert_has_all_of(plain)
    assert harmed.transitions() == plain.transitions()


def test_a_probe_asked_for_later_is_replayed_without_touching_the_rest(build: Callable[..., Any]) -> None:
    later, at_once = build(), build()
    norm = {"norm": {"kind": "weight_norm", "at": "V1", "world": "quiz", "every": "5ba"}}
    wide = tiny_schedule(probes=tiny_schedule()["probes"] | norm)
    later.submit(tiny_schedule())
    later.work_off(later.worker())
    before = later.history()
    job = later.submit(wide)
    later.work_off(later.worker())
    assert later.status(job) == "succeeded", later.events()
    at_once.submit(wide)
    at_once.work_off(at_once.worker())
    assert before.items() < later.history().items()
    assert later.history() == at_once.history()
    assert "replay.mismatch" not in [kind for kind, _ in later.events()]


def test_a_life_that_diverges_is_told_and_the_others_go_on(house: Any) -> None:
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 1e20}}
    organism["areas"]["V1"]["act"] = "none"
    job = house.submit(tiny_schedule(organism=organism))
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    assert {row[6] for row in house.transitions()} == {"diverged"}


def test_what_is_committed_rings_for_the_next_slice(house: Any) -> None:
    house.submit(taught())
    worker = house.worker()
    advance(worker)
    assert worker.bell.sent == 1
    waiting = list((house.home / "bells" / "waiting").glob("*.msg"))
    assert len(waiting) == 1


def test_after_a_crash_the_snapshot_without_a_row_is_collected(house: Any) -> None:
    house.submit(tiny_schedule())
    worker = house.worker()
    advance(worker)
    orphan = worker.blobs.put("trj_x", "1", 1, b"never committed")
    named = upkeep.named_files(house.database)
    assert orphan.uri not in named
    assert orphan.uri in set(worker.blobs.old(-1.0))


def test_a_second_claim_of_a_held_trajectory_is_refused(house: Any) -> None:
    house.submit(tiny_schedule())
    first = slices.claim(house.worker(0), None)
    assert first is not None
    assert slices.claim(house.worker(1), first[0].id) is None
    trajectories.release(house.database, first[0])


def long_stage() -> dict[str, Any]:
    return {"name": "long", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "200kba"}}
