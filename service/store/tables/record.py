"""What was seen while training: series, blocks of open slices, sealed chunks; ends of stages; events; tallies."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import metadata

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("trajectory", sa.String(80), nullable=False),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("layer", sa.Integer, nullable=False),
    sa.Column("family", sa.String(40), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("area", sa.String(200)),
    sa.Column("unit", sa.String(40), nullable=False),
    sa.Column("dtype", sa.String(2), nullable=False),
    sa.Column("offset_first", sa.BigInteger, nullable=False),
    sa.Column("offset_last", sa.BigInteger, nullable=False),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("nonfinite", sa.BigInteger, nullable=False),
    sa.Column("agg", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("trajectory", "path"),
)

history_block = sa.Table(
    "history_block",
    metadata,
    sa.Column("trajectory", sa.String(80), primary_key=True),
    sa.Column("layer", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("offset0", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("offset1", sa.BigInteger, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("crc32", sa.BigInteger, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.CheckConstraint("offset1 > offset0", name="forward"),
)

history_chunk = sa.Table(
    "history_chunk",
    metadata,
    sa.Column("series", sa.ForeignKey("series.id"), primary_key=True),
    sa.Column("offset0", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("offset1", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("crc32", sa.BigInteger, nullable=False),
    sa.Column("vmin", sa.Double),
    sa.Column("vmax", sa.Double),
    sa.Column("agg", sa.LargeBinary, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

transition = sa.Table(
    "transition",
    metadata,
    sa.Column("trajectory", sa.ForeignKey("trajectory.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("demand", sa.String(40), primary_key=True),
    sa.Column("seed", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("age_sp", sa.BigInteger, nullable=False),
    sa.Column("fired", sa.String(200), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("values", sa.JSON, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("job", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("level", sa.String(8), nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)

tally = sa.Table(
    "tally",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("amount", sa.Double, nullable=False),
)
"""What was counted over all time, by whom: a row for each source, so that workers do not wait for one another."""
