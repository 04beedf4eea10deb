"""Whose turn it is, over workers that come and go."""

from __future__ import annotations

from simulated import Bench, arm, step, until

from service.store.tables.work import trajectory


def order(bench: Bench, count: int) -> list[str]:
    """Owners take what they are given and give nothing back."""
    return [bench.must_claim(f"w{number}").id for number in range(count)]


def test_the_longest_path_goes_first_with_all_that_waits_behind_it(bench: Bench) -> None:
    job = bench.submit(arm(step(1, 30)), arm(step(2, 10), step(3, 40)), arm(step(4, 20)), seeds=(0,))
    alone, chain, short = (bench.path(job, index)[0] for index in range(3))
    assert order(bench, 3) == [chain, alone, short]


def test_a_stage_that_a_trigger_ends_counts_up_to_its_limit(bench: Bench) -> None:
    job = bench.submit(arm(step(1, 30)), arm(step(2, until(25)), step(3, 10)), seeds=(0,))
    alone, chain = (bench.path(job, index)[0] for index in range(2))
    assert order(bench, 2) == [chain, alone]


def test_the_longest_path_is_taken_up_again_slice_by_slice(bench: Bench) -> None:
    """With fewest slices first, the long one would be left over for one worker alone."""
    job = bench.submit(arm(step(1, 40)), *(arm(step(place, 10)) for place in range(2, 6)), seeds=(0,))
    (long,) = bench.path(job, 0)
    for _ in range(3):
        lease = bench.must_claim("w1")
        assert lease.id == long
        bench.commit(lease, updates=10)
    assert bench.trajectory(long)["reached"] == 30


def test_a_shared_trajectory_counts_for_the_longest_of_its_arms(bench: Bench) -> None:
    job = bench.submit(arm(step(1, 25)), arm(step(2, 5), step(3, 10)), arm(step(2, 5), step(4, 30)), seeds=(0,))
    alone, shared = bench.path(job, 0)[0], bench.path(job, 1)[0]
    assert order(bench, 2) == [shared, alone]


def test_jobs_of_a_project_take_turns(bench: Bench) -> None:
    large = bench.submit(*(arm(step(place, 100)) for place in range(1, 9)), seeds=(0,))
    small = bench.submit(arm(step(20, 10)), seeds=(0,))
    served = []
    while bench.status(small) != "succeeded":
        lease = bench.must_claim()
        served.append("small" if lease.id in bench.path(small) else "large")
        bench.commit(lease, updates=5)
        bench.clock.pass_by(1.0)
    assert served[:4] in (["small", "large"] * 2, ["large", "small"] * 2)
    assert len(served) <= 4
    assert bench.status(large) == "running"


def test_projects_take_turns(bench: Bench) -> None:
    bench.submit(*(arm(step(place, 100)) for place in range(1, 5)), seeds=(0,), project="many")
    bench.submit(arm(step(1, 10)), seeds=(0,), project="few")
    projects = [bench.trajectory(each)["project"] for each in order(bench, 3)]
    assert projects[:2] != ["many", "many"]
    assert sorted(projects) == ["few", "many", "many"]


def test_priority_goes_before_everything(bench: Bench) -> None:
    bench.submit(arm(step(1, 1000)), seeds=(0,))
    urgent = bench.submit(arm(step(2, 10)), seeds=(0,), priority=5)
    assert order(bench, 1) == bench.path(urgent)


def test_a_paused_job_counts_for_nothing(bench: Bench) -> None:
    paused = bench.submit(arm(step(1, 5), step(2, 1000)), seeds=(0,))
    other = bench.submit(arm(step(1, 5), step(3, 10)), arm(step(4, 20)), seeds=(0,))
    bench.ask(paused, "pause")
    assert order(bench, 1) == [bench.path(other, 1)[0]]
    assert len(bench.rows(trajectory)) == 2
