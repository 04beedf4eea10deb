"""Where alembic meets the tables: the database is the one that was named, or else that of the settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from service.settings import Settings
from service.store.engine import Database
from service.store.tables import access, fleet, metadata, record, search, work

TABLES = (access, fleet, record, search, work)
"""Imported so that the metadata knows them."""

ONE_AT_A_TIME = 0x6F6E746F
"""Advisory lock of PostgreSQL: two that migrate at once do it after one another; SQLite has one writer anyway."""


def migrate() -> None:
    """Run the migrations in one transaction: a failed one leaves nothing, on SQLite too."""
    database = Database(context.config.attributes.get("url") or Settings().database_url)
    try:
        with database.write() as connection:
            _run(connection)
    finally:
        database.close()


def _run(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


migrate()
