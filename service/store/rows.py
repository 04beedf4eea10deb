"""Rows as plain dictionaries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]


def fetch(db: sa.Connection, query: sa.Executable) -> list[Row]:
    """All rows of a query."""
    return [row._asdict() for row in db.execute(query)]


def fetch_one(db: sa.Connection, query: sa.Executable) -> Row | None:
    """The first row, if there is one."""
    row = db.execute(query).first()
    return None if row is None else row._asdict()
