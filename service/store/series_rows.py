"""Rows of the table of series: what a path says, what its values add up to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from models.specs.series import SERIES
from service.store import aggregates
from service.store.tables.record import series

if TYPE_CHECKING:
    from sqlalchemy.orm import Session  # a seventh of a second that nobody here needs

Executor: TypeAlias = "sa.Connection | Session"

_PROBE_PATH = re.compile(r"(p[0-9a-f]{12})(?:\..+)?")


class Described(NamedTuple):
    """What the numbers of a probe's series are."""

    unit: str
    area: str | None = None
    """The one that they are of, if it is one."""


def series_row(trajectory: str, layer: int, path: str, described: Mapping[str, Described]) -> dict[str, Any]:
    """The descriptive members of a series, read off its path; of a probe's what is said of it."""
    probe = _PROBE_PATH.fullmatch(path)
    unit = "1"
    if probe:
        family, name = "probe", probe[1]
        unit, area = described.get(path, Described("1"))
    else:
        family, _, name = path.partition(".")
        known = SERIES.get(family)
        area = name if known and known.by_area else None
    return {
        "trajectory": trajectory,
        "path": path,
        "layer": layer,
        "family": family,
        "name": name,
        "area": area,
        "unit": unit,
    }


def statistics(numbers: aggregates.Aggregate, offset_first: int, offset_last: int) -> dict[str, Any]:
    """The members of a series row that grow."""
    return {
        "offset_first": offset_first,
        "offset_last": offset_last,
        **aggregates.counts(numbers),
        "agg": aggregates.dump(numbers),
    }


def update_series(db: Executor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write statistics of series, each under `key`, its id."""
    names = [name for name in rows[0] if name != "key"]
    statement = sa.update(series).where(series.c.id == sa.bindparam("key"))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
    given = [{"key": row["key"], **{f"new_{name}": row[name] for name in names}} for row in rows]
    connection(db).execute(statement.values(values), given)


def connection(db: Executor) -> sa.Connection:
    """The connection beneath; a session would take updates of many rows for its own."""
    return db if isinstance(db, sa.Connection) else db.connection()
