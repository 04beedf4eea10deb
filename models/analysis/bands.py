"""Summaries over lives, row by row: centres, spreads, quantiles, and bands that say how sure a centre is.

Rows are ages, columns lives. A missing or non-finite value is not there: the row's count falls and says so; nothing is
filled in. Rows without the lives a statistic needs are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.analysis.statistics import Flags, Floats, generator

BandKind = Literal["t", "bootstrap", "quantile", "sd"]
RESAMPLES = 2000
FEW = 5
"""Below so many lives a band is marked."""

_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Table:
    """Values (rows, lives) and where they are."""

    values: Floats
    present: Flags

    @classmethod
    def of(cls, values: NDArray[np.floating], valid: Flags | None = None) -> Table:
        """Values with what is not valid or not finite taken out."""
        given = np.asarray(values, dtype=np.float64)
        if given.ndim != 2:
            raise ValueError(f"rows x lives are wanted, not {given.shape}")
        present = np.isfinite(given) if valid is None else np.isfinite(given) & valid
        return cls(given if present.all() else np.where(present, given, np.nan), present)

    @cached_property
    def filled(self) -> Floats:
        """Values, 0 where there is none."""
        return self.values if self.present.all() else np.where(self.present, self.values, 0.0)

    @cached_property
    def mean(self) -> Floats:
        """Of each row; NaN without a life."""
        return np.where(self.n > 0, self.filled.sum(axis=1) / np.maximum(self.n, 1), np.nan)

    @cached_property
    def spread(self) -> Floats:
        """Standard deviation of each row with n - 1; NaN below two lives."""
        centred = self.filled - self.mean[:, None]
        if not self.present.all():
            centred = np.where(self.present, centred, 0.0)
        squares = np.einsum("rn,rn->r", centred, centred)
        return np.where(self.n > 1, np.sqrt(squares / np.maximum(self.n - 1, 1)), np.nan)

    @cached_property
    def n(self) -> NDArray[np.int64]:
        """Lives in each row."""
        return np.asarray(self.present.sum(axis=1), dtype=np.int64)

    @property
    def missing(self) -> NDArray[np.int64]:
        """Lives without a value in each row."""
        return np.asarray(self.present.shape[1] - self.n, dtype=np.int64)


@dataclass(frozen=True)
class Band:
    """Bounds in each row and how many lives they rest on."""

    kind: BandKind
    level: float
    low: Floats
    high: Floats
    n: NDArray[np.int64]

    @property
    def few(self) -> bool:
        """Whether some row with lives has fewer than five."""
        return bool(((self.n < FEW) & (self.n > 0)).any())


def summary(table: Table, stat: str) -> Floats:
    """`mean`, `sd`, `sem`, `median`, `min`, `max`, `n`, or `qXX` (percent) of every row; ValueError for another."""
    if stat == "n":
        return table.n.astype(np.float64)
    if stat in ("sd", "sem"):
        return table.spread / (np.sqrt(np.maximum(table.n, 1)) if stat == "sem" else 1.0)
    if stat == "mean":
        return table.mean
    shares = {"median": 0.5, "min": 0.0, "max": 1.0}
    if stat in shares:
        return quantile(table, shares[stat])
    if stat[:1] == "q" and stat[1:].isdecimal() and int(stat[1:]) <= 100:
        return quantile(table, int(stat[1:]) / 100.0)
    raise ValueError(f"unknown statistic '{stat}': mean, sd, sem, median, min, max, n or q00 to q100")


def band(table: Table, kind: BandKind, level: float, digest: str, centre: Literal["mean", "median"] = "mean") -> Band:
    """Bounds of every row.

    t: mean +- t quantile x sem; bootstrap: percentiles of the centre over resampled lives, seeded by the digest, the
    same lives in every row; quantile: the middle `level` of the lives; sd: mean +- sd.
    """
    match kind:
        case "t":
            freedom, place = np.unique(np.maximum(table.n - 1, 1), return_inverse=True)
            reach = stats.t.ppf((1.0 + level) / 2.0, freedom)[place] * summary(table, "sem")
            low, high = table.mean - reach, table.mean + reach
        case "sd":
            low, high = table.mean - table.spread, table.mean + table.spread
        case "quantile":
            low, high = quantile(table, (1.0 - level) / 2.0), quantile(table, (1.0 + level) / 2.0)
        case "bootstrap":
            low, high = _bootstrap(table, level, digest, centre)
    return Band(kind, level, low, high, table.n)


def quantile(table: Table, share: float) -> Floats:
    """A quantile of every row, linear between the values."""
    if not table.values.shape[1]:
        return np.full(table.n.shape, np.nan)
    ordered = np.sort(table.values, axis=1)
    at = share * np.maximum(table.n - 1, 0)
    below = np.floor(at).astype(np.int64)
    above = np.ceil(at).astype(np.int64)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    return np.asarray(low + (high - low) * (at - below), dtype=np.float64)


def _bootstrap(table: Table, level: float, digest: str, centre: Literal["mean", "median"]) -> tuple[Floats, Floats]:
    """Percentiles over resamples; in each the same lives stand for all rows."""
    rows, lives = table.values.shape
    low, high = np.full(rows, np.nan), np.full(rows, np.nan)
    if not lives:
        return low, high
    chosen = generator(digest).integers(0, lives, (RESAMPLES, lives))
    counts = np.zeros((RESAMPLES, lives))
    np.add.at(counts, (np.arange(RESAMPLES)[:, None], chosen), 1.0)
    per_part = max(1, _AT_ONCE // (RESAMPLES * (lives if centre == "median" else 1)))
    for start in range(0, rows, per_part):
        part = slice(start, start + per_part)
        few = Table(table.values[part], table.present[part])
        over = (_means if centre == "mean" else _medians)(few, counts)
        low[part], high[part] = _percentiles(over, ((1.0 - level) / 2.0, (1.0 + level) / 2.0))
    return low, high


def _means(table: Table, counts: Floats) -> Floats:
    """Mean (rows, resamples) of lives that count so often (resamples, lives); NaN where none of them is there."""
    there = table.present.astype(np.float64) @ counts.T
    with np.errstate(invalid="ignore"):
        return np.asarray(table.filled @ counts.T / np.where(there > 0, there, np.nan))


def _medians(table: Table, counts: Floats) -> Floats:
    """Median (rows, resamples), the mean of the middle two where the number is even."""
    order = np.argsort(table.values, axis=1)
    ordered = np.take_along_axis(table.filled, order, axis=1)
    weights = counts[:, order] * np.take_along_axis(table.present, order, axis=1)
    upto = np.cumsum(weights, axis=2)
    n = upto[:, :, -1]
    rows = np.arange(len(ordered))[None, :]
    below, above = (
        (upto > place[:, :, None]).argmax(axis=2) for place in (np.floor((n - 1) / 2), np.ceil((n - 1) / 2))
    )
    middle = (ordered[rows, below] + ordered[rows, above]) / 2.0
    return np.asarray(np.where(n > 0, middle, np.nan).T)


def _percentiles(values: Floats, shares: tuple[float, float]) -> tuple[Floats, Floats]:
    """Two quantiles of every row, linear between the values."""
    if np.isnan(values).any():
        table = Table.of(values)
        return quantile(table, shares[0]), quantile(table, shares[1])
    low, high = np.quantile(values, shares, axis=1)
    return np.asarray(low), np.asarray(high)
