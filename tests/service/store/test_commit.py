from __future__ import annotations

from simulated import Bench, arm, step, until

from service.store import tallies
from service.store.tables.record import series


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


def test_values_are_counted_as_they_are_stored_those_of_a_replay_once(bench: Bench) -> None:
    def counted() -> tuple[float, int]:
        with bench.database.read() as db:
            return tallies.totals(db)["history_values"], sum(row["n"] for row in bench.rows(series))

    bench.submit(arm(step(0, 20)))
    bench.run(updates=7)
    told, before = counted()
    assert told == before > 2 * 20
    bench.submit(arm(step(0, 20, probe=1)))
    bench.run(updates=7)
    told, after = counted()
    assert told == after
    assert after - before < 2 * 20, "the replay brought readings and notes of its clock, no cost a second time"
