"""Snapshots as a job sees them: those on the paths of its arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.errors import NotFound
from service.store.rows import fetch_one
from service.store.tables.work import arm_step, snapshot, trajectory

Row = Mapping[str, Any]


def of_job(db: sa.Connection, job: str) -> list[Row]:
    """Snapshots that are not lost, of the trajectories on a job's paths, by trajectory and offset."""
    on_path = sa.select(arm_step.c.trajectory).where(arm_step.c.job == job, arm_step.c.trajectory.is_not(None))
    query = sa.select(snapshot).where(snapshot.c.trajectory.in_(on_path), snapshot.c.lost_at.is_(None))
    ordered = query.order_by(snapshot.c.trajectory, snapshot.c.at_offset, snapshot.c.id)
    return [dict(row) for row in db.execute(ordered).mappings()]


def get(db: sa.Connection, project: str, snapshot_id: str) -> Row:
    """A snapshot with what its trajectory is; NotFound if it is not there or another project's."""
    t = trajectory.c
    query = (
        sa.select(snapshot, t.seeds, t.ages, t.regime)
        .join(trajectory, t.id == snapshot.c.trajectory)
        .where(snapshot.c.id == snapshot_id, t.project == project)
    )
    row = fetch_one(db, query)
    if row is None:
        raise NotFound(f"there is no snapshot {snapshot_id}")
    return row
