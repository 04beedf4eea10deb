"""Summaries over lives, row by row: centres, spreads, quantiles, and bands that say how sure a centre is.

Rows are ages, columns lives. A missing or non-finite value is not there: the row's count falls and says so; nothing is
filled in. Rows without the lives a statistic needs are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        return cls(np.where(present, given, np.nan), present)

    @property
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
        return _spread(table) / (np.sqrt(np.maximum(table.n, 1)) if stat == "sem" else 1.0)
    if stat == "mean":
        return _mean(table)
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
            reach = stats.t.ppf((1.0 + level) / 2.0, np.maximum(table.n - 1, 1)) * summary(table, "sem")
            low, high = _mean(table) - reach, _mean(table) + reach
        case "sd":
            low, high = _mean(table) - _spread(table), _mean(table) + _spread(table)
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


def _mean(table: Table) -> Floats:
    total = np.where(table.present, table.values, 0.0).sum(axis=1)
    return np.where(table.n > 0, total / np.maximum(table.n, 1), np.nan)


def _spread(table: Table) -> Floats:
    """Standard deviation with n - 1; NaN below two lives."""
    centred = np.where(table.present, table.values - _mean(table)[:, None], 0.0)
    return np.where(table.n > 1, np.sqrt((centred**2).sum(axis=1) / np.maximum(table.n - 1, 1)), np.nan)


def _bootstrap(table: Table, level: float, digest: str, centre: Literal["mean", "median"]) -> tuple[Floats, Floats]:
    rows, lives = table.values.shape
    low, high = np.full(rows, np.nan), np.full(rows, np.nan)
    if not lives:
        return low, high
    chosen = generator(digest).integers(0, lives, (RESAMPLES, lives))
    per_part = max(1, _AT_ONCE // (RESAMPLES * lives))
    for start in range(0, rows, per_part):
        part = slice(start, start + per_part)
        drawn = table.values[part][:, chosen]
        there = np.isfinite(drawn)
        flat = Table(drawn.reshape(-1, lives), there.reshape(-1, lives))
        centres = _mean(flat) if centre == "mean" else quantile(flat, 0.5)
        over = Table.of(centres.reshape(-1, RESAMPLES))
        low[part], high[part] = quantile(over, (1.0 - level) / 2.0), quantile(over, (1.0 + level) / 2.0)
    return low, high
