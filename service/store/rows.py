"""Rows as plain dictionaries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]


def fetch(db: sa.Connection, query: sa.Executable) -> list[Row]:
    """All rows of a query."""
    return [_plain(row) for row in db.execute(query)]


def fetch_one(db: sa.Connection, query: sa.Executable) -> Row | None:
    """The first row, if there is one."""
    row = db.execute(query).first()
    return None if row is None else _plain(row)


def insert_for(db: sa.Connection) -> Any:
    """The insert of this database, which can leave a row that is there as it is, or change it."""
    if db.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - one of two

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415 - one of two

    return postgresql_insert


def _plain(row: sa.Row[Any]) -> Row:
    """With names that are nothing but text: SQLAlchemy marks those it would quote."""
    return {str(name): value for name, value in row._asdict().items()}
