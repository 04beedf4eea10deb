"""Fewer points of a curve, honestly: what was done is said, and what is not finite stays where it is.

Only the finite part is thinned, with the plain algorithms of tsdownsample: those that know NaN return NaN for every
bin that has one, and lose a spike at one NaN in a hundred. MinMaxLTTB alone shows one of two spikes that are close: so
the global extremes, and in every stretch of a few points what is furthest from the line that is drawn, are kept too. A
single point that sticks out is seen whatever the method. Without the package, numpy keeps the extremes of each bin.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

try:
    tsdownsample: Any = importlib.import_module("tsdownsample")
except ImportError:
    tsdownsample = None

Method = Literal["minmaxlttb", "m4", "mean", "none"]
Floats = NDArray[np.floating[Any]]
Index = NDArray[np.int64]

_FEWEST = 16
"""Below so many points the extremes of bins are all there is room for."""
_STRETCH = 8
"""One in so many points is spent on what the others leave out."""
_RATIO = 4
"""Extremes that are looked at for each point of MinMaxLTTB."""


@dataclass(frozen=True)
class Kept:
    """The positions of a curve that are shown, ascending, and what was done to choose them.

    `method` is the one that ran. `extremes`: `exact` if the extremes of every bin are shown, `global` if those of the
    whole curve are, `approximate` if means are shown.
    """

    index: Index
    method: str
    exact: bool
    extremes: str


@dataclass(frozen=True)
class Bins:
    """Means over bins of equal width in x, with the extremes of each; bins without a finite value are left out."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    count: Index
    first: Index
    """Position of the first finite value of each bin."""


def keep(x: NDArray[Any], y: Floats, points: int, method: Method) -> Kept:
    """At most about `points` positions of a curve; all if there are no more, or if the method is `none`.

    x ascends. Positions that are not finite are added: the first and last of every run of them.
    """
    if method == "none" or len(y) <= points:
        return Kept(np.arange(len(y)), "none", exact=True, extremes="exact")
    known = np.isfinite(y)
    if known.all():
        index, name, extremes = _chosen(_bins_of(x), np.ascontiguousarray(y), points, method)
        return Kept(index, name, exact=False, extremes=extremes)
    finite = np.flatnonzero(known)
    chosen, name, extremes = _chosen(_bins_of(x[finite]), np.ascontiguousarray(y[finite]), points, method)
    return Kept(_union(finite[chosen], _runs(~known, points)), name, exact=False, extremes=extremes)


def bins(x: NDArray[Any], y: Floats, points: int) -> Bins:
    """Bin means of the finite part in `points` bins of equal width in x, weighing every value alike."""
    finite = np.flatnonzero(np.isfinite(y))
    if not len(finite):
        nothing = np.zeros(0)
        return Bins(nothing, nothing, nothing, nothing, np.zeros(0, np.int64), np.zeros(0, np.int64))
    at, values = x[finite].astype(np.float64), y[finite].astype(np.float64)
    place = _places(at, points)
    starts = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
    count = np.diff(np.append(starts, len(place)))
    return Bins(
        np.add.reduceat(at, starts) / count,
        np.add.reduceat(values, starts) / count,
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
        count,
        finite[starts],
    )


def envelope(values: Floats, index: Index, *, lowest: bool) -> Floats:
    """A bound of a band at the shown positions: the outermost value up to the neighbours on both sides.

    Joined by straight lines it nowhere lies inside the true band.
    """
    outermost = np.fmin if lowest else np.fmax
    if len(index) < 2:
        return np.asarray(values[index])
    between = outermost.reduceat(values, index)[:-1]
    between = outermost(between, values[index[1:]])
    kept = np.array(values[index], np.float64)
    kept[:-1] = outermost(kept[:-1], between)
    kept[1:] = outermost(kept[1:], between)
    return kept


def nonfinite(y: Floats) -> list[list[Any]]:
    """`[position, "nan" | "inf" | "-inf"]` of every value that is not finite."""
    names = {True: "inf", False: "-inf"}
    return [[int(at), "nan" if np.isnan(y[at]) else names[bool(y[at] > 0)]] for at in np.flatnonzero(~np.isfinite(y))]


def _chosen(x: NDArray[Any], y: Floats, points: int, method: Method) -> tuple[Index, str, str]:
    """Positions in a finite curve, the method that ran, and what holds of extremes."""
    if len(y) <= points:
        return np.arange(len(y)), method, "exact"
    if tsdownsample is None or points < _FEWEST:
        return _minmax(x, y, points), "minmax", "exact"
    if method == "m4":
        found = tsdownsample.M4Downsampler().downsample(x, y, n_out=points // 4 * 4)
        return _union(found), "m4", "exact"
    stretches = points // _STRETCH
    found = _minmaxlttb(x, y, points - 2 - stretches)
    missed = [extreme for extreme in (y.argmin(), y.argmax()) if extreme not in found]
    index = _union(found, missed) if missed else found
    return _union(index, _furthest(x, y, index, stretches)), "minmaxlttb", "global"


def _minmaxlttb(x: NDArray[Any], y: Floats, points: int) -> Index:
    """MinMaxLTTB; of an even x it needs only the positions, which is quicker."""
    if _is_even(x):
        return _compiled(y.dtype)(y, points, ratio=_RATIO)
    return _compiled(x.dtype, y.dtype)(x, y, points, ratio=_RATIO)


def _is_even(x: NDArray[Any]) -> bool:
    """Whether whole numbers ascend by equal steps."""
    return x.dtype.kind == "i" and bool((x[1:] - x[:-1] == x[1] - x[0]).all())


@functools.cache
def _compiled(*dtypes: np.dtype[Any]) -> Callable[..., Index]:
    """MinMaxLTTB for columns of these types; `downsample` looks it up by name for each, which takes as long as it."""
    types = "_".join(f"{dtype.kind}{8 * dtype.itemsize}" for dtype in dtypes)
    found: Callable[..., Index] = getattr(tsdownsample.MinMaxLTTBDownsampler().mod_single_core, f"downsample_{types}")
    return found


def _furthest(x: NDArray[Any], y: Floats, index: Index, stretches: int) -> Index:
    """In each of about so many stretches of the curve the position that is furthest from the line through those kept.

    A stretch of which nothing is off the line has none. The last may be shorter.
    """
    apart = np.interp(x, x[index], y[index])
    np.abs(np.subtract(y, apart, out=apart), out=apart)
    length = -(-len(y) // stretches)
    starts = np.arange(0, len(y), length)
    whole = len(y) // length
    within = apart[: whole * length].reshape(whole, length).argmax(axis=1)
    if whole < len(starts):
        within = np.append(within, apart[whole * length :].argmax())
    found: Index = starts + within
    off: Index = found[apart[found] > 0]
    return off


def _union(*several: Any) -> Index:
    """Positions in order, each once."""
    whole = np.sort(np.concatenate([np.asarray(each, np.int64) for each in several]))
    return whole[np.concatenate([[True], whole[1:] != whole[:-1]])] if len(whole) else whole


def _minmax(x: NDArray[Any], y: Floats, points: int) -> Index:
    """Least and greatest value of each bin, with numpy alone."""
    place = _places(x.astype(np.float64), max(1, points // 2))
    order = np.lexsort((y, place))
    ordered = place[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    last = np.append(first[1:], len(ordered)) - 1
    return _union(order[first], order[last])


def _places(x: NDArray[np.float64], count: int) -> Index:
    """The bin of every x, of so many of equal width."""
    width = x[-1] - x[0]
    if width <= 0:
        return np.zeros(len(x), np.int64)
    places: Index = np.minimum(((x - x[0]) / width * count).astype(np.int64), count - 1)
    return places


def _bins_of(x: NDArray[Any]) -> NDArray[Any]:
    """The x that tsdownsample takes: whole numbers or doubles; positions if it does not move at all."""
    if len(x) and x[0] == x[-1]:
        return np.arange(len(x))
    return np.ascontiguousarray(x, np.int64 if x.dtype.kind == "i" else np.float64)


def _runs(flags: NDArray[np.bool_], most: int) -> Index:
    """First and last position of every run of flags; if these are too many, evenly chosen ones of them."""
    padded = np.concatenate([[False], flags, [False]])
    borders = np.flatnonzero(padded[1:] != padded[:-1])
    ends = _union(borders[::2], borders[1::2] - 1)
    if len(ends) <= most:
        return ends
    return ends[np.linspace(0, len(ends) - 1, most).astype(np.int64)]
