"""Whether two groups of lives rank the labels of an axis alike.

Seeds are resampled, labels are fixed. Centres of resampled seeds scatter by more than those of all, and so rank less
alike: intervals lie rather too low than too high.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.analysis.statistics import Centre, Floats, centre_of, generator, resampled

Side = Literal["treat", "control", "rival"]
Sides = dict[Side, Floats]
"""Values of one outcome (seeds, labels) in every group, row by row of one seed."""

SPLITS = 500
LEAST_TO_SPLIT = 4
"""Seeds below which a half would be a single life."""


def rank_correlation(one: Floats, other: Floats) -> Floats:
    """Spearman's rho along the last axis, ties by mean ranks; NaN where one of the two does not vary.

    Pearson's r of ranks, (..., labels) and (..., labels) -> (...).
    """
    ranks = [np.asarray(stats.rankdata(each, axis=-1), dtype=np.float64) for each in (one, other)]
    varies = np.logical_and(*(np.ptp(each, axis=-1) > 0.0 for each in ranks))
    found = np.full(varies.shape, np.nan)
    if varies.any():
        found[varies] = stats.pearsonr(ranks[0][varies], ranks[1][varies], axis=-1).statistic
    return found


def agreement(sides: Sides, centre: Centre, rows: NDArray[np.int64] | slice = slice(None)) -> Floats:
    """rho(treat, control), less rho(rival, control) if there is a rival, of centres over chosen rows of seeds."""
    curves = {name: _curves(values, rows, centre) for name, values in sides.items()}
    found = rank_correlation(curves["treat"], curves["control"])
    return found - rank_correlation(curves["rival"], curves["control"]) if "rival" in curves else found


def resampled_agreement(sides: Sides, centre: Centre, resamples: int, digest: str) -> Floats:
    """The agreement over resampled seeds, the same for all groups; labels are fixed."""
    seeds = len(sides["treat"])
    return resampled(seeds, resamples, digest, lambda index: agreement(sides, centre, index))


def reliability(values: Floats, centre: Centre, digest: str) -> float | None:
    """How far a group agrees with itself: rho between halves of its seeds, stepped up to all; None if too few.

    r the mean rho of random halves, 2 r / (1 + r) (Spearman 1910, Brown 1910).
    """
    seeds = len(values)
    if seeds < LEAST_TO_SPLIT:
        return None
    half = seeds // 2
    order = generator(digest).permuted(np.tile(np.arange(seeds), (SPLITS, 1)), axis=1)
    parts = [_curves(values, order[:, part], centre) for part in (slice(half), slice(half, 2 * half))]
    halves = float(np.mean(rank_correlation(*parts)))
    return 2.0 * halves / (1.0 + halves) if halves > 0.0 else halves


def _curves(values: Floats, rows: NDArray[np.int64] | slice, centre: Centre) -> Floats:
    """Centres over chosen rows: (labels,), or (draws, labels) for rows (draws, seeds)."""
    return np.asarray(centre_of(np.swapaxes(values[rows], -1, -2), centre), dtype=np.float64)
