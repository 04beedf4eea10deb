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


def _plain(row: sa.Row[Any]) -> Row:
    """With names that are nothing but text: SQLAlchemy marks those it would quote."""
    return {str(name): value for name, value in row._asdict().items()}
