"""Who may ask, and what was asked before."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.tables import metadata

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("quotas", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double),
    sa.Column("used_at", sa.Double),
    sa.Column("revoked_at", sa.Double),
)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("caller", sa.String(64), primary_key=True),
    sa.Column("method", sa.String(8), primary_key=True),
    sa.Column("path", sa.String(300), primary_key=True),
    sa.Column("value", sa.String(255), primary_key=True),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("location", sa.String(300)),
    sa.Column("expires_at", sa.Double, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(40), nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)
