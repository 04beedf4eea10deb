"""Tests and estimates against scipy where scipy has them, else against numbers worked out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.analysis.statistics import (
    bootstrap,
    bootstrap_p,
    centre_of,
    effect_size,
    holm,
    horizon_of,
    kaplan_meier,
    logrank,
    median_time,
    noncentral_t,
    percentile_interval,
    permutation,
    pseudo_values,
    restricted_mean,
    share_beyond,
    wilcoxon,
)

DIFFERENCES = np.array([0.3, -0.1, 0.5, 0.2, 0.4, 0.1, 0.6, -0.2])
TIMES = np.array([3.0, 5.0, 5.0, 8.0, 10.0, 12.0])
CENSORED = np.array([False, False, True, False, True, True])


def test_centres() -> None:
    values = np.array([0.0, 1.0, 2.0, 3.0, 100.0, 101.0, 112.0, 113.0])
    assert centre_of(values, "mean") == values.mean()
    assert centre_of(values, "median") == 51.5
    assert centre_of(values, "iqm") == stats.trim_mean(values, 0.25) == np.mean([2, 3, 100, 101])


@pytest.mark.parametrize("centre", ["mean", "median", "iqm"])
def test_the_bootstrap_interval_agrees_with_scipy(centre: str) -> None:
    drawn = bootstrap(DIFFERENCES, centre, 20_000, "digest")  # type: ignore[arg-type]
    found = percentile_interval(0.0, drawn, 0.95)
    theirs = stats.bootstrap(
        (DIFFERENCES,),
        lambda values, axis: centre_of(np.moveaxis(values, axis, -1), centre),  # type: ignore[arg-type]
        n_resamples=20_000,
        confidence_level=0.95,
        method="percentile",
        rng=1,
    ).confidence_interval
    assert (found.low, found.high) == (pytest.approx(theirs.low, abs=0.03), pytest.approx(theirs.high, abs=0.03))


def test_the_same_digest_gives_the_same_answer_and_another_does_not() -> None:
    one, again, other = (bootstrap(DIFFERENCES, "mean", 500, digest) for digest in ("a", "a", "b"))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@given(st.lists(st.floats(-1, 1).filter(lambda x: abs(x) > 1e-6), min_size=3, max_size=15), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_p_of_the_bootstrap_agrees_with_its_interval(values: list[float], digest: int) -> None:
    drawn = bootstrap(np.array(values), "mean", 999, str(digest))
    found, p = percentile_interval(0.0, drawn, 0.95), bootstrap_p(drawn)
    excluded = found.low > 0.0 or found.high < 0.0
    assert p <= 0.054 if excluded else p >= 0.046


def test_draws_that_are_no_numbers_bound_nothing() -> None:
    drawn = np.array([np.inf, 1.0, 2.0, 3.0, np.nan, -np.inf])
    found = percentile_interval(2.0, drawn, 0.5)
    assert (found.low, found.high) == (1.5, 2.5)


def test_a_share_beyond_a_bound_counts_the_bound_and_is_never_nothing() -> None:
    drawn = np.array([0.0, 1.0, 1.0, 2.0])
    assert (share_beyond(drawn, 1.0, "below"), share_beyond(drawn, 1.0, "above")) == (0.8, 0.8)
    assert (share_beyond(drawn, 3.0, "above"), share_beyond(drawn, 1.5, "above")) == (0.2, 0.4)
    assert bootstrap_p(drawn, 1.5) == 0.8


def test_every_sign_pattern_is_tried_if_there_are_few() -> None:
    differences = np.array([1.0, 2.0, 3.0])
    least = abs(differences.sum())
    patterns = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=3)
    ]
    assert permutation(differences, "mean", 1000, "d") == np.mean([each >= least for each in patterns]) == 0.25


def test_the_permutation_test_agrees_with_scipy() -> None:
    theirs = stats.permutation_test(
        (DIFFERENCES,),
        np.mean,
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
        alternative="two-sided",
    ).pvalue
    assert permutation(DIFFERENCES, "mean", 1000, "d") == pytest.approx(theirs)
    assert permutation(DIFFERENCES, "mean", 200, "d") == pytest.approx(theirs, abs=0.08)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_random_sign_patterns_nearly_give_what_all_give_and_never_nothing(sign: float) -> None:
    differences = sign * (np.arange(15) - 4.0)
    every, some = (permutation(differences, "mean", resamples, "d") for resamples in (2**15, 2**15 - 1))
    assert some == pytest.approx(every, rel=0.1)
    assert permutation(np.full(100, sign), "mean", 999, "d") == 1 / 1000


def test_wilcoxon_agrees_with_scipy_and_survives_no_difference() -> None:
    assert wilcoxon(DIFFERENCES) == stats.wilcoxon(DIFFERENCES).pvalue
    assert wilcoxon(np.zeros(4)) == 1.0


def test_logrank_agrees_with_scipy_and_survives_nothing_happening() -> None:
    other, lost = TIMES * 2.0, np.roll(CENSORED, 2)
    theirs = stats.logrank(
        stats.CensoredData.right_censored(TIMES, CENSORED), stats.CensoredData.right_censored(other, lost)
    ).pvalue
    assert logrank(TIMES, CENSORED, other, lost) == pytest.approx(theirs)
    everyone = np.ones(6, dtype=bool)
    assert logrank(TIMES, everyone, other, everyone) == 1.0


def test_kaplan_meier_agrees_with_scipy() -> None:
    happened, waiting = kaplan_meier(TIMES, CENSORED)
    theirs = stats.ecdf(stats.CensoredData.right_censored(TIMES, CENSORED)).sf
    assert happened.tolist() == [3.0, 5.0, 8.0]
    assert waiting == pytest.approx(theirs.evaluate(happened))
    assert waiting == pytest.approx([5 / 6, 4 / 6, 4 / 6 * 2 / 3])


def test_the_median_time_is_where_half_have_met_it() -> None:
    assert median_time(TIMES, CENSORED) == 8.0
    assert median_time(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=bool)) == 2.0
    assert median_time(TIMES, np.ones(6, dtype=bool)) is None


def test_the_restricted_mean_is_the_area_under_the_curve() -> None:
    """1 to 3, 5/6 to 5, 4/6 to 8, 4/9 to 10."""
    assert restricted_mean(TIMES, CENSORED, 10.0) == pytest.approx(3 + 2 * 5 / 6 + 3 * 4 / 6 + 2 * 4 / 9)


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=20), st.floats(0.1, 120))
def test_without_censoring_the_restricted_mean_is_a_mean(times: list[float], horizon: float) -> None:
    values = np.array(times)
    nobody = np.zeros(len(times), dtype=bool)
    assert restricted_mean(values, nobody, horizon) == pytest.approx(np.minimum(values, horizon).mean())


def test_pseudo_values_are_times_where_nobody_is_lost_early() -> None:
    late = np.array([False, False, False, True])
    times = np.array([1.0, 5.0, 9.0, 9.0])
    assert pseudo_values(times, late, 9.0).tolist() == times.tolist()
    assert pseudo_values(times, late, 6.0).tolist() == [1.0, 5.0, 6.0, 6.0]


def test_the_mean_of_pseudo_values_is_close_to_the_restricted_mean() -> None:
    found = pseudo_values(TIMES, CENSORED, 10.0)
    assert found.mean() == pytest.approx(restricted_mean(TIMES, CENSORED, 10.0), rel=0.05)
    by_hand = 6 * restricted_mean(TIMES, CENSORED, 10.0) - 5 * restricted_mean(TIMES[1:], CENSORED[1:], 10.0)
    assert found[0] == pytest.approx(by_hand)


def test_the_horizon_is_bounded_only_by_groups_still_waiting() -> None:
    nobody, last = np.zeros(2, dtype=bool), np.array([False, True])
    assert horizon_of((np.array([1.0, 2.0]), nobody), (np.array([5.0, 9.0]), last)) == 9.0
    assert horizon_of((np.array([1.0, 2.0]), last), (np.array([5.0, 9.0]), last)) == 2.0
    assert horizon_of((np.array([1.0, 2.0]), nobody), (np.array([5.0, 9.0]), nobody)) == 9.0


def test_holm_by_hand() -> None:
    """.01 x 4, then .02 x 3, then .03 x 2; never less than one before."""
    assert holm([0.03, 0.01, None, 0.02, 0.9]) == [
        pytest.approx(0.06),
        pytest.approx(0.04),
        None,
        pytest.approx(0.06),
        0.9,
    ]
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_interval_of_an_effect_has_the_observed_t_at_its_tails() -> None:
    found = effect_size(DIFFERENCES, 0.95)
    assert found is not None
    t = stats.ttest_1samp(DIFFERENCES, 0.0).statistic
    assert found.value == pytest.approx(t / np.sqrt(8))
    assert stats.nct.cdf(t, 7, found.low * np.sqrt(8)) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(t, 7, found.high * np.sqrt(8)) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize(("freedom", "shift"), [(1, 0.0), (2, -1.5), (7, 3.0), (200, 1.0)])
def test_the_noncentral_t_agrees_with_scipy(freedom: int, shift: float) -> None:
    for t in (-2.0, 0.0, 0.5, 3.0):
        assert noncentral_t(t, freedom, shift) == pytest.approx(stats.nct.cdf(t, freedom, shift), abs=1e-5)


def test_a_huge_effect_still_has_an_interval() -> None:
    found = effect_size(10.0 + DIFFERENCES, 0.95)
    assert found is not None
    assert 10.0 < found.low < found.value < found.high < 100.0


def test_an_effect_without_spread_has_no_size() -> None:
    assert effect_size(np.full(5, 0.1), 0.95) is None
    assert effect_size(np.array([0.1]), 0.95) is None
    assert effect_size(np.empty(0), 0.95) is None
