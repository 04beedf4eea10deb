"""What the lives of one arm have in common: centre, spread, band; times with their censored lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.analysis.bands import BandKind, Table, band, summary
from models.analysis.outcomes import LifeOutcome
from models.analysis.statistics import Flags, Floats, horizon_of, median_time, restricted_mean


@dataclass(frozen=True)
class ArmSummary:
    """One outcome over the lives of an arm; numbers of lives always add up to `lives`."""

    lives: int
    n: int
    """Lives with a value."""
    missing: int
    censored: int
    diverged: int
    """Counted beside: a diverged life may or may not have a value."""
    mean: float
    """Over lives with a value; of a time with censored lives a lower bound, see `restricted_mean`."""
    sd: float
    median: float
    low: float
    high: float
    restricted_mean: float | None = None
    """Of times only: up to `horizon`."""
    horizon: float | None = None
    median_time: float | None = None
    """Kaplan-Meier median; None if fewer than half ever met it."""


def summarise(
    lives: Mapping[int, LifeOutcome], *, timed: bool, level: float, digest: str, kind: BandKind = "t"
) -> ArmSummary:
    """Summary of one outcome of one arm; `timed` if it is a time that can be censored."""
    values = np.array([each.value if each.value is not None else np.nan for each in lives.values()])
    table = Table.of(values.reshape(1, -1))
    bounds = band(table, kind, level, digest)
    times, censored = watched(lives)
    horizon = horizon_of((times, censored)) if timed and times.size else None
    return ArmSummary(
        lives=len(lives),
        n=int(table.n[0]),
        missing=int(table.missing[0]),
        censored=sum(each.censored for each in lives.values()),
        diverged=sum(each.diverged for each in lives.values()),
        mean=float(summary(table, "mean")[0]),
        sd=float(summary(table, "sd")[0]),
        median=float(summary(table, "median")[0]),
        low=float(bounds.low[0]),
        high=float(bounds.high[0]),
        restricted_mean=None if horizon is None else restricted_mean(times, censored, horizon),
        horizon=horizon,
        median_time=None if horizon is None else median_time(times, censored),
    )


def watched(lives: Mapping[int, LifeOutcome]) -> tuple[Floats, Flags]:
    """Times of the lives that have one, and which of them are censored."""
    known = [(each.value, each.censored) for each in lives.values() if each.value is not None]
    times = np.array([value for value, _ in known], dtype=np.float64)
    return times, np.array([censored for _, censored in known], dtype=np.bool_)
