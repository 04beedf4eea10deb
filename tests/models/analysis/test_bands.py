"""Bands over lives: against numpy and scipy, with missing values counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from models.analysis.bands import RESAMPLES, Table, band, quantile, summary
from models.analysis.statistics import generator

WHOLE = Table.of(np.array([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 10.0, 10.0]]))
GAPS = Table.of(
    np.array([[1.0, 9.0, 3.0], [np.nan, np.inf, 5.0], [1.0, 2.0, 3.0]]),
    np.array([[True, False, True], [True, True, True], [False, False, False]]),
)


def test_what_is_missing_or_not_finite_is_counted_not_dropped() -> None:
    assert GAPS.n.tolist() == [2, 1, 0]
    assert GAPS.missing.tolist() == [1, 2, 3]


def test_statistics_of_whole_rows_agree_with_numpy() -> None:
    values = WHOLE.values
    expected = {
        "mean": values.mean(1),
        "sd": values.std(1, ddof=1),
        "sem": stats.sem(values, axis=1),
        "median": np.median(values, axis=1),
        "min": values.min(1),
        "max": values.max(1),
        "q25": np.quantile(values, 0.25, axis=1),
        "n": [4, 4],
    }
    for name, numbers in expected.items():
        assert summary(WHOLE, name) == pytest.approx(np.asarray(numbers, dtype=float)), name


def test_rows_with_gaps_use_what_is_there_and_say_nothing_where_there_is_nothing() -> None:
    nan = np.nan
    assert summary(GAPS, "mean") == pytest.approx([2.0, 5.0, nan], nan_ok=True)
    assert summary(GAPS, "sd") == pytest.approx([np.sqrt(2.0), nan, nan], nan_ok=True)
    assert summary(GAPS, "median") == pytest.approx([2.0, 5.0, nan], nan_ok=True)


@pytest.mark.parametrize("name", ["mode", "q101", "qx", ""])
def test_an_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown statistic"):
        summary(WHOLE, name)


def test_the_t_band_agrees_with_scipy() -> None:
    found = band(WHOLE, "t", 0.95, "d")
    for row, values in enumerate(WHOLE.values):
        low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
        assert (found.low[row], found.high[row]) == (pytest.approx(low), pytest.approx(high))


def test_sd_and_quantile_bands() -> None:
    assert band(WHOLE, "sd", 0.95, "d").low == pytest.approx(WHOLE.values.mean(1) - WHOLE.values.std(1, ddof=1))
    assert band(WHOLE, "quantile", 0.5, "d").high == pytest.approx(np.quantile(WHOLE.values, 0.75, axis=1))


@pytest.mark.parametrize("centre", ["mean", "median"])
def test_the_bootstrap_band_agrees_with_scipy(centre: Any) -> None:
    values = np.random.default_rng(0).normal(size=(1, 12))
    found = band(Table.of(values), "bootstrap", 0.9, "digest", centre)
    theirs = stats.bootstrap(
        (values[0],), getattr(np, centre), confidence_level=0.9, n_resamples=5000, method="percentile", rng=2
    ).confidence_interval
    assert (found.low[0], found.high[0]) == (pytest.approx(theirs.low, abs=0.08), pytest.approx(theirs.high, abs=0.08))


@pytest.mark.parametrize("centre", [np.mean, np.median])
def test_lives_that_are_missing_weigh_nothing_in_the_bootstrap(centre: Any) -> None:
    values = np.array([[1.0, 2.0, np.nan, 7.0, 9.0, np.nan], [3.0, np.nan, 5.0, 1.0, 0.0, 2.0]])
    found = band(Table.of(values), "bootstrap", 0.8, "digest", centre.__name__)
    for row, low, high in zip(values, found.low, found.high, strict=True):
        resampled = row[generator("digest").integers(0, 6, (RESAMPLES, 6))]
        drawn = [centre(each[np.isfinite(each)]) for each in resampled if np.isfinite(each).any()]
        assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.1, 0.9])))


def test_the_bootstrap_band_is_repeatable() -> None:
    table = Table.of(np.random.default_rng(0).normal(size=(2, 9)))
    one, again, other = (band(table, "bootstrap", 0.9, digest).low.tolist() for digest in ("a", "a", "b"))
    assert one == again
    assert one != other


def test_few_lives_are_marked() -> None:
    assert band(WHOLE, "t", 0.95, "d").few
    assert not band(Table.of(np.ones((2, 5))), "t", 0.95, "d").few
    assert not band(Table.of(np.full((2, 5), np.nan)), "t", 0.95, "d").few


def test_no_rows_and_no_lives_are_no_error() -> None:
    for shape in ((0, 3), (2, 0)):
        table = Table.of(np.empty(shape))
        assert summary(table, "median").shape == (shape[0],)
        for kind in ("t", "bootstrap", "quantile", "sd"):
            assert band(table, kind, 0.95, "d").low.shape == (shape[0],)  # type: ignore[arg-type]


@given(
    arrays.arrays(np.float64, (4, 6), elements=st.one_of(st.floats(-5, 5), st.just(np.nan))),
    st.floats(0, 1),
)
@settings(deadline=None)
def test_quantiles_agree_with_numpy_row_by_row(values: Any, share: float) -> None:
    found = quantile(Table.of(values), share)
    for row, there in zip(values, found, strict=True):
        known = row[np.isfinite(row)]
        assert there == pytest.approx(np.quantile(known, share) if known.size else np.nan, nan_ok=True)


@given(arrays.arrays(np.float64, (3, 5), elements=st.floats(-5, 5)), st.permutations(range(5)))
@settings(deadline=None, max_examples=25)
def test_the_order_of_lives_does_not_matter(values: Any, order: list[int]) -> None:
    one, other = Table.of(values), Table.of(values[:, order])
    for name in ("mean", "sd", "median", "q10"):
        assert summary(one, name) == pytest.approx(summary(other, name))
