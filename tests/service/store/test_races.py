"""Everybody at once, on real threads: whatever is asked when, nothing breaks but what may be refused."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from simulated import NUMERICS, Bench, Clock, Fates, arm, step, until

from service.errors import Conflict, NotFound
from service.lifecycle import TERMINAL
from service.store import creation, jobs, trajectories, upkeep
from service.store.engine import Database, again_on_conflict
from service.store.leases import LeaseLost
from service.store.tables.work import job, trajectory

SECONDS = float(os.environ.get("ONTOGENY_TEST_RACE_SECONDS", "2"))
MAY_BE = (Conflict, NotFound, LeaseLost)


class Crowd:
    """Threads that each do one thing after another, without asking what the others do."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.bench = Bench(database, Clock(), Fates(fire={(0, 0): 4, (0, 1): 11}))
        self.random = random.Random(seed)
        self.names: list[str] = []
        self.until = time.monotonic() + SECONDS
        self.told = threading.Lock()
        self.counts: dict[str, int] = {}

    def run(self, act: Callable[[], object]) -> None:
        while time.monotonic() < self.until:
            try:
                again_on_conflict(act)()
            except MAY_BE as error:
                self.count(type(error).__name__)
                time.sleep(0.01)
            else:
                self.count(act.__name__)

    def count(self, what: str) -> None:
        with self.told:
            self.counts[what] = self.counts.get(what, 0) + 1

    def anyone(self) -> str:
        with self.told:
            return self.random.choice(self.names[-8:]) if self.names else "job_nobody"

    def submit(self) -> None:
        first = self.random.choice([20, until(14), until(18, value=0.7), self.random.randint(5, 40)])
        later = [step(place, 10) for place in self.random.sample([1, 2, 3], self.random.randint(0, 2))]
        given = [arm(step(0, first), *later), arm(step(4, self.random.randint(5, 40)))]
        new = creation.NewJob(
            "default", "study", "job", {}, "sha256:0", (0, 1), given, priority=self.random.randint(0, 2)
        )
        with self.database.write() as db:
            name, _ = creation.create(db, self.database.now(db), new, 32)
        with self.told:
            self.names.append(name)

    def ask(self) -> None:
        verb = self.random.choice(["cancel", "pause", "resume", "resume"])
        wish = jobs.Wish(verb, at_once=verb == "cancel" and self.random.random() < 0.5)  # type: ignore[arg-type]
        with self.database.write() as db:
            jobs.request(db, self.database.now(db), "default", self.anyone(), wish)

    def delete(self) -> None:
        name = self.anyone()
        with self.database.write() as db:
            jobs.delete(db, "default", name)
        with self.told:
            self.names.remove(name)

    def change(self) -> None:
        with self.database.write() as db:
            jobs.patch(db, "default", self.anyone(), {"priority": self.random.randint(-3, 3)}, None)

    def train(self) -> None:
        lease = trajectories.claim(self.database, f"w{threading.get_ident()}", NUMERICS, 60.0)
        if lease is None:
            time.sleep(0.01)
            return
        trajectories.commit_slice(self.database, lease, self.bench.simulation.train(lease, 7))

    def reconcile(self) -> None:
        upkeep.expire_leases(self.database)
        upkeep.repair_statuses(self.database)
        upkeep.unannounced(self.database, 0.0)
        time.sleep(0.05)


@pytest.fixture
def plain(database_url: str) -> Iterator[Database]:
    """A store by the clock of its own."""
    opened = Database(database_url)
    yield opened
    opened.close()


def test_nothing_breaks_when_everything_is_asked_at_once(plain: Database) -> None:
    database = plain
    crowd = Crowd(database, seed=1)
    acts = [crowd.submit, crowd.ask, crowd.delete, crowd.change, crowd.train, crowd.train, crowd.reconcile]
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(crowd.run, act) for act in acts]:
            done.result(SECONDS + 60)
    bench = crowd.bench
    bench.check()
    for row in bench.rows(job):
        if row["status"] in ("paused", "pausing"):
            bench.ask(row["id"], "resume")
    bench.run(most=5000)
    upkeep.repair_statuses(database)
    for row in bench.rows(job):
        assert row["status"] in TERMINAL
        if row["status"] == "succeeded":
            bench.check_lives(row["id"])
    for row in bench.rows(job):
        bench.delete(row["id"])
    assert bench.rows(trajectory) == [], "nothing is left behind"
    assert crowd.counts.keys() >= {"submit", "train"}, crowd.counts
