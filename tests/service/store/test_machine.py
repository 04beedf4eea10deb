"""Anything may happen in any order: jobs come and go, workers die, wake late, bells and snapshots are lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from simulated import Bench, Clock, Fates, arm, step, until

from service.errors import Conflict
from service.lifecycle import TERMINAL, Verb, obeys
from service.store import commits, creation, trajectories, upkeep
from service.store.engine import Database
from service.store.leases import Lease, LeaseLost
from service.store.tables import metadata
from service.store.tables.record import event
from service.store.tables.work import arm_step, job, snapshot, trajectory

FATES = Fates(diverge={(0, 2): 9, (2, 1): 6}, fire={(0, 0): 4, (0, 1): 11, (1, 0): 3, (1, 1): 99})

first_steps = st.builds(
    lambda demand, every, probe: step(0, demand, every=every, probe=probe),
    st.sampled_from([6, 12, 20, until(14), until(14, value=0.7), until(18, on_limit="censor"), until(16, entry=5)]),
    st.sampled_from([3, 4]),
    st.sampled_from([0, 1]),
)
later_steps = st.builds(step, st.sampled_from([1, 2]), st.sampled_from([5, until(8)]))
arms = st.builds(lambda first, later: arm(first, *later), first_steps, st.lists(later_steps, max_size=1))


class PowerCut(BaseException):
    """Nothing that handles errors may handle this one."""


def _die(*given: Any) -> None:
    raise PowerCut


class StoreMachine(RuleBasedStateMachine):
    """The real SQL under a clock of its own; what is stored is looked at after every rule."""

    url = ""
    leases: Bundle[Lease] = Bundle("leases")
    submitted: Bundle[str] = Bundle("submitted")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.database = Database(self.url, self.clock)
        with self.database.write() as db:
            for table in reversed(metadata.sorted_tables):
                db.execute(sa.delete(table))
        self.bench = Bench(self.database, self.clock, FATES)
        self.fences: dict[tuple[str, float], int] = {}
        self.ended: dict[str, tuple[str, int]] = {}
        self.given: dict[str, tuple[list[creation.NewArm], tuple[int, ...]]] = {}

    def teardown(self) -> None:
        """Left alone, everything that still runs comes to its end, and every life has what was asked for."""
        self.clock.pass_by(10_000)
        for row in self.bench.rows(job):
            if row["status"] in ("paused", "pausing"):
                self.bench.ask(row["id"], "resume")
        self.bench.run(updates=9)
        upkeep.repair_statuses(self.database)
        for row in self.bench.rows(job):
            assert row["status"] in TERMINAL, f"{row['id']} is {row['status']} and nothing is left to do"
            if row["status"] == "succeeded":
                self.bench.check_lives(row["id"])
            assert "replay.mismatch" not in self.bench.types(row["id"])
        self.bench.check()
        self.database.close()

    # ---- what may happen

    @rule(target=submitted, given=st.lists(arms, min_size=1, max_size=2), seeds=st.sampled_from([(0, 1), (0, 1, 2)]))
    def submit(self, given: list[creation.NewArm], seeds: tuple[int, ...]) -> str:
        return self._submitted(given, seeds)

    def _submitted(self, given: list[creation.NewArm], seeds: tuple[int, ...], **about: Any) -> str:
        self.clock.pass_by(0.01)
        made = self.bench.submit(*given, seeds=seeds, **about)
        self.given[made] = (given, seeds)
        return made

    @rule(target=leases)
    def claim_any(self) -> Any:
        return self._claimed(self.bench.claim(f"w{len(self.fences)}"))

    @rule(slices=st.integers(1, 4), updates=st.sampled_from([3, 1000]))
    def a_worker_works(self, slices: int, updates: int) -> None:
        for _ in range(slices):
            self.bench.slice(updates)

    @rule(target=leases, which=st.integers(0, 9))
    def claim_by_a_bell_that_is_late_or_doubled(self, which: int) -> Any:
        rows = self.bench.rows(trajectory)
        return self._claimed(self.bench.claim("w", rows[which % len(rows)]["id"])) if rows else multiple()

    def _claimed(self, lease: Lease | None) -> Any:
        if lease is None:
            return multiple()
        wanted = self.bench.trajectory(lease.id)
        assert wanted["wanted"] > 0, "what nobody wants is not claimed"
        return lease

    @rule(lease=leases, updates=st.sampled_from([2, 5, 1000]))
    def commit(self, lease: Lease, updates: int) -> None:
        """A stale fence writes nothing; a current one writes all."""
        holds = self._holds(lease)
        if not holds:
            before = self._everything()
            with pytest.raises(LeaseLost):
                trajectories.commit_slice(self.database, lease, self.bench.simulation.train(lease, updates))
            assert self._everything() == before
            return
        self.bench.commit(lease, updates)
        assert not self._holds(lease)

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        if self._holds(lease):
            trajectories.renew(self.database, lease, 60.0, lease.reached)
        else:
            with pytest.raises(LeaseLost):
                trajectories.renew(self.database, lease, 60.0, lease.reached)

    @rule(lease=leases)
    def a_slice_fails(self, lease: Lease) -> None:
        if self._holds(lease) and self.bench.trajectory(lease.id)["crashes"] < 3:
            trajectories.fail(self.database, lease, {"message": "disk full"}, again=True)

    @rule(lease=leases)
    def a_slice_is_refused(self, lease: Lease) -> None:
        """Its arms fail, and nothing else does."""
        if self._holds(lease):
            trajectories.fail(self.database, lease, {"message": "no such area"}, again=False)
            assert self.bench.trajectory(lease.id)["error"] is not None
            assert self.bench.claim("w", lease.id) is None

    @rule(lease=leases, updates=st.sampled_from([2, 1000]), point=st.sampled_from(["before_commit", "in_commit"]))
    def a_worker_dies(self, lease: Lease, updates: int, point: str) -> None:
        """Files may be there; of the slice itself nothing is."""
        before, result = self._everything(), self.bench.simulation.train(lease, updates)
        if point == "in_commit":
            with pytest.MonkeyPatch.context() as dying:
                dying.setattr(commits.tallies, "add", _die)
                with pytest.raises((PowerCut, LeaseLost)):
                    trajectories.commit_slice(self.database, lease, result)
        assert self._everything() == before

    @rule(seeds=st.sampled_from([(0, 1), (0, 1, 2)]))
    def an_api_dies_in_a_submission(self, seeds: tuple[int, ...]) -> None:
        before = self._everything()
        with pytest.MonkeyPatch.context() as dying:
            dying.setattr(creation.standing, "refresh", _die)
            with pytest.raises(PowerCut):
                self.bench.submit(arm(step(0, 12), step(1, 5)), seeds=seeds)
        assert self._everything() == before

    @rule(lease=leases)
    def a_snapshot_is_lost(self, lease: Lease) -> None:
        if lease.start is not None and self._holds(lease):
            upkeep.go_back(self.database, lease)

    @rule(seconds=st.sampled_from([1, 30, 70]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.pass_by(seconds)

    @rule()
    def reconcile(self) -> None:
        """No trajectory that can run is left without a bell."""
        upkeep.expire_leases(self.database)
        upkeep.repair_statuses(self.database)
        self.bench.ring(5.0)
        for row in self.bench.rows(trajectory):
            assert row["id"] not in self.bench.runnable() or row["rung_at"] >= self.clock.now - 5.0

    @rule(job_id=submitted, verb=st.sampled_from(["pause", "resume", "cancel"]))
    def ask(self, job_id: str, verb: Verb) -> None:
        if self.bench.rows(job, id=job_id):
            if obeys(self.bench.status(job_id), verb):
                self.bench.ask(job_id, verb)
            else:
                with pytest.raises(Conflict):
                    self.bench.ask(job_id, verb)

    @rule(job_id=submitted)
    def cancel_at_once(self, job_id: str) -> None:
        """The job has ended in the same moment, and nobody holds what nobody wants."""
        if not self.bench.rows(job, id=job_id) or not obeys(self.bench.status(job_id), "cancel"):
            return
        self.bench.ask(job_id, "cancel", at_once=True)
        assert self.bench.status(job_id) == "cancelled"
        for row in self.bench.rows(trajectory):
            assert row["wanted"] > 0 or row["lease_until"] is None or row["id"] not in self.bench.path(job_id)

    @rule(job_id=submitted)
    def delete(self, job_id: str) -> None:
        if self.bench.rows(job, id=job_id) and self.bench.status(job_id) in TERMINAL:
            self.bench.delete(job_id)
            self.ended.pop(job_id, None)

    @rule(target=submitted, job_id=submitted, later=later_steps, verb=st.sampled_from(["again", "fork", "extend"]))
    def another_of_the_same_lives(self, job_id: str, later: creation.NewStep, verb: str) -> Any:
        """It shares a part: the same once more, the same up to an age and then another, the same but longer."""
        if not self.bench.rows(job, id=job_id):
            return multiple()
        arms = {"again": arm(step(0, 12)), "fork": arm(step(0, 12), later), "extend": arm(step(0, 30))}
        about = {} if verb == "again" else {"parent": job_id, "relation": verb}
        return self._submitted([arms[verb]], tuple(self.bench.job(job_id)["seeds"]), **about)

    @rule(target=submitted, job_id=submitted)
    def retry(self, job_id: str) -> Any:
        """What failed is tried again under a new job; the one that failed stays as it is."""
        if not self.bench.rows(job, id=job_id) or not obeys(self.bench.status(job_id), "retry"):
            return multiple()
        found = self._submitted(*self.given[job_id], parent=job_id, relation="retry")
        assert self.bench.status(found) not in ("failed", "cancelled")
        return found

    @precondition(lambda self: self.bench.rows(snapshot))
    @rule()
    def collect(self) -> None:
        """A snapshot that somebody asked for, or the last of a trajectory, is never collected."""
        kept = {(row["trajectory"], row["stop"]) for row in self.bench.rows(arm_step) if row["stop"]}
        kept |= {(row["parent"], row["parent_stop"]) for row in self.bench.rows(trajectory) if row["parent"]}
        kept |= {(row["id"], str(row["reached"])) for row in self.bench.rows(trajectory)}
        for row in upkeep.collectable(self.database, 0.0):
            assert (row["trajectory"], row["stop"]) not in kept
            upkeep.forget_snapshot(self.database, row["id"])

    # ---- what always holds

    @invariant()
    def what_is_stored_fits_together(self) -> None:
        self.bench.check()

    @invariant()
    def fences_only_grow(self) -> None:
        for row in self.bench.rows(trajectory):
            one = (row["id"], row["created_at"])
            assert row["fence"] >= self.fences.get(one, 0)
            self.fences[one] = row["fence"]

    @invariant()
    def a_job_that_has_ended_never_changes(self) -> None:
        for row in self.bench.rows(job):
            if row["id"] in self.ended:
                assert self.ended[row["id"]] == (row["status"], row["last_event"])
            elif row["status"] in TERMINAL:
                self.ended[row["id"]] = (row["status"], row["last_event"])

    def _holds(self, lease: Lease) -> bool:
        rows = self.bench.rows(trajectory, id=lease.id)
        if not rows or rows[0]["lease_until"] is None:
            return False
        return (rows[0]["created_at"], rows[0]["fence"]) == (lease.born, lease.fence)

    def _everything(self) -> dict[str, list[Any]]:
        return {table.name: self.bench.rows(table) for table in (job, event, trajectory, snapshot, arm_step)}


@pytest.fixture
def quick_sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """In memory where the machine has such a folder: the machine commits thousands of times."""
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    shutil.copy(sqlite_template, Path(folder) / "machine.db")
    yield f"sqlite:///{folder}/machine.db"
    shutil.rmtree(folder)


def _run(url: str, examples: int, steps: int) -> None:
    machine = type("Machine", (StoreMachine,), {"url": url})
    unhurried = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=unhurried
        ),
    )


def test_nothing_that_may_happen_breaks_the_store(quick_sqlite_url: str) -> None:
    _run(quick_sqlite_url, int(os.environ.get("ONTOGENY_TEST_EXAMPLES", "40")), 30)


@pytest.mark.servers
def test_nothing_that_may_happen_breaks_the_store_on_postgresql(postgres_url: str) -> None:
    _run(postgres_url, int(os.environ.get("ONTOGENY_TEST_EXAMPLES", "10")), 30)
