from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from service.store import thin

METHODS = ["minmaxlttb", "m4"]
POINTS = st.integers(2, 60)


@st.composite
def curves(draw: st.DrawFn, special: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """x that ascends, perhaps not everywhere, and any y."""
    y = draw(
        hnp.arrays(
            np.float32, st.integers(0, 300), elements=st.floats(width=32, allow_nan=special, allow_infinity=special)
        )
    )
    steps = draw(hnp.arrays(np.int64, len(y), elements=st.integers(0, 50)))
    x = np.cumsum(steps)
    return (x if draw(st.booleans()) else x * 0.25), y


@pytest.fixture(params=[True, False], ids=["tsdownsample", "numpy"])
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(thin, "tsdownsample", None)
    return bool(request.param)


@pytest.mark.parametrize("method", [*METHODS, "mean"])
@pytest.mark.parametrize("at", [0, 1, 3333, 9_998, 9_999])
@pytest.mark.parametrize("height", [9.0, -9.0])
@pytest.mark.parametrize("points", [2, 4, 7, 50, 1000])
def test_a_spike_of_one_point_survives(package: bool, method: str, at: int, height: float, points: int) -> None:
    rng = np.random.default_rng(0)
    x, y = np.arange(10_000), 0.1 * rng.normal(size=10_000).astype(np.float32)
    y[::97] = np.nan
    y[at] = height
    if method == "mean":
        bins = thin.bins(x, y, points)
        assert height in (bins.low.min(), bins.high.max())
    else:
        kept = thin.keep(x, y, points, method)  # type: ignore[arg-type]
        assert at in kept.index
        assert not kept.exact


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), points=st.integers(40, 400), rows=st.integers(1_000, 20_000), noise=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_spikes_survive_every_thinning_that_could_show_them(
    method: str, data: st.DataObject, points: int, rows: int, noise: int
) -> None:
    """Single points, up or down, of several heights, as near each other as a point of the answer is wide."""
    rng = np.random.default_rng(noise)
    y = (np.cumsum(rng.normal(size=rows)) * 0.01 + 0.1 * rng.normal(size=rows)).astype(np.float32)
    y[data.draw(st.integers(1, 97)) :: 97] = np.nan
    width = rows // (points // 4) + 2
    places = data.draw(st.lists(st.integers(0, rows // width - 1), min_size=1, max_size=5, unique=True))
    spikes = [place * width + data.draw(st.integers(0, 1)) for place in places]
    for spike in spikes:
        y[spike] = data.draw(st.sampled_from([-40.0, -9.0, 9.0, 40.0]))
    assert set(spikes) <= set(thin.keep(np.arange(rows) * 20, y, points, method).index.tolist())  # type: ignore[arg-type]


def test_of_two_spikes_side_by_side_neither_is_lost(package: bool) -> None:
    y = np.zeros(10_000, np.float32)
    y[5000], y[5001] = 9.0, -9.0
    assert {5000, 5001} <= set(thin.keep(np.arange(10_000), y, 100, "minmaxlttb").index.tolist())


@pytest.mark.parametrize("method", METHODS)
@given(curve=curves(), points=POINTS)
@settings(deadline=None)
def test_what_is_kept_is_declared_ordered_and_little(
    method: str, curve: tuple[np.ndarray, np.ndarray], points: int
) -> None:
    x, y = curve
    kept = thin.keep(x, y, points, method)  # type: ignore[arg-type]
    finite = np.isfinite(y)
    if len(y) <= points:
        assert kept.exact
        assert kept.index.tolist() == list(range(len(y)))
        return
    assert not kept.exact
    assert np.all(np.diff(kept.index) > 0)
    shown = y[kept.index]
    assert np.isfinite(shown).sum() <= points + 2
    assert (~np.isfinite(shown)).sum() <= 2 * points
    if finite.any():
        assert shown[np.isfinite(shown)].max() == y[finite].max()
        assert shown[np.isfinite(shown)].min() == y[finite].min()
    if not finite.all():
        assert np.flatnonzero(~finite)[0] in kept.index
        assert np.flatnonzero(~finite)[-1] in kept.index


@given(y=hnp.arrays(np.float64, 400, elements=st.floats(-1e9, 1e9)))
@settings(deadline=None)
def test_m4_keeps_the_extremes_of_every_bin(y: np.ndarray) -> None:
    kept = thin.keep(np.arange(400), y, 40, "m4")
    bins, shown = y.reshape(10, 40), kept.index // 40
    for number, values in enumerate(bins):
        part = y[kept.index[shown == number]]
        assert (part.min(), part.max()) == (values.min(), values.max())


@given(curve=curves(), points=POINTS)
@settings(deadline=None)
def test_bins_weigh_every_finite_value_once(curve: tuple[np.ndarray, np.ndarray], points: int) -> None:
    x, y = curve
    bins = thin.bins(x, y, points)
    finite = y[np.isfinite(y)].astype(np.float64)
    assert bins.count.sum() == len(finite)
    assert len(bins.mean) <= points
    assert np.sum(bins.mean * bins.count) == pytest.approx(finite.sum(), rel=1e-9, abs=1e-9 * np.abs(finite).sum())
    assert np.all(bins.low <= bins.high)


def test_bin_means_by_hand() -> None:
    bins = thin.bins(np.array([0, 1, 2, 3]), np.array([1.0, 3.0, np.nan, 7.0]), 2)
    assert (bins.x.tolist(), bins.mean.tolist(), bins.count.tolist()) == ([0.5, 3.0], [2.0, 7.0], [2, 1])
    assert (bins.low.tolist(), bins.high.tolist(), bins.first.tolist()) == ([1.0, 7.0], [3.0, 7.0], [0, 3])


@given(y=hnp.arrays(np.float64, st.integers(2, 80), elements=st.floats(-1e6, 1e6)), data=st.data())
def test_a_thinned_band_is_never_narrower_than_the_true_one(y: np.ndarray, data: st.DataObject) -> None:
    inner = data.draw(st.sets(st.integers(0, len(y) - 1)))
    index = np.array(sorted({0, len(y) - 1} | inner))
    at = np.arange(len(y))
    low = np.interp(at, index, thin.envelope(y, index, lowest=True))
    high = np.interp(at, index, thin.envelope(y, index, lowest=False))
    assert np.all(low <= y + 1e-6)
    assert np.all(high >= y - 1e-6)


def test_what_is_not_finite_is_named_with_its_position() -> None:
    y = np.array([1.0, np.nan, np.inf, -np.inf])
    assert thin.nonfinite(y) == [[1, "nan"], [2, "inf"], [3, "-inf"]]


def test_the_ends_of_a_run_of_nan_are_shown() -> None:
    y = np.sin(np.arange(1000) / 10)
    y[300:700] = np.nan
    kept = thin.keep(np.arange(1000), y, 50, "minmaxlttb")
    assert {300, 699} <= set(kept.index.tolist())
    assert np.isnan(y[kept.index]).sum() == 2


def test_a_curve_without_a_finite_value_is_answered() -> None:
    kept = thin.keep(np.arange(100), np.full(100, np.nan), 10, "minmaxlttb")
    assert kept.index.tolist() == [0, 99]


def test_the_stand_in_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.arange(1000), np.random.default_rng(0).normal(size=1000)
    assert thin.keep(x, y, 50, "minmaxlttb").method == "minmaxlttb"
    monkeypatch.setattr(thin, "tsdownsample", None)
    assert thin.keep(x, y, 50, "minmaxlttb").method == "minmax"
    assert thin.keep(x, y, 50, "minmaxlttb").extremes == "exact"
