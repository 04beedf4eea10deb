"""The plain way: one table with a row per point, keyed by series and step; thinned by the same code as ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from benchmarks.history.ours import small_batch
from benchmarks.history.places import bytes_of
from benchmarks.history.walks import LIVES, SERIES, Curve, Life, slices, walk
from service.store import thin
from service.store.engine import Database

metadata = sa.MetaData()
point = sa.Table(
    "point",
    metadata,
    sa.Column("series", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sqlite_with_rowid=False,
)
SMALL = 10_000_000
"""Numbers of series from here on are those of small commits."""


class Rows:
    """A row per point."""

    name = "rows"

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self._url = url
        with self.database.write() as db:
            metadata.create_all(db)
        self._empty = 0
        self._empty = self.size()

    def load(self, cohort: int) -> None:
        self._insert(cohort, 10_000)

    def ingest(self, cohort: int, values: int) -> int:
        return self._insert(cohort, 100, values)

    def append(self, number: int) -> None:
        values = small_batch(number)[:, :, 0]
        rows = [
            {"series": SMALL + 10 * number + k, "step": step, "seconds": step * 0.01, "value": value}
            for k, line in enumerate(values)
            for step, value in enumerate(line.tolist(), start=1)
        ]
        with self.database.write() as db:
            db.execute(sa.insert(point), rows)

    def curve(self, life: Life, series: int) -> Curve:
        rows = self._rows([_key(life, series)])
        return np.array([row[1] for row in rows]), np.array([row[2] for row in rows])

    def thinned(self, life: Life, series: int, points: int) -> list[Curve]:
        return self.compare([life], series, points)

    def compare(self, lives: list[Life], series: int, points: int) -> list[Curve]:
        table = np.array(self._rows([_key(life, series) for life in lives]))
        curves = []
        for start, end in _runs(table[:, 0]):
            x, y = table[start:end, 1], table[start:end, 2]
            index = thin.keep(x, y, points, "minmaxlttb").index
            curves.append((x[index], y[index]))
        return curves

    def size(self) -> int:
        return bytes_of(self._url, ("point",)) - self._empty

    def close(self) -> None:
        self.database.close()

    def _rows(self, keys: list[int]) -> list[Any]:
        c = point.c
        query = sa.select(c.series, c.step, c.value).where(c.series.in_(keys)).order_by(c.series, c.step)
        with self.database.read() as db:
            return [tuple(row) for row in db.execute(query)]

    def _insert(self, cohort: int, rows: int, values: int | None = None) -> int:
        taken = 0
        for part in slices(rows):
            steps = range(part.start + 1, part.stop + 1)
            batch = [
                {"series": _key(Life(cohort, seed), series), "step": step, "seconds": step * 0.01, "value": value}
                for series in range(SERIES)
                for seed in range(LIVES)
                for step, value in zip(steps, walk(cohort)[series, part, seed].tolist(), strict=True)
            ]
            with self.database.write() as db:
                db.execute(sa.insert(point), batch)
            taken += len(batch)
            if values is not None and taken >= values:
                break
        return taken


def _key(life: Life, series: int) -> int:
    return (life.cohort * LIVES + life.seed) * SERIES + series


def _runs(keys: Any) -> list[tuple[int, int]]:
    borders = np.flatnonzero(np.diff(keys)) + 1
    return list(zip([0, *borders.tolist()], [*borders.tolist(), len(keys)], strict=True))
