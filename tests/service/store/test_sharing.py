"""Jobs that agree on a first part train it once, and whatever comes late is made good to the same values."""

from __future__ import annotations

import pytest
from simulated import BATCH, Bench, Fates, arm, step, until

from service.store import events


def test_two_jobs_that_agree_train_once(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 20), step(1, 10)))
    second = bench.submit(arm(step(0, 20), step(2, 10)))
    bench.run()
    assert bench.path(first)[0] == bench.path(second)[0]
    assert bench.path(first)[1] != bench.path(second)[1]
    for job in (first, second):
        bench.check_lives(job)


def test_what_was_trained_before_answers_a_resubmission_at_once(bench: Bench) -> None:
    first = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.run()
    second = bench.submit(arm(step(0, until(20)), step(1, 10)))
    assert bench.status(second) == "succeeded"
    assert bench.path(first) == bench.path(second)
    assert "trajectory.reused" in bench.types(second)
    assert bench.claim() is None
    bench.check_lives(second)


def test_triggers_that_fire_at_the_same_ages_share_what_follows(bench: Bench) -> None:
    fates = Fates(fire={(0, 0): 5, (0, 1): 9})
    bench.simulation.fates = fates
    job = bench.submit(arm(step(0, until(20, value=0.5)), step(1, 10)), arm(step(0, until(30, value=0.6)), step(1, 10)))
    bench.run()
    assert bench.path(job, 0) == bench.path(job, 1)
    bench.check_lives(job)


def test_a_longer_arm_takes_up_a_finished_trajectory(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    bench.run()
    longer = bench.submit(arm(step(0, 50)))
    lease = bench.must_claim()
    assert (lease.reached, lease.wanted) == (20, 50)
    bench.commit(lease)
    assert bench.status(longer) == "succeeded"
    bench.check_lives(longer)


def test_a_shorter_arm_after_the_end_gets_its_snapshot_by_training_the_part_again(bench: Bench) -> None:
    longer = bench.submit(arm(step(0, 50)))
    bench.run()
    shorter = bench.submit(arm(step(0, 20), step(1, 10)))
    bench.run()
    assert bench.status(shorter) == "succeeded"
    assert "replay.mismatch" not in bench.types(longer) + bench.types(shorter)
    bench.check()
    bench.check_lives(shorter)
    bench.check_lives(longer)


def test_a_shorter_arm_that_comes_while_a_longer_one_is_trained(bench: Bench) -> None:
    bench.submit(arm(step(0, 50)))
    lease = bench.must_claim()
    shorter = bench.submit(arm(step(0, 20), step(1, 10)))
    bench.commit(lease)
    bench.run()
    assert bench.status(shorter) == "succeeded"
    bench.check()
    bench.check_lives(shorter)


def test_a_probe_that_is_asked_for_late_is_read_again_from_the_start(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 20), step(1, 10)))
    bench.run()
    second = bench.submit(arm(step(0, 20, probe=1), step(1, 10, probe=1)))
    assert bench.status(second) != "succeeded"
    bench.run(updates=7)
    assert bench.status(second) == "succeeded"
    bench.check()
    bench.check_lives(first)
    bench.check_lives(second)
    assert "replay.mismatch" not in bench.types(first) + bench.types(second)


def test_a_denser_reading_asked_for_while_a_slice_runs(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 40)))
    bench.slice(updates=12)
    lease = bench.must_claim()
    second = bench.submit(arm(step(0, 40, every=2)))
    bench.commit(lease, updates=12)
    bench.run(updates=12)
    assert [bench.status(job) for job in (first, second)] == ["succeeded", "succeeded"]
    bench.check()
    bench.check_lives(first)
    bench.check_lives(second)


def test_readings_asked_for_while_a_replay_runs(bench: Bench) -> None:
    bench.submit(arm(step(0, 40)))
    bench.run()
    second = bench.submit(arm(step(0, 40, every=4)))
    bench.slice(updates=12)
    lease = bench.must_claim()
    third = bench.submit(arm(step(0, 40, every=3)))
    bench.commit(lease, updates=12)
    bench.run(updates=12)
    for job in (second, third):
        assert bench.status(job) == "succeeded"
        bench.check_lives(job)
    bench.check()


def test_a_longer_arm_takes_lives_along_that_had_left_at_a_trigger(bench: Bench) -> None:
    """Life 0 stood still at 5 while life 1 went on to 15; a demand of 30 needs both there, with all their values."""
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    first = bench.submit(arm(step(0, until(20))))
    bench.run()
    longer = bench.submit(arm(step(0, 30), step(1, 10)))
    bench.run(updates=8)
    assert bench.status(longer) == "succeeded"
    bench.check()
    bench.check_lives(longer)
    bench.check_lives(first)


def test_a_trigger_that_comes_late_fires_where_it_would_have_fired(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    bench.submit(arm(step(0, 12)))
    bench.run()
    second = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.run(updates=8)
    assert bench.status(second) == "succeeded"
    bench.check()
    bench.check_lives(second)


def test_a_trigger_that_comes_while_a_slice_runs_without_it(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    bench.submit(arm(step(0, 30)))
    lease = bench.must_claim()
    second = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.commit(lease, updates=12)
    bench.run(updates=8)
    assert bench.status(second) == "succeeded"
    bench.check()
    bench.check_lives(second)


def test_a_trigger_goes_on_after_a_pause_in_which_another_job_went_on(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    first = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.slice(updates=3)
    bench.submit(arm(step(0, 40)))
    bench.ask(first, "pause")
    bench.run(updates=8)
    assert bench.status(first) == "paused"
    bench.ask(first, "resume")
    bench.run(updates=8)
    assert bench.status(first) == "succeeded"
    bench.check()
    bench.check_lives(first)


def test_a_trigger_that_comes_late_and_pauses_fires_where_it_would_have_fired(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    first = bench.submit(arm(step(0, 40)))
    bench.slice(7)
    second = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.ask(second, "pause")
    bench.slice(7)
    bench.ask(second, "resume")
    bench.run(7)
    for job in (first, second):
        bench.check_lives(job)


def test_a_trigger_that_pauses_and_goes_on_while_a_replay_runs(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    first = bench.submit(arm(step(0, 40)))
    bench.slice(25)
    second = bench.submit(arm(step(0, until(20)), step(1, 10)))
    third = bench.submit(arm(step(0, until(18, value=0.7)), step(2, 10)))
    bench.ask(second, "pause")
    assert bench.slice(3).replay
    bench.ask(second, "resume")
    bench.run(3)
    for job in (first, second, third):
        bench.check_lives(job)


def test_a_cancelled_trigger_that_is_submitted_again(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    first = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.submit(arm(step(0, 40)))
    bench.slice(updates=3)
    bench.ask(first, "cancel")
    bench.run(updates=8)
    again = bench.submit(arm(step(0, until(20)), step(1, 10)))
    bench.run(updates=8)
    assert bench.status(again) == "succeeded"
    bench.check()
    bench.check_lives(again)


def test_the_seeds_that_are_new_form_a_cohort_of_their_own(bench: Bench) -> None:
    first = bench.submit(arm(step(0, 20)), seeds=(0, 1))
    bench.run()
    second = bench.submit(arm(step(0, 20)), seeds=(0, 1, 2, 3))
    assert bench.path(second)[0] == bench.path(first)[0]
    assert [row["seeds"] for row in bench.steps(second)] == [[0, 1], [2, 3]]
    bench.run()
    assert bench.status(second) == "succeeded"
    bench.check_lives(second)


def test_a_cohort_is_no_larger_than_the_settings_allow(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20)), seeds=range(5), cohort_lives=2)
    assert [row["seeds"] for row in bench.steps(job)] == [[0, 1], [2, 3], [4]]


def test_projects_do_not_share(bench: Bench) -> None:
    bench.submit(arm(step(0, 20)))
    bench.submit(arm(step(0, 20)), project="other")
    assert bench.run() == 2


@pytest.mark.parametrize("dying", [{(0, 0): 7}, {(0, 0): 20}, {(0, 0): 7, (0, 1): 12}])
def test_diverged_lives_stay_behind_and_the_others_go_on(bench: Bench, dying: dict[tuple[int, int], int]) -> None:
    bench.simulation.fates = Fates(diverge=dying)
    job = bench.submit(arm(step(0, 20), step(1, until(10)), step(2, 10)))
    bench.run(updates=6)
    assert bench.status(job) == "succeeded"
    bench.check_lives(job)


def test_censored_lives_end_and_the_job_succeeds(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 99})
    job = bench.submit(arm(step(0, until(20, on_limit="censor")), step(1, 10)))
    bench.run()
    assert bench.status(job) == "succeeded"
    bench.check_lives(job)


def test_a_life_that_may_not_meet_its_limit_fails_the_job(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 99})
    job = bench.submit(arm(step(0, until(20, on_limit="fail")), step(1, 10)), arm(step(3, 10)))
    bench.run()
    assert bench.status(job) == "failed"
    assert [fault["arm"] for fault in bench.job(job)["error"]["arms"]] == [0]


def test_a_job_hears_of_the_ends_of_its_own_stages_only(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(0, 0): 5, (0, 1): 15})
    triggered = bench.submit(arm(step(0, until(20))))
    fixed = bench.submit(arm(step(0, 30)))
    bench.run()
    assert bench.status(triggered) == bench.status(fixed) == "succeeded"
    with bench.database.read() as db:
        heard = {job: [event["type"] for event in events.after(db, job, 0, 1000)] for job in (triggered, fixed)}
    assert heard[triggered].count("life.transition") == 2
    assert "life.transition" not in heard[fixed]


def test_a_job_hears_once_of_every_stage_that_its_lives_enter_and_which_one_a_life_left(bench: Bench) -> None:
    bench.simulation.fates = Fates(fire={(1, 0): 5, (1, 1): 15})
    job = bench.submit(arm(step(0, 30), step(1, until(20))))
    bench.run()
    assert bench.status(job) == "succeeded"
    with bench.database.read() as db:
        told = events.after(db, job, 0, 1000)
    entered = [(event["data"]["stage"], event["data"]["age_sp"]) for event in told if event["type"] == "stage.entered"]
    assert entered == [("s0", 0), ("s1", 30 * BATCH)]
    left = [event["data"] for event in told if event["type"] == "life.transition"]
    assert {(each["seed"], each["stage"]) for each in left} == {(0, "s1"), (1, "s1")}
