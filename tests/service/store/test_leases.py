from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from simulated import NUMERICS, Bench, Fates, arm, step, until

from service.store import trajectories, upkeep
from service.store.engine import Database
from service.store.leases import LeaseLost
from service.store.tables.record import history_block, transition
from service.store.tables.work import snapshot, trajectory


def test_a_second_claim_is_refused(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    first = bench.must_claim()
    assert bench.claim() is None
    assert bench.claim(named=first.id) is None


def test_the_named_trajectory_is_claimed_and_no_other_in_its_place(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)), arm(step(1, 20)))
    named = bench.path(job, 1)[0]
    assert bench.must_claim(named=named).id == named
    assert bench.claim(named=named) is None
    assert bench.must_claim().id == bench.path(job, 0)[0]


def test_another_numerics_class_is_not_claimed(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    assert trajectories.claim(bench.database, "w1", "another", 60.0) is None
    assert trajectories.claim(bench.database, "w1", NUMERICS, 60.0) is not None


def test_of_many_claimers_at_once_each_gets_a_trajectory_of_its_own(database_url: str, bench: Bench) -> None:
    bench.submit(*[arm(step(place, 20)) for place in range(6)])
    got: list[str] = []
    start = threading.Barrier(8)

    def work(name: str) -> None:
        own = Database(database_url)
        start.wait()
        while (lease := trajectories.claim(own, name, NUMERICS, 60.0)) is not None:
            got.append(lease.id)
        own.close()

    _all_at_once([threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)])
    assert len(got) == len(set(got)) == 6


def test_workers_on_one_database_finish_everything_together(database_url: str, bench: Bench) -> None:
    """Commits key successors, ring and settle jobs at the same time; no transaction fails and nothing is done twice."""
    ending = until(20)
    jobs = [bench.submit(*[arm(step(place, ending), step(9, 10)) for place in range(3)]) for _ in range(2)]
    failed: list[BaseException] = []

    def work(name: str) -> None:
        own = Database(database_url)
        try:
            while any(bench.status(job) != "succeeded" for job in jobs):
                lease = trajectories.claim(own, name, NUMERICS, 1e9)
                if lease is not None:
                    trajectories.commit_slice(own, lease, bench.simulation.train(lease, 7))
        except BaseException as error:
            failed.append(error)
        own.close()

    _all_at_once([threading.Thread(target=work, args=(f"w{number}",), daemon=True) for number in range(4)])
    assert failed == []
    bench.check()
    for job in jobs:
        assert bench.status(job) == "succeeded"
        bench.check_lives(job)


def _all_at_once(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_a_zombies_commit_is_refused_whole(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 9})
    job = bench.submit(arm(step(0, until(20)), step(1, 10)))
    zombie = bench.must_claim("zombie")
    result = bench.simulation.train(zombie)
    bench.clock.pass_by(61)
    heir = bench.must_claim("heir")
    assert (heir.id, heir.fence) == (zombie.id, zombie.fence + 1)
    before = bench.types(job)
    with pytest.raises(LeaseLost):
        trajectories.commit_slice(bench.database, zombie, result)
    for table in (history_block, snapshot, transition):
        assert bench.rows(table) == []
    assert bench.types(job) == before
    bench.run()
    bench.commit(heir)
    bench.run()
    assert bench.status(job) == "succeeded"


def test_a_zombie_of_a_deleted_trajectory_cannot_write_into_the_one_made_again(bench: Bench) -> None:
    """The key is the same, so the id is, and fences count from the beginning."""
    job = bench.submit(arm(step(0, 20)))
    zombie = bench.must_claim("zombie")
    result = bench.simulation.train(zombie, 5)
    bench.ask(job, "cancel")
    bench.clock.pass_by(61)
    upkeep.expire_leases(bench.database)
    bench.delete(job)
    bench.submit(arm(step(0, 20)))
    heir = bench.must_claim("heir")
    assert (heir.id, heir.fence) == (zombie.id, zombie.fence)
    with pytest.raises(LeaseLost):
        trajectories.commit_slice(bench.database, zombie, result)
    bench.commit(heir, updates=7)
    bench.check()


def test_the_same_slice_is_not_committed_twice(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    result = bench.simulation.train(lease, 5)
    trajectories.commit_slice(bench.database, lease, result)
    with pytest.raises(LeaseLost):
        trajectories.commit_slice(bench.database, lease, result)
    assert bench.trajectory(lease.id)["reached"] == 5


def test_a_slice_that_begins_elsewhere_than_the_trajectory_stands_is_refused(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    result = bench.simulation.train(lease, 5)
    with bench.database.write() as db:
        db.execute(sa.update(trajectory).values(reached=3))
    with pytest.raises(LeaseLost):
        trajectories.commit_slice(bench.database, lease, result)
    assert bench.rows(history_block) == []


def test_a_commit_moves_progress_history_snapshot_and_events_together(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    ring = bench.commit(lease, updates=5)
    row = bench.trajectory(lease.id)
    assert (row["reached"], row["owner"], row["lease_until"], row["fence"]) == (5, None, None, 1)
    assert [(block["offset0"], block["offset1"], block["fence"]) for block in bench.rows(history_block)] == [(0, 5, 1)]
    assert [each["stop"] for each in bench.rows(snapshot)] == ["5"]
    assert bench.types(job)[-1] == "history"
    assert ring == [lease.id]
    assert bench.job(job)["updates_done"] == 5


def test_a_commit_that_fails_half_way_leaves_nothing(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    result = bench.simulation.train(lease, 5)
    result.snapshots[0].__dict__["sha256"] = None
    with pytest.raises(sa.exc.IntegrityError):
        trajectories.commit_slice(bench.database, lease, result)
    assert bench.rows(history_block) == []
    assert bench.trajectory(lease.id)["reached"] == 0
    bench.commit(lease, updates=5)


def test_a_lease_is_kept_by_renewing_it(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    for _ in range(4):
        bench.clock.pass_by(50)
        assert trajectories.renew(bench.database, lease, 60.0, 3) == "go"
    assert bench.claim() is None
    bench.clock.pass_by(61)
    assert bench.must_claim("other").fence == 2
    with pytest.raises(LeaseLost):
        trajectories.renew(bench.database, lease, 60.0, 4)


def test_an_expired_lease_is_told_once_and_the_job_goes_on(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    bench.clock.pass_by(61)
    assert upkeep.expire_leases(bench.database) == [lease.id]
    assert upkeep.expire_leases(bench.database) == []
    assert bench.status(job) == "running"
    bench.run()
    assert bench.types(job).count("lease.expired") == 1
    assert bench.status(job) == "succeeded"


def test_a_claim_that_comes_before_the_reconciler_tells_of_the_lost_worker(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    bench.must_claim()
    bench.clock.pass_by(61)
    bench.must_claim("other")
    assert bench.types(job).count("lease.expired") == 1
    assert upkeep.expire_leases(bench.database) == []


def test_a_trajectory_that_kills_its_workers_fails_and_the_other_arms_go_on(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)), arm(step(1, 20)))
    poison = bench.path(job, 0)[0]
    for _ in range(5):
        bench.must_claim(named=poison)
        bench.clock.pass_by(61)
    assert bench.claim(named=poison) is None
    assert bench.status(job) == "running"
    bench.run()
    assert bench.status(job) == "failed"
    assert [fault["arm"] for fault in bench.job(job)["error"]["arms"]] == [0]
    assert "died or hung" in bench.job(job)["error"]["arms"][0]["message"]
    bench.check()


def test_an_operator_says_how_many_crashes_are_forgiven(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    for _ in range(7):
        assert trajectories.claim(bench.database, "w1", NUMERICS, 60.0, crashes_max=8) is not None
        bench.clock.pass_by(61)
    lease = trajectories.claim(bench.database, "w1", NUMERICS, 60.0, crashes_max=9)
    assert lease is not None
    trajectories.fail(bench.database, lease, {"message": "disk full"}, again=True, crashes_max=9)
    assert bench.status(job) == "running"
    bench.clock.pass_by(1e6)
    assert trajectories.claim(bench.database, "w1", NUMERICS, 60.0, crashes_max=9) is not None
    bench.clock.pass_by(61)
    assert trajectories.claim(bench.database, "w1", NUMERICS, 60.0, crashes_max=9) is None
    assert bench.status(job) == "failed"


def test_progress_forgives_crashes(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    for _ in range(3):
        for _ in range(3):
            bench.must_claim()
            bench.clock.pass_by(61)
        bench.slice(updates=2)
    bench.run()
    assert bench.status(job) == "succeeded"


def test_a_failed_slice_is_tried_again_after_a_while(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    trajectories.fail(bench.database, bench.must_claim(), {"message": "disk full"}, again=True)
    assert bench.claim() is None
    assert bench.job(job)["reason"] == "waiting-for-retry: disk full"
    bench.clock.pass_by(6)
    bench.run()
    assert (bench.status(job), bench.job(job)["reason"]) == ("succeeded", None)


def test_a_refusal_fails_at_once_and_never_again(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    trajectories.fail(bench.database, bench.must_claim(), {"message": "no such area"}, again=False)
    assert bench.status(job) == "failed"
    bench.clock.pass_by(1e6)
    assert bench.claim() is None
    again = bench.submit(arm(step(0, 20)))
    assert bench.status(again) == "failed"


def test_lost_bells_are_rung_again_after_the_grace(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)), arm(step(1, 20)))
    assert set(bench.ring()) == bench.runnable()
    assert bench.ring() == []
    bench.clock.pass_by(6)
    assert len(bench.ring()) == 2
    lease = bench.must_claim()
    bench.clock.pass_by(6)
    assert lease.id not in bench.ring()
    bench.clock.pass_by(61)
    assert lease.id in bench.ring()


def test_more_urgent_jobs_go_first(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    urgent = bench.submit(arm(step(1, 20)), priority=5)
    assert bench.must_claim().id == bench.path(urgent)[0]


def test_a_lost_snapshot_is_made_again_and_nothing_else_changes(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20), step(1, 10)))
    for _ in range(3):
        bench.slice(updates=4)
    lease = bench.must_claim()
    assert lease.start is not None
    upkeep.go_back(bench.database, lease)
    assert bench.trajectory(lease.id)["reached"] == 12
    again = bench.must_claim()
    assert (again.replay, again.reached, again.wanted) == (True, 8, 12)
    bench.commit(again)
    bench.run()
    assert bench.status(job) == "succeeded"
    assert "snapshot.lost" in bench.types(job)
    assert "replay.mismatch" not in bench.types(job)
    bench.check()
    bench.check_lives(job)


@pytest.mark.parametrize("demand", [20, until(20)])
def test_a_lost_start_of_a_child_is_made_again_by_its_parent(bench: Bench, demand: int) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 12})
    job = bench.submit(arm(step(0, demand), step(1, 10)))
    first, second = bench.path(job)[0], None
    while second is None:
        bench.slice(updates=7)
        second = next(iter(bench.path(job)[1:]), None)
    lease = bench.must_claim(named=second)
    assert lease.start is not None
    assert lease.start.trajectory == first
    upkeep.go_back(bench.database, lease)
    assert bench.runnable() == {first}
    bench.run(updates=7)
    assert bench.status(job) == "succeeded"
    assert bench.path(job) == [first, second]
    bench.check()
    bench.check_lives(job)


def test_a_replay_that_gives_other_values_is_told(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20), step(1, 10)))
    bench.slice(updates=12)
    lease = bench.must_claim()
    assert lease.start is not None
    upkeep.go_back(bench.database, lease)
    again = bench.must_claim()
    result = bench.simulation.train(again)
    result.snapshots[0].__dict__["state_hash"] = "f" * 64
    trajectories.commit_slice(bench.database, again, result)
    assert bench.types(job).count("replay.mismatch") == 1


def test_only_snapshots_that_nobody_needs_are_collected(bench: Bench) -> None:
    bench.submit(arm(step(0, 20), step(1, 10)))
    bench.run(updates=3)
    bench.clock.pass_by(1e6)
    stops = {row["stop"] for row in upkeep.collectable(bench.database, 86_400)}
    assert stops == {"3", "6", "9", "12", "15"}
    for row in upkeep.collectable(bench.database, 86_400):
        upkeep.forget_snapshot(bench.database, row["id"])
    late = bench.submit(arm(step(0, 10), step(1, 4)))
    bench.run()
    assert bench.status(late) == "succeeded"
    bench.check_lives(late)
