from __future__ import annotations

import pytest
from simulated import Bench, Fates, arm, step, until

from service.errors import Conflict, NotFound, Stale
from service.lifecycle import Verb
from service.store import creation, jobs, search, standing, trajectories, upkeep
from service.store.leases import LeaseLost
from service.store.tables import metadata
from service.store.tables.record import transition
from service.store.tables.work import job as table_of_jobs
from service.store.tables.work import trajectory


def test_ids_sort_by_creation_and_have_26_characters() -> None:
    ids = [creation.new_id(now) for now in (1.0, 1.002, 1e9, 2e9)]
    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {30}


def test_a_job_of_another_project_is_not_found(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)), project="other")
    with pytest.raises(NotFound):
        bench.job(job)


def test_a_queued_job_is_cancelled_at_once_and_never_trained(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    assert bench.ask(job, "cancel")
    assert bench.status(job) == "cancelled"
    assert bench.claim() is None
    assert not bench.ask(job, "cancel")


def test_a_running_job_is_cancelled_when_its_slice_ends(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    bench.ask(job, "cancel")
    assert bench.status(job) == "cancelling"
    assert trajectories.renew(bench.database, lease, 60.0, 3) == "stop"
    bench.commit(lease, updates=4)
    assert bench.status(job) == "cancelled"
    assert bench.claim() is None
    bench.check()


def test_the_slice_that_completes_the_last_arm_wins_over_cancel(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    bench.ask(job, "cancel")
    bench.commit(lease)
    assert bench.status(job) == "succeeded"


def test_what_another_job_wants_goes_on_after_a_cancel(bench: Bench) -> None:
    first, second = bench.submit(arm(step(0, 20))), bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    bench.ask(first, "cancel")
    assert bench.status(first) == "cancelled"
    assert trajectories.renew(bench.database, lease, 60.0, 3) == "go"
    bench.commit(lease)
    assert bench.status(second) == "succeeded"


def test_a_pause_is_obeyed_at_the_slices_end_and_resumed_where_it_stood(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    lease = bench.must_claim()
    bench.ask(job, "pause")
    assert bench.status(job) == "pausing"
    bench.commit(lease, updates=4)
    assert bench.status(job) == "paused"
    assert bench.claim() is None
    assert bench.ring() == []
    bench.ask(job, "resume")
    assert bench.must_claim().reached == 4


def test_a_pausing_job_whose_worker_dies_is_paused_by_the_reconciler(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    bench.must_claim()
    bench.ask(job, "pause")
    bench.clock.pass_by(61)
    upkeep.expire_leases(bench.database)
    assert bench.status(job) == "paused"


@pytest.mark.parametrize(
    ("before", "verb", "allowed"),
    [
        ("succeeded", "cancel", ["fork", "extend", "delete"]),
        ("succeeded", "resume", ["fork", "extend", "delete"]),
        ("queued", "retry", ["cancel", "pause", "fork", "extend"]),
    ],
)
def test_a_verb_that_cannot_be_obeyed_is_refused_with_those_that_can(
    bench: Bench, before: str, verb: Verb, allowed: list[str]
) -> None:
    job = bench.submit(arm(step(0, 20)))
    if before == "succeeded":
        bench.run()
    with pytest.raises(Conflict) as refused:
        bench.ask(job, verb)
    assert refused.value.more["allowed"] == allowed


def test_a_failed_job_that_is_retried_goes_on_from_the_last_snapshot(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 20), step(1, 10)))
    bench.slice(updates=12)
    trajectories.fail(bench.database, bench.must_claim(), {"message": "no"}, again=False)
    assert bench.status(first) == "failed"
    with bench.database.write() as db:
        jobs.clear_failures(db, first)
    second = bench.submit(arm(step(0, 20), step(1, 10)), parent=first, relation="retry")
    assert bench.must_claim().reached == 12
    bench.clock.pass_by(61)
    bench.run()
    assert (bench.status(first), bench.status(second)) == ("failed", "succeeded")
    bench.check_lives(second)


def test_a_job_that_has_not_ended_cannot_be_deleted(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    with pytest.raises(Conflict):
        bench.delete(job)


def test_deleting_the_only_job_leaves_no_row(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 9})
    job = bench.submit(arm(step(0, until(20)), step(1, 10)), arm(step(0, until(20)), step(2, 10)))
    bench.run(updates=6)
    files = bench.delete(job)
    assert set(files) == {uri for uri in bench.simulation.files if uri in set(files)}
    assert len(files) >= 5
    left = {table.name for table in metadata.sorted_tables if bench.rows(table)}
    assert left <= {"project", "tally"}, "what is counted over all time stays"


def test_deleting_a_job_keeps_what_another_reaches(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 20), step(1, 10)))
    second = bench.submit(arm(step(0, 20), step(2, 10)))
    bench.run()
    shared, own = bench.path(first)
    bench.delete(first)
    left = {row["id"] for row in bench.rows(trajectory)}
    assert (shared in left, own in left) == (True, False)
    bench.check()
    bench.check_lives(second)


def test_a_worker_on_a_deleted_trajectory_writes_nothing(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)), arm(step(1, 10)))
    lease = bench.must_claim()
    bench.ask(job, "cancel")
    bench.clock.pass_by(61)
    with bench.database.write() as db:
        standing.refresh(db, bench.database.now(db), [job])
    bench.delete(job)
    with pytest.raises(LeaseLost):
        bench.commit(lease)
    assert bench.rows(transition) == []


def test_a_job_that_was_deleted_since_its_id_was_read_is_passed_over(bench: Bench) -> None:
    gone, going = bench.submit(arm(step(0, 20))), bench.submit(arm(step(1, 10)))
    bench.ask(gone, "cancel")
    bench.delete(gone)
    bench.must_claim()
    with bench.database.write() as db:
        standing.refresh(db, bench.database.now(db), [gone, going])
    assert [row["status"] for row in bench.rows(table_of_jobs)] == ["running"]


def test_a_change_of_priority_reaches_the_trajectories(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    later = bench.submit(arm(step(1, 20)))
    with bench.database.write() as db:
        jobs.patch(db, "default", later, {"priority": 3}, None)
    assert bench.must_claim().id == bench.path(later)[0]


def test_a_shared_trajectory_is_as_urgent_as_the_most_urgent_job_that_runs(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    urgent = bench.submit(arm(step(0, 20)), priority=5)
    (row,) = bench.rows(trajectory)
    assert row["priority"] == 5
    bench.ask(urgent, "pause")
    (row,) = bench.rows(trajectory)
    assert row["priority"] == 0


def test_a_change_on_an_old_version_is_stale(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)))
    version = bench.job(job)["version"]
    with bench.database.write() as db:
        jobs.patch(db, "default", job, {"name": "new"}, version)
    with pytest.raises(Stale), bench.database.write() as db:
        jobs.patch(db, "default", job, {"name": "newer"}, version)
    assert bench.job(job)["name"] == "new"


def test_progress_counts_updates_of_distinct_trajectories(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20), step(1, 10)), arm(step(0, 20), step(2, 10)))
    assert bench.job(job)["updates_total"] == 40
    bench.run()
    assert bench.job(job)["updates_done"] == 40
    again = bench.submit(arm(step(0, 20), step(3, 10)))
    assert bench.job(again)["updates_reused"] == 20


def test_pages_of_jobs_follow_each_other_without_gaps(bench: Bench) -> None:
    made = []
    for place in range(5):
        bench.clock.pass_by(1)
        made.append(bench.submit(arm(step(place, 20))))
    with bench.database.read() as db:
        first = search.list_page(db, "default", limit=2)
        second = search.list_page(db, "default", before=first[-1]["id"], limit=9)
    assert [row["id"] for row in first + second] == sorted(made, reverse=True)
    assert "document" not in first[0]


# ---- fair sharing


def claimed_for(bench: Bench, slices: int) -> list[str]:
    """Projects of so many slices, one after another."""
    found = []
    for _ in range(slices):
        lease = bench.must_claim()
        found.append(lease.project)
        bench.commit(lease, updates=1)
    return found


def test_projects_take_turns_however_much_each_has_to_do(bench: Bench) -> None:
    for place in range(8):
        bench.submit(arm(step(place, 20)), project="large", priority=100)
    bench.submit(arm(step(0, 20)), project="small")
    assert claimed_for(bench, 8).count("small") == 4


def test_a_project_that_rested_has_no_turns_saved_up(bench: Bench) -> None:
    bench.submit(arm(step(0, 200)), project="busy")
    claimed_for(bench, 30)
    bench.submit(arm(step(0, 200)), project="fresh")
    bench.submit(arm(step(1, 200)), project="third")
    served = claimed_for(bench, 30)
    assert {name: served.count(name) for name in set(served)} == {
        "busy": pytest.approx(10, abs=1), "fresh": pytest.approx(10, abs=1), "third": pytest.approx(10, abs=1),
    }  # fmt: skip


def test_inside_a_project_the_most_urgent_comes_first(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    urgent = bench.submit(arm(step(1, 20)), priority=5)
    bench.submit(arm(step(0, 20)), project="other", priority=-5)
    first, second = bench.must_claim(), bench.must_claim()
    assert {first.project, second.project} == {"default", "other"}
    assert bench.path(urgent)[0] in (first.id, second.id)
