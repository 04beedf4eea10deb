"""What is to be done and how far it is: jobs, their arms and steps, trajectories, snapshots. Times: epoch seconds."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import metadata

NULLABLE_JSON = sa.JSON(none_as_null=True)
"""None is NULL, not the JSON value null, which would not be found by `is null`."""

project = sa.Table(
    "project",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("turns", sa.BigInteger, nullable=False),
)
"""Those that work was claimed for; the one with the fewest turns comes next."""

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.String(30), primary_key=True),
    sa.Column("project", sa.String(64), nullable=False, index=True),
    sa.Column("created_by", sa.String(64)),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("document_hash", sa.String(80), nullable=False, index=True),
    sa.Column("numerics", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("desired", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("error", NULLABLE_JSON),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("parent", sa.String(30)),
    sa.Column("relation", sa.String(16)),
    sa.Column("parent_age_sp", sa.BigInteger),
    sa.Column("arms", sa.Integer, nullable=False),
    sa.Column("seeds", sa.JSON, nullable=False),
    sa.Column("updates_done", sa.BigInteger, nullable=False),
    sa.Column("updates_total", sa.BigInteger, nullable=False),
    sa.Column("updates_reused", sa.BigInteger, nullable=False),
    sa.Column("total_is", sa.String(8), nullable=False),
    sa.Column("last_event", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("finished_at", sa.Double),
    sa.Column("committed_at", sa.Double),
)

arm = sa.Table(
    "arm",
    metadata,
    sa.Column("job", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("document_hash", sa.String(80), nullable=False, index=True),
    sa.Column("probes", sa.JSON, nullable=False),
    sa.Column("probe_names", sa.JSON, nullable=False),
)

trajectory = sa.Table(
    "trajectory",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("root", sa.String(64), index=True),
    sa.Column("parent", sa.ForeignKey("trajectory.id")),
    sa.Column("parent_stop", sa.String(40)),
    sa.Column("regime", sa.JSON, nullable=False),
    sa.Column("numerics", sa.String(200), nullable=False),
    sa.Column("seeds", sa.JSON, nullable=False),
    sa.Column("ages", sa.JSON, nullable=False),
    sa.Column("probes", sa.JSON, nullable=False),
    sa.Column("readings", sa.JSON, nullable=False),
    sa.Column("missing", sa.JSON, nullable=False),
    sa.Column("watched", sa.JSON, nullable=False),
    sa.Column("covers", sa.JSON, nullable=False),
    sa.Column("layer", sa.Integer, nullable=False),
    sa.Column("reached", sa.BigInteger, nullable=False),
    sa.Column("wanted", sa.BigInteger, nullable=False),
    sa.Column("replay", sa.BigInteger),
    sa.Column("replayed", sa.BigInteger, nullable=False),
    sa.Column("slices", sa.Integer, nullable=False),
    sa.Column("train_seconds", sa.Double, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.String(200)),
    sa.Column("lease_until", sa.Double),
    sa.Column("rung_at", sa.Double, nullable=False),
    sa.Column("not_before", sa.Double, nullable=False),
    sa.Column("crashes", sa.Integer, nullable=False),
    sa.Column("error", NULLABLE_JSON),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.UniqueConstraint("project", "key"),
    sa.CheckConstraint("reached >= 0 and fence >= 0", name="forward"),
)

arm_step = sa.Table(
    "arm_step",
    metadata,
    sa.Column("job", sa.String(30), primary_key=True),
    sa.Column("arm", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("cohort", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("regime", sa.JSON, nullable=False),
    sa.Column("demand", sa.BigInteger, nullable=False),
    sa.Column("ending", NULLABLE_JSON),
    sa.Column("ending_id", sa.String(40)),
    sa.Column("readings", sa.JSON, nullable=False),
    sa.Column("spans", sa.JSON, nullable=False),
    sa.Column("ages", sa.JSON, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("seeds", sa.JSON, nullable=False),
    sa.Column("trajectory", sa.ForeignKey("trajectory.id"), index=True),
    sa.Column("stop", sa.String(40)),
    sa.ForeignKeyConstraint(["job", "arm"], ["arm.job", "arm.idx"], ondelete="CASCADE"),
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("trajectory", sa.ForeignKey("trajectory.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at_offset", sa.BigInteger, nullable=False),
    sa.Column("stop", sa.String(40), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("uri", sa.String(400), nullable=False),
    sa.Column("state_hash", sa.String(64), nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("lost_at", sa.Double),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.UniqueConstraint("trajectory", "stop"),
)
