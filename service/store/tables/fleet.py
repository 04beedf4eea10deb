"""What all processes on one database have agreed on."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import metadata

agreement = sa.Table(
    "agreement",
    metadata,
    sa.Column("name", sa.String(300), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)
