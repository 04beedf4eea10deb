"""What became of a fleet under trial, held against the same documents trained by nobody's leave but one worker's.

Ids of trajectories follow from what they are, so the two stores can be compared row by row.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
import yaml

from benchmarks.chaos.fleet import Fleet
from models.specs.document import read
from models.specs.numerics import NumericsSpec
from service.settings import Settings
from service.store import events, history
from service.store.access import ANYONE_HERE
from service.store.engine import Database, migrate
from service.store.tables.record import event
from service.store.tables.work import arm_step, job, snapshot, trajectory
from service.submission import About, prepare, submit

Weights = dict[tuple[str, str], tuple[str, int]]
"""(trajectory, stop) -> hash of the weights there, and how many lives they are of."""
Histories = dict[tuple[str, str], str]
"""(trajectory, series) -> digest of all values."""


@dataclass(frozen=True)
class Kept:
    """What a store says of the lives in it."""

    weights: Weights
    histories: Histories


@dataclass
class Verdict:
    """Counts of what must not be, and figures of what was."""

    jobs_lost: list[str] = field(default_factory=list)
    history_gaps: int = 0
    duplicates: int = 0
    lives_differing: int = 0
    lives_compared: int = 0
    histories_differing: int = 0
    event_gaps: int = 0
    slices: int = 0
    slices_repeated: int = 0
    leases_expired: int = 0
    leases_lost: int = 0
    snapshots_lost: int = 0
    tasks_raised: int = 0
    longest_stall_seconds: float = 0.0
    laps: Mapping[str, list[float]] = field(default_factory=dict)
    """Seconds of each part of every slice that a log tells."""


def judge(fleet: Fleet, statuses: Mapping[str, str], documents: Iterable[Mapping[str, Any]]) -> Verdict:
    """Look at everything that a fleet has stored, once it has come to rest."""
    verdict = Verdict(jobs_lost=_lost(fleet.database, statuses))
    found, expected = kept(fleet.database), undisturbed(documents)
    for stop, (digest, lives) in expected.weights.items():
        verdict.lives_compared += lives
        verdict.lives_differing += lives if found.weights.get(stop, ("", 0))[0] != digest else 0
    verdict.histories_differing = sum(
        1 for series, digest in expected.histories.items() if found.histories.get(series) != digest
    )
    with fleet.database.read() as db:
        _count_rows(db, verdict)
        verdict.duplicates += _jobs_twice(db)
        _count_events(db, verdict)
    _read_logs(fleet.logs(), verdict)
    return verdict


def _lost(database: Database, statuses: Mapping[str, str]) -> list[str]:
    """Jobs that did not succeed, with what is told of them."""
    with database.read() as db:
        reasons = {row.id: row.reason for row in db.execute(sa.select(job.c.id, job.c.reason))}
    return [f"{each}: {status}: {reasons.get(each)}" for each, status in statuses.items() if status != "succeeded"]


def kept(database: Database) -> Kept:
    """Hashes of everything that training has left."""
    with database.read() as db:
        rows = db.execute(sa.select(arm_step.c.trajectory, arm_step.c.stop, arm_step.c.seeds)).all()
        lives = {(row.trajectory, row.stop): len(row.seeds) for row in rows if row.stop is not None}
        stored = db.execute(sa.select(snapshot.c.trajectory, snapshot.c.stop, snapshot.c.state_hash)).all()
        hashes = {(row.trajectory, row.stop): row.state_hash for row in stored}
        ids = list(db.execute(sa.select(trajectory.c.id)).scalars())
        digests = {(each, path): digest for each in ids for path, digest in history.digests(db, each).items()}
    return Kept({stop: (hashes.get(stop, "gone"), count) for stop, count in lives.items()}, digests)


def undisturbed(documents: Iterable[Mapping[str, Any]]) -> Kept:
    """The same documents trained in this process, one slice after another, on a store of their own."""
    from workers.tasks import advance, build_worker  # noqa: PLC0415 - loads torch, after the fleet is gone

    with tempfile.TemporaryDirectory(prefix="ontogeny-undisturbed-") as home:
        settings = Settings(home=Path(home))
        migrate(settings.database_url)
        worker = build_worker(settings, 0)
        for each in documents:
            prepared = prepare(read(yaml.safe_dump(dict(each))), None, NumericsSpec())
            submit(worker.database, settings, ANYONE_HERE, prepared, About(), None)
        while advance(worker):
            pass
        found = kept(worker.database)
        worker.bell.close()
        worker.database.close()
    return found


def _count_rows(db: sa.Connection, verdict: Verdict) -> None:
    """Gaps and doubles of histories: every update has one row of each weight in force."""
    for row in db.execute(sa.select(trajectory)).mappings():
        verdict.slices += row["slices"]
        verdict.slices_repeated += max(0, row["fence"] - row["slices"])
        for columns in history.read(db, row["id"], ("weight.*",)).values():
            offsets = [int(offset) for offset in columns.offsets]
            verdict.duplicates += len(offsets) - len(set(offsets))
            verdict.history_gaps += len(set(range(1, row["reached"] + 1)) ^ set(offsets))
            assert isinstance(columns.offsets, np.ndarray)


def _jobs_twice(db: sa.Connection) -> int:
    """Jobs beyond the first of each name: every document was submitted under one key."""
    names = Counter(db.execute(sa.select(job.c.name)).scalars())
    return sum(count - 1 for count in names.values())


def _count_events(db: sa.Connection, verdict: Verdict) -> None:
    types: Counter[str] = Counter()
    commits: list[float] = []
    for row in db.execute(sa.select(job)).mappings():
        told = events.after(db, row["id"], 0, 1_000_000)
        numbers = [each["seq"] for each in told]
        verdict.event_gaps += numbers != list(range(1, row["last_event"] + 1))
        types.update(each["type"] for each in told)
    query = sa.select(event.c.at).where(event.c.type.in_(["history", "job.created"])).order_by(event.c.at)
    commits = [float(at) for at in db.execute(query).scalars()]
    verdict.longest_stall_seconds = max((after - before for before, after in pairwise(commits)), default=0.0)
    verdict.leases_expired = types["lease.expired"]
    verdict.snapshots_lost = types["snapshot.lost"]
    verdict.tasks_raised = types["slice.failed"]
    verdict.lives_differing += types["replay.mismatch"]


def _read_logs(text: str, verdict: Verdict) -> None:
    laps: dict[str, list[float]] = {}
    for line in text.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if not isinstance(told, dict):
            continue
        verdict.leases_lost += told.get("event") == "lease.lost"
        if told.get("event") == "slice":
            for name, value in told.items():
                if name.endswith("_seconds"):
                    laps.setdefault(name, []).append(float(value))
    verdict.laps = laps


def percentile(values: list[float], percent: int) -> float:
    """A percentile of what was seen; nan if nothing was."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100)[percent - 1]
