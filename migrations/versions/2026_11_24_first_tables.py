"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "history_block",
        sa.Column("trajectory", sa.String(length=80), nullable=False),
        sa.Column("layer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset0", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offset1", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("codec", sa.SmallInteger(), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("offset1 > offset0", name=op.f("ck_history_block_forward")),
        sa.PrimaryKeyConstraint("trajectory", "layer", "offset0", name=op.f("pk_history_block")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=300), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "method", "path", "value", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("document_hash", sa.String(length=80), nullable=False),
        sa.Column("numerics", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("desired", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("parent", sa.String(length=30), nullable=True),
        sa.Column("relation", sa.String(length=16), nullable=True),
        sa.Column("arms", sa.Integer(), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("updates_done", sa.BigInteger(), nullable=False),
        sa.Column("updates_total", sa.BigInteger(), nullable=False),
        sa.Column("updates_reused", sa.BigInteger(), nullable=False),
        sa.Column("total_is", sa.String(length=8), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("committed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_document_hash"), ["document_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_project"), ["project"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_status"), ["status"], unique=False)

    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trajectory", sa.String(length=80), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("dtype", sa.String(length=2), nullable=False),
        sa.Column("offset_first", sa.BigInteger(), nullable=False),
        sa.Column("offset_last", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("nonfinite", sa.BigInteger(), nullable=False),
        sa.Column("agg", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("trajectory", "path", name=op.f("uq_series_trajectory_path")),
    )
    op.create_table(
        "trajectory",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=True),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("parent_stop", sa.String(length=40), nullable=True),
        sa.Column("regime", sa.JSON(), nullable=False),
        sa.Column("numerics", sa.String(length=200), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("ages", sa.JSON(), nullable=False),
        sa.Column("probes", sa.JSON(), nullable=False),
        sa.Column("readings", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("watched", sa.JSON(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("replay", sa.BigInteger(), nullable=True),
        sa.Column("replayed", sa.BigInteger(), nullable=False),
        sa.Column("slices", sa.Integer(), nullable=False),
        sa.Column("train_seconds", sa.Double(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("rung_at", sa.Double(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.CheckConstraint("reached >= 0 and fence >= 0", name=op.f("ck_trajectory_forward")),
        sa.ForeignKeyConstraint(["parent"], ["trajectory.id"], name=op.f("fk_trajectory_parent_trajectory")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trajectory")),
        sa.UniqueConstraint("project", "key", name=op.f("uq_trajectory_project_key")),
    )
    with op.batch_alter_table("trajectory", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trajectory_root"), ["root"], unique=False)

    op.create_table(
        "arm",
        sa.Column("job", sa.String(length=30), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("document_hash", sa.String(length=80), nullable=False),
        sa.Column("probes", sa.JSON(), nullable=False),
        sa.Column("probe_names", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name=op.f("fk_arm_job_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "idx", name=op.f("pk_arm")),
    )
    op.create_table(
        "event",
        sa.Column("job", sa.String(length=30), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name=op.f("fk_event_job_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "seq", name=op.f("pk_event")),
    )
    op.create_table(
        "history_chunk",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("offset0", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offset1", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("codec", sa.SmallInteger(), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.Column("vmin", sa.Double(), nullable=True),
        sa.Column("vmax", sa.Double(), nullable=True),
        sa.Column("agg", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name=op.f("fk_history_chunk_series_series")),
        sa.PrimaryKeyConstraint("series", "offset0", name=op.f("pk_history_chunk")),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("trajectory", sa.String(length=40), nullable=False),
        sa.Column("at_offset", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.String(length=40), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("uri", sa.String(length=400), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("lost_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trajectory"], ["trajectory.id"], name=op.f("fk_snapshot_trajectory_trajectory"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("trajectory", "stop", name=op.f("uq_snapshot_trajectory_stop")),
    )
    op.create_table(
        "transition",
        sa.Column("trajectory", sa.String(length=40), nullable=False),
        sa.Column("demand", sa.String(length=40), nullable=False),
        sa.Column("seed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("age_sp", sa.BigInteger(), nullable=False),
        sa.Column("fired", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trajectory"], ["trajectory.id"], name=op.f("fk_transition_trajectory_trajectory"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trajectory", "demand", "seed", name=op.f("pk_transition")),
    )
    op.create_table(
        "arm_step",
        sa.Column("job", sa.String(length=30), nullable=False),
        sa.Column("arm", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cohort", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("regime", sa.JSON(), nullable=False),
        sa.Column("demand", sa.BigInteger(), nullable=False),
        sa.Column("ending", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ending_id", sa.String(length=40), nullable=True),
        sa.Column("readings", sa.JSON(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("ages", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("trajectory", sa.String(length=40), nullable=True),
        sa.Column("stop", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["job", "arm"], ["arm.job", "arm.idx"], name=op.f("fk_arm_step_job_arm_arm"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["trajectory"], ["trajectory.id"], name=op.f("fk_arm_step_trajectory_trajectory")),
        sa.PrimaryKeyConstraint("job", "arm", "cohort", "ordinal", name=op.f("pk_arm_step")),
    )
    with op.batch_alter_table("arm_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_arm_step_trajectory"), ["trajectory"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        # compressed already: PostgreSQL would only try again; and blocks come and go, so their table is swept early
        for table in ("history_block", "history_chunk"):
            op.execute(f"alter table {table} alter column data set storage external")
        op.execute("alter table history_block set (autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    with op.batch_alter_table("arm_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arm_step_trajectory"))

    op.drop_table("arm_step")
    op.drop_table("transition")
    op.drop_table("snapshot")
    op.drop_table("history_chunk")
    op.drop_table("event")
    op.drop_table("arm")
    with op.batch_alter_table("trajectory", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trajectory_root"))

    op.drop_table("trajectory")
    op.drop_table("series")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_status"))
        batch_op.drop_index(batch_op.f("ix_job_project"))
        batch_op.drop_index(batch_op.f("ix_job_document_hash"))

    op.drop_table("job")
    op.drop_table("idempotency_key")
    op.drop_table("history_block")
    op.drop_table("api_key")
