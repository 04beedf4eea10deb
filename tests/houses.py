"""Homes with a database and workers in this process, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
import yaml

from models.specs.document import read
from models.specs.numerics import NumericsSpec
from service.settings import Settings
from service.store import history
from service.store.access import ANYONE_HERE
from service.store.engine import Database, migrate
from service.store.tables.record import event, history_block, transition
from service.store.tables.work import arm_step, job, snapshot, trajectory
from service.submission import About, prepare, submit
from workers.slice import Task, Worker
from workers.tasks import advance, build_worker

QUICK = {"lease_seconds": 5.0, "first_slice_seconds": 0.05, "slice_seconds_min": 0.05, "slice_seconds_max": 0.3}


@dataclass
class House:
    """A migrated home with a database, and what tests ask of it."""

    home: Path
    settings: Settings
    database: Database
    workers: list[Worker] = field(default_factory=list)

    def submit(self, document: dict[str, Any]) -> str:
        prepared = prepare(read(yaml.safe_dump(document)), None, NumericsSpec())
        return submit(self.database, self.settings, ANYONE_HERE, prepared, About(), None).job

    def worker(self, slot: int = 0) -> Worker:
        self.workers.append(build_worker(self.settings, slot))
        return self.workers[-1]

    def work_off(self, worker: Worker, slices: int = 200) -> int:
        """Slices until there is nothing to do."""
        for done in range(slices):
            if not advance(worker):
                return done
        raise AssertionError(f"still not done after {slices} slices: {self.events()[-5:]}")

    def work_off_in_pieces(self, updates: int) -> None:
        """Every slice has at most so many updates and begins from a file."""
        worker, whole = self.worker(), Task.stop
        with pytest.MonkeyPatch.context() as cut:
            shorter = property(lambda task: min(task.lease.reached + updates, whole.__get__(task)))
            cut.setattr(Task, "stop", shorter)
            while advance(worker):
                worker.warm = None

    def rows(self, query: Any) -> list[Any]:
        with self.database.read() as db:
            return list(db.execute(query).mappings())

    def status(self, job_id: str) -> str:
        return str(self.rows(sa.select(job.c.status).where(job.c.id == job_id))[0]["status"])

    def events(self) -> list[tuple[str, str]]:
        return [(row["type"], row["message"]) for row in self.rows(sa.select(event).order_by(event.c.job, event.c.seq))]

    def trajectories(self) -> list[Any]:
        return self.rows(sa.select(trajectory).order_by(trajectory.c.created_at, trajectory.c.id))

    def path(self, job_id: str) -> list[Any]:
        return self.rows(sa.select(arm_step).where(arm_step.c.job == job_id).order_by(arm_step.c.ordinal))

    def transitions(self) -> list[tuple[Any, ...]]:
        names = ("trajectory", "demand", "seed", "offset", "age_sp", "fired", "status")
        rows = self.rows(sa.select(transition))
        return sorted(tuple(row[name] for name in names) for row in rows)

    def state_hashes(self) -> dict[tuple[str, str], str]:
        """Hash of the weights at every place where a stage stopped."""
        stops = {(row["trajectory"], row["stop"]) for row in self.rows(sa.select(arm_step)) if row["stop"] is not None}
        found = {(row["trajectory"], row["stop"]): row["state_hash"] for row in self.rows(sa.select(snapshot))}
        return {stop: found[stop] for stop in stops}

    def snapshots(self) -> list[Any]:
        return self.rows(sa.select(snapshot).order_by(snapshot.c.trajectory, snapshot.c.at_offset))

    def history(self) -> dict[tuple[str, str], str]:
        """Digest of every series of every trajectory, however it was sliced and stored."""
        with self.database.read() as db:
            return {
                (row["id"], path): digest
                for row in self.trajectories()
                for path, digest in history.digests(db, row["id"]).items()
            }

    def assert_has_all_of(self, other: House) -> None:
        """Every value of another house, bit for bit; replays may know more of lives that had stopped."""
        for row in other.trajectories():
            with self.database.read() as db, other.database.read() as there:
                ours, theirs = history.read(db, row["id"]), history.read(there, row["id"])
            for path, columns in theirs.items():
                rows = np.flatnonzero(np.isin(ours[path].offsets, columns.offsets))  # another job may have gone further
                assert np.array_equal(ours[path].offsets[rows], columns.offsets)
                assert np.array_equal(ours[path].values[:, rows][columns.valid], columns.values[columns.valid])
                assert ours[path].valid[:, rows][columns.valid].all()

    def assert_whole(self) -> None:
        """No gap and no duplicate: blocks follow one another, and every update has one row."""
        for row in self.trajectories():
            blocks = self.rows(
                sa.select(history_block.c.offset0, history_block.c.offset1)
                .where(history_block.c.trajectory == row["id"], history_block.c.layer == 0)
                .order_by(history_block.c.offset0)
            )
            for before, after in pairwise(blocks):
                assert before["offset1"] == after["offset0"]
            with self.database.read() as db:
                costs = history.read(db, row["id"], ("weight.*",))
            for columns in costs.values():
                assert np.array_equal(columns.offsets, np.arange(1, row["reached"] + 1))

    def close(self) -> None:
        for worker in self.workers:
            worker.bell.close()
            worker.database.close()
        self.database.close()


def build_house(home: Path, **settings: Any) -> House:
    chosen = Settings(home=home, **(QUICK | settings))
    migrate(chosen.database_url)
    return House(home, chosen, Database(chosen.database_url))
