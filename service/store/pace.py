"""How fast trajectories were trained and how large their snapshots are: what plans are estimated from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store.tables.work import snapshot, trajectory

LATEST = 200
"""Trajectories looked at, newest first."""


@dataclass(frozen=True)
class Pace:
    """What one trained trajectory took."""

    regime: dict[str, Any]
    lives: int
    updates: int
    """Trained and replayed."""
    seconds: float
    snapshot_bytes: float | None
    """Of one snapshot with all lives, on average; None if none is kept."""


def measured(db: sa.Connection, project: str, numerics: str) -> Iterator[Pace]:
    """The newest trained trajectories of a project in a numerics class."""
    t = trajectory.c
    newest = (
        sa.select(t.id, t.regime, t.seeds, t.reached, t.replayed, t.train_seconds)
        .where(t.project == project, t.numerics == numerics, t.reached > 0, t.train_seconds > 0)
        .order_by(t.created_at.desc())
        .limit(LATEST)
        .subquery()
    )
    kept = (
        sa.select(snapshot.c.trajectory, sa.func.avg(snapshot.c.bytes).label("bytes"))
        .where(snapshot.c.trajectory.in_(sa.select(newest.c.id)), snapshot.c.complete)
        .group_by(snapshot.c.trajectory)
        .subquery()
    )
    for row in db.execute(sa.select(newest, kept.c.bytes).outerjoin(kept, kept.c.trajectory == newest.c.id)):
        updates = row.reached + row.replayed
        yield Pace(row.regime, len(row.seeds), updates, row.train_seconds, row.bytes and float(row.bytes))
