"""Whose turn it is: which of the trajectories that can run is trained next.

Projects take turns, whatever they ask and however much. Inside of one priorities come first; among equals jobs take
turns by who was served longest ago, so that no small job waits behind a large one. Inside a job the longest path goes
first, all that waits for a trajectory counted in, so that the last worker does not run alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.lifecycle import TERMINAL
from service.store.rows import insert_for
from service.store.tables.work import arm_step, job, project, trajectory


def in_turn(query: sa.Select[Any]) -> sa.Select[Any]:
    """A query of trajectories in the order of their turns."""
    t, demands = trajectory.c, _demands()
    joined = trajectory.outerjoin(demands, demands.c.trajectory == t.id).outerjoin(project, project.c.name == t.project)
    turns, served = sa.func.coalesce(project.c.turns, 0), sa.func.coalesce(demands.c.served, 0.0)
    left = sa.func.coalesce(demands.c.path, t.wanted) - t.reached
    return query.select_from(joined).order_by(turns, t.priority.desc(), t.crashes, served, left.desc(), t.id)


def take(db: sa.Connection, name: str) -> None:
    """Count a slice for a project; one that comes after a rest stands where the others do, with no turns saved up.

    The row is locked last, after trajectories and jobs, so that nobody waits for another with it in hand.
    """
    most = db.execute(sa.select(sa.func.max(project.c.turns))).scalar() or 0
    had = db.execute(sa.select(project.c.turns).where(project.c.name == name).with_for_update()).scalar()
    turns = max(had or 0, most - 1) + 1
    if had is None:
        db.execute(insert_for(db)(project).values(name=name, turns=turns).on_conflict_do_nothing())
    else:
        db.execute(sa.update(project).where(project.c.name == name).values(turns=turns))


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
