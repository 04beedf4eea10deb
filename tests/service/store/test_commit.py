from __future__ import annotations

from simulated import Bench, arm, step, until


def test_a_job_of_two_fixed_steps_is_trained_to_its_end(bench: Bench) -> None:
    job = bench.submit(arm(step(0, 20), step(1, 10)))
    assert bench.status(job) == "queued"
    assert bench.run(updates=7) == 5
    assert bench.status(job) == "succeeded"
    bench.check()
    bench.check_lives(job)


def test_a_triggered_end_lets_each_life_leave_at_its_own_offset(bench: Bench) -> None:
    job = bench.submit(arm(step(0, until(20)), step(1, 10)), seeds=(0, 1, 2))
    bench.run(updates=7)
    assert bench.status(job) == "succeeded"
    bench.check()
    bench.check_lives(job)
