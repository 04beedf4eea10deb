"""When a trajectory can be claimed, and while it is held."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.store.leases import Lease
from service.store.tables.work import snapshot, trajectory


def runnable(now: float) -> list[Any]:
    """Conditions under which a trajectory can be claimed."""
    t, s = trajectory.c, snapshot.alias("start").c
    has_start = sa.exists().where(s.trajectory == t.parent, s.stop == t.parent_stop, s.lost_at.is_(None))
    return [
        t.error.is_(None),
        sa.or_(t.reached < t.wanted, sa.and_(t.replay.is_not(None), t.wanted > 0)),
        t.not_before <= now,
        sa.or_(t.lease_until.is_(None), t.lease_until < now),
        sa.or_(t.parent.is_(None), has_start),
    ]


def held(lease: Lease) -> list[Any]:
    """Conditions under which a lease is still one."""
    t = trajectory.c
    return [t.id == lease.id, t.created_at == lease.born, t.fence == lease.fence, t.lease_until.is_not(None)]
