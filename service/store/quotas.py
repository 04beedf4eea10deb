"""What a key uses, and whether a submission fits into what it may use; told with the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.errors import QuotaExceeded
from service.lifecycle import TERMINAL
from service.store.tables.access import api_key
from service.store.tables.record import series
from service.store.tables.work import arm_step, job, snapshot

_WORDS = {
    "active_jobs": "active jobs",
    "stored_history_values": "stored values of history",
    "stored_snapshot_bytes": "stored bytes of snapshots",
}
_WAYS_OUT = {
    "active_jobs": "wait until a job has ended, or cancel one",
    "stored_history_values": "delete jobs that are no longer needed, or read probes less often",
    "stored_snapshot_bytes": "delete jobs that are no longer needed, or submit fewer lives",
}


@dataclass(frozen=True)
class Need:
    """What a submission may add, at most."""

    history_values: int = 0
    snapshot_bytes: int = 0


def usage(db: sa.Connection, key: str) -> dict[str, int]:
    """What the jobs of a key use now."""
    mine = sa.select(job.c.id).where(job.c.created_by == key)
    reached = sa.select(arm_step.c.trajectory).where(arm_step.c.job.in_(mine), arm_step.c.trajectory.is_not(None))
    counts = {
        "active_jobs": sa.select(sa.func.count()).where(job.c.created_by == key, job.c.status.not_in(TERMINAL)),
        "stored_history_values": sa.select(sa.func.sum(series.c.n)).where(series.c.trajectory.in_(reached)),
        "stored_snapshot_bytes": sa.select(sa.func.sum(snapshot.c.bytes)).where(snapshot.c.trajectory.in_(reached)),
    }
    return {name: int(db.execute(query).scalar() or 0) for name, query in counts.items()}


def require(db: sa.Connection, key: str | None, quotas: Mapping[str, int], need: Need) -> None:
    """QuotaExceeded unless one more job fits; submissions under one key are counted one after another."""
    bounded = {name: quotas[name] for name in _WORDS if name in quotas}
    if key is None or not bounded:
        return
    db.execute(sa.select(api_key.c.id).where(api_key.c.id == key).with_for_update())
    used = usage(db, key)
    asked = {
        "active_jobs": 1,
        "stored_history_values": need.history_values,
        "stored_snapshot_bytes": need.snapshot_bytes,
    }
    faults = [
        _fault(name, limit, used[name], asked[name])
        for name, limit in bounded.items()
        if used[name] + asked[name] > limit
    ]
    if faults:
        raise QuotaExceeded(faults[0]["message"], errors=faults)


def _fault(name: str, limit: int, used: int, asked: int) -> dict[str, Any]:
    fits = max(0, limit - used)
    message = f"{asked:,} more {_WORDS[name]} asked, {used:,} of {limit:,} are in use: {fits:,} would fit"
    numbers = {"limit": limit, "used": used, "asked": asked, "fits": fits}
    return {"pointer": "", "code": name, "message": message, "suggestion": {"text": _WAYS_OUT[name]}, **numbers}
