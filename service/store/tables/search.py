"""What jobs are searched by beside their own columns, and searches that are kept. Times: epoch seconds."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import metadata

member_use = sa.Table(
    "member_use",
    metadata,
    sa.Column("job", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("family", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("at", sa.String(64), primary_key=True),
    sa.Index("ix_member_use_member", "family", "kind", "at", "job"),
)
"""Members that a job uses; the rows follow from its document and never change."""

saved_search = sa.Table(
    "saved_search",
    metadata,
    sa.Column("project", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("filter", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(64)),
    sa.Column("saved_at", sa.Double, nullable=False),
)
