"""Whose turn it is: which of the trajectories that can run is trained next.

Priorities first. Among equals projects take turns by how many workers they hold, then jobs by who was served longest
ago, so that no small job waits behind a large one. Inside a job the longest path goes first, all that waits for a
trajectory counted in, so that the last worker does not run alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.lifecycle import TERMINAL
from service.store.tables.work import arm_step, job, trajectory


def in_turn(query: sa.Select[Any], now: float) -> sa.Select[Any]:
    """A query of trajectories in the order of their turns."""
    t, demands, held = trajectory.c, _demands(), _held(now)
    joined = trajectory.outerjoin(demands, demands.c.trajectory == t.id).outerjoin(held, held.c.project == t.project)
    workers, served = sa.func.coalesce(held.c.workers, 0), sa.func.coalesce(demands.c.served, 0.0)
    left = sa.func.coalesce(demands.c.path, t.wanted) - t.reached
    return query.select_from(joined).order_by(t.priority.desc(), t.crashes, workers, served, left.desc(), t.id)


def _held(now: float) -> sa.Subquery:
    """Workers that each project holds."""
    t = trajectory.c
    count = sa.select(t.project, sa.func.count().label("workers")).where(t.lease_until > now).group_by(t.project)
    return count.subquery("held")


def _demands() -> sa.Subquery:
    """Of every trajectory that jobs want: the longest path from its start, and when the least served job was served."""
    s = arm_step.c
    path = sa.func.sum(s.demand).over(partition_by=(s.job, s.arm, s.cohort), order_by=s.ordinal.desc())
    steps = (
        sa.select(s.trajectory, s.state, path.label("path"), sa.func.coalesce(job.c.committed_at, 0.0).label("served"))
        .join(job, job.c.id == s.job)
        .where(job.c.status.not_in(TERMINAL), job.c.desired == "running", s.state.in_(("open", "waiting")))
        .subquery("steps")
    )
    longest = sa.select(
        steps.c.trajectory, sa.func.max(steps.c.path).label("path"), sa.func.min(steps.c.served).label("served")
    )
    return longest.where(steps.c.state == "open").group_by(steps.c.trajectory).subquery("demands")
