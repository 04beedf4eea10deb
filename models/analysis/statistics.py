"""Estimates with their uncertainty, and tests, over lives paired by seed.

Every draw is seeded by a digest the caller gives, so that the same question has the same answer to the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Centre = Literal["mean", "median", "iqm"]

_AT_ONCE = 4_000_000
"""Most resampled numbers held at one time."""


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds; NaN bounds where the data allow none."""

    value: float
    low: float
    high: float


def generator(digest: str) -> np.random.Generator:
    """The random numbers that belong to a digest."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(digest.encode()).digest()[:16], "big"))


def centre_of(values: Floats, centre: Centre) -> Any:
    """Centre along the last axis; `iqm` is the mean of the middle half (the quarter cut at each end rounded down)."""
    match centre:
        case "mean":
            return values.mean(axis=-1)
        case "median":
            return np.median(values, axis=-1)
        case "iqm":
            cut = values.shape[-1] // 4
            middle = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut]
            return middle.mean(axis=-1)


def resampled(count: int, resamples: int, digest: str, statistic: Callable[[NDArray[np.int64]], Floats]) -> Floats:
    """A statistic of resampled lives: called with indices (some resamples, count) until all resamples are done."""
    draw = generator(digest)
    return np.concatenate([statistic(draw.integers(0, count, (rows, count))) for rows in _rows(count, resamples)])


def _rows(count: int, resamples: int) -> Iterator[int]:
    rows = max(1, _AT_ONCE // max(1, count))
    for start in range(0, resamples, rows):
        yield min(rows, resamples - start)


def percentile_interval(value: float, drawn: Floats, level: float) -> Interval:
    """Bounds between which `level` of the finite draws lie."""
    finite = drawn[np.isfinite(drawn)]
    if not finite.size:
        return Interval(value, np.nan, np.nan)
    low, high = np.quantile(finite, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(value, float(low), float(high))


def bootstrap(differences: Floats, centre: Centre, resamples: int, digest: str) -> Floats:
    """Centres of resampled paired differences."""
    return resampled(differences.size, resamples, digest, lambda index: centre_of(differences[index], centre))


def share_beyond(drawn: Floats, bound: float, side: Literal["below", "above"]) -> float:
    """Share of resampled estimates at or beyond a bound, (k + 1)/(resamples + 1): never 0."""
    beyond = drawn <= bound if side == "below" else drawn >= bound
    return (int(beyond.sum()) + 1) / (drawn.size + 1)


def bootstrap_p(drawn: Floats, null: float = 0.0) -> float:
    """Two-sided p of resampled estimates against a null value: twice the smaller of the shares on its two sides.

    It falls below 1 - level where the percentile interval leaves the null value out (Davison & Hinkley 1997, sections
    4.4 and 5.3).
    """
    return min(1.0, 2.0 * min(share_beyond(drawn, null, "below"), share_beyond(drawn, null, "above")))


def permutation(differences: Floats, centre: Centre, resamples: int, digest: str) -> float:
    """Two-sided p of paired differences when their signs are exchanged: every sign pattern if there are few enough.

    The share of patterns whose centre is at least as far from 0 as the observed one; with random patterns the observed
    one is counted in (Phipson & Smyth 2010).
    """
    count = differences.size
    least = abs(float(centre_of(differences, centre))) * (1.0 - 1e-12)
    if count < 60 and 2**count <= resamples:
        codes = np.arange(2**count)[:, None] >> np.arange(count)
        centres = centre_of(np.where(codes & 1, -differences, differences), centre)
        return float((np.abs(centres) >= least).mean())
    draw, extreme = generator(digest), 0
    for rows in _rows(count, resamples):
        signs = draw.integers(0, 2, (rows, count)) * 2 - 1
        extreme += int((np.abs(centre_of(differences * signs, centre)) >= least).sum())
    return (extreme + 1) / (resamples + 1)


def wilcoxon(differences: Floats) -> float:
    """Two-sided p of Wilcoxon's signed-rank test; 1 if every difference is 0."""
    moved = differences[differences != 0.0]
    return float(stats.wilcoxon(moved).pvalue) if moved.size else 1.0


def logrank(a: Floats, a_censored: Flags, b: Floats, b_censored: Flags) -> float:
    """Two-sided p of the log-rank test of two groups of times; 1 if nothing happened in either."""
    if a_censored.all() and b_censored.all():
        return 1.0
    one = stats.CensoredData.right_censored(a, a_censored)
    other = stats.CensoredData.right_censored(b, b_censored)
    return float(stats.logrank(one, other).pvalue)


def kaplan_meier(times: Floats, censored: Flags) -> tuple[Floats, Floats]:
    """Times at which something happened, and the share still waiting after each (Kaplan & Meier 1958)."""
    happened, events = np.unique(times[~censored], return_counts=True)
    waiting = times.size - np.searchsorted(np.sort(times), happened)
    return happened, np.asarray(np.cumprod(1.0 - events / waiting), dtype=np.float64)


def median_time(times: Floats, censored: Flags) -> float | None:
    """First time by which half have met it; None if fewer than half ever do."""
    happened, waiting = kaplan_meier(times, censored)
    below = happened[waiting <= 0.5 + 1e-12]
    return float(below[0]) if below.size else None


def restricted_mean(times: Floats, censored: Flags, horizon: float) -> float:
    """Mean time up to a horizon: the area under the Kaplan-Meier curve on [0, horizon] (Royston & Parmar 2013)."""
    happened, waiting = kaplan_meier(times, censored)
    inside = happened < horizon
    edges = np.concatenate([[0.0], happened[inside], [horizon]])
    heights = np.concatenate([[1.0], waiting[inside]])
    return float((np.diff(edges) * heights).sum())


def horizon_of(*groups: tuple[Floats, Flags]) -> float:
    """The longest horizon at which every group's restricted mean is known.

    A group whose longest life is censored is known up to there; one in which every life met it, for ever. Without any
    such bound: the greatest time of all.
    """
    ends = [float(times.max()) for times, _ in groups]
    bounds = [end for end, (times, censored) in zip(ends, groups, strict=True) if censored[times == end].any()]
    return min(bounds, default=max(ends))


def pseudo_values(times: Floats, censored: Flags, horizon: float) -> Floats:
    """What each life contributes to the restricted mean, so that censored lives can be paired.

    v_i = n M - (n - 1) M_without_i with M the restricted mean; where no life is censored before the horizon this is
    min(t_i, horizon) exactly (Andersen, Hansen & Klein 2004).
    """
    if not (censored & (times < horizon)).any():
        return np.minimum(times, horizon)
    count, everyone = times.size, restricted_mean(times, censored, horizon)
    kept = ~np.eye(count, dtype=bool)
    without = np.array([restricted_mean(times[rest], censored[rest], horizon) for rest in kept])
    return count * everyone - (count - 1) * without


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Corrects p values for their number (Holm 1979); None stays None and does not count."""
    order = sorted((value, index) for index, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    largest = 0.0
    for rank, (value, index) in enumerate(order):
        largest = max(largest, min(1.0, value * (len(order) - rank)))
        corrected[index] = largest
    return corrected


def effect_size(differences: Floats, level: float) -> Interval | None:
    """Standardised mean of paired differences, d_z = mean/sd, with the interval of the noncentral t distribution.

    None for fewer than 2 pairs or differences that are all equal. The bounds are the noncentralities under which the
    observed t lies at the tails, over sqrt(n) (Cumming & Finch 2001).
    """
    count = differences.size
    spread = float(differences.std(ddof=1)) if count > 1 else 0.0
    mean = float(differences.mean()) if count else 0.0
    if spread <= 1e-12 * abs(mean) or spread == 0.0:
        return None
    t = mean / spread * np.sqrt(count)
    width = 10.0 + 5.0 * abs(t)

    def bound(tail: float) -> float:
        shift = optimize.brentq(lambda shift: noncentral_t(t, count - 1, shift) - tail, t - width, t + width)
        return float(shift / np.sqrt(count))

    return Interval(mean / spread, bound((1.0 + level) / 2.0), bound((1.0 - level) / 2.0))


def noncentral_t(t: float, freedom: int, shift: float) -> float:
    """P(T <= t) of the noncentral t distribution: the mean of Phi(t sqrt(V/f) - shift) over V ~ chi2(f).

    Gauss-Legendre over the quantiles of V; scipy.stats.nct has no value far out in the tails (1.17).
    """
    share, weight = _quadrature()
    root = np.sqrt(stats.chi2.ppf(share, freedom) / freedom)
    return float(weight @ special.ndtr(t * root - shift))


@cache
def _quadrature() -> tuple[Floats, Floats]:
    node, weight = np.polynomial.legendre.leggauss(400)
    return (node + 1.0) / 2.0, weight / 2.0
