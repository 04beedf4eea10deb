"""What happened to a job, numbered densely: the number is taken by updating the job's row, so commits come in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.store.rows import Row, fetch
from service.store.tables.record import event
from service.store.tables.work import job


def append(  # noqa: PLR0913 - an event has these parts
    db: sa.Connection,
    now: float,
    job_id: str,
    type_: str,
    message: str,
    data: Mapping[str, Any] | None = None,
    level: str = "info",
) -> int:
    """Store an event and give its number; the job's version moves with it."""
    taken = (
        sa.update(job)
        .where(job.c.id == job_id)
        .values(last_event=job.c.last_event + 1, version=job.c.version + 1)
        .returning(job.c.last_event)
    )
    seq = int(db.execute(taken).scalar_one())
    row = {
        "job": job_id,
        "seq": seq,
        "at": now,
        "level": level,
        "type": type_,
        "message": message,
        "data": dict(data or {}),
    }
    db.execute(sa.insert(event).values(row))
    return seq


def after(
    db: sa.Connection, job_id: str, seq: int, limit: int, types: tuple[str, ...] = (), levels: tuple[str, ...] = ()
) -> list[Row]:
    """Events of a job with a greater number, in order."""
    query = sa.select(event).where(event.c.job == job_id, event.c.seq > seq)
    if types:
        query = query.where(event.c.type.in_(types))
    if levels:
        query = query.where(event.c.level.in_(levels))
    return fetch(db, query.order_by(event.c.seq).limit(limit))
