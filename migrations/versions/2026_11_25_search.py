"""Jobs are searched by the members they use; searches are kept.

Uses of the jobs that are there are read from the documents of their arms. A document that this code does not know any
more leaves its job without uses, and the log says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
from alembic import op
from pydantic import ValidationError

from models.specs.members import uses
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

log = structlog.get_logger(__name__)
AT_ONCE = 200

job = sa.table(
    "job", sa.column("id", sa.String), sa.column("kind", sa.String), sa.column("document", sa.JSON(none_as_null=True))
)
arm = sa.table(
    "arm",
    sa.column("job", sa.String),
    sa.column("document", sa.JSON(none_as_null=True)),
    sa.column("document_hash", sa.String),
)
member_use = sa.table("member_use", *(sa.column(name, sa.String) for name in ("job", "family", "kind", "at")))


def upgrade() -> None:
    op.create_table(
        "member_use",
        sa.Column("job", sa.String(length=30), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name=op.f("fk_member_use_job_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "family", "kind", "at", name=op.f("pk_member_use")),
    )
    op.create_index("ix_member_use_member", "member_use", ["family", "kind", "at", "job"])
    op.create_table(
        "saved_search",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("saved_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_saved_search")),
    )
    op.create_index("ix_arm_document_hash", "arm", ["document_hash"])
    _remember_uses(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_arm_document_hash", "arm")
    op.drop_table("saved_search")
    op.drop_table("member_use")


def _remember_uses(db: sa.Connection) -> None:
    """Of every job, a few at a time."""
    for found in _jobs(db):
        try:
            study = StudySpec.model_validate_json(orjson.dumps(found.document)) if found.kind == "study" else None
            rows = [{"job": found.id, **asdict(use)} for use in sorted(uses(study, _schedules(db, found.id)))]
        except ValidationError as error:
            log.warning("search.unknown_document", job=found.id, error=str(error))
            continue
        if rows:
            db.execute(sa.insert(member_use), rows)


def _jobs(db: sa.Connection) -> Iterator[sa.Row[Any]]:
    last = ""
    while True:
        rows = db.execute(sa.select(job).where(job.c.id > last).order_by(job.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _schedules(db: sa.Connection, job_id: str) -> list[ScheduleSpec]:
    """Schedules of the arms of a job; equal ones once."""
    rows = db.execute(sa.select(arm.c.document_hash, arm.c.document).where(arm.c.job == job_id))
    documents = {row.document_hash: row.document for row in rows}
    return [ScheduleSpec.model_validate_json(orjson.dumps(each)) for each in documents.values()]
