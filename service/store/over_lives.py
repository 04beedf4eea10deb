"""Curves of several lives put on one axis, smoothed if asked, and summed up row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Align = Literal["exact", "hold", "linear"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stack:
    """Lives on one axis. Shapes: x (R,), y (R, N); NaN where a life has no row. `excluded`: values not finite."""

    x: NDArray[Any]
    y: Floats
    excluded: int

    def by_seed(self, seeds: Sequence[int]) -> Stack:
        """Lives of one seed averaged, as one: they share their birth and often their past, so only seeds are apart."""
        distinct = sorted(set(seeds))
        if len(distinct) == len(seeds):
            return self
        columns = [self.y[:, [place for place, each in enumerate(seeds) if each == seed]] for seed in distinct]
        present = [np.isfinite(column) for column in columns]
        means = [
            np.where(
                there.any(axis=1), np.where(there, column, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1), np.nan
            )
            for column, there in zip(columns, present, strict=True)
        ]
        return Stack(self.x, np.stack(means, axis=1), self.excluded)


@dataclass(frozen=True)
class Summed:
    """One statistic of a stack with its band, if it has one. Shapes: all (R,)."""

    stat: str
    y: Floats
    n: NDArray[np.int64]
    band: dict[str, Any] | None
    """kind, level, lo, hi; `few` under five lives."""


def stacked(curves: Sequence[tuple[NDArray[Any], NDArray[Any]]], align: Align) -> Stack:
    """Curves (x, y) on the union of their axes.

    exact: a life counts where it has a row. hold: between its rows it keeps its last value. linear: between its rows it
    is interpolated. Beyond its own first and last row a life never counts: it had not begun, or had ended. Rows at the
    same x, the end of one regime and the beginning of the next, are kept apart.
    """
    excluded = sum(int((~np.isfinite(y)).sum()) for _, y in curves)
    first = curves[0][0]
    if all(x is first or np.array_equal(x, first) for x, _ in curves):
        return Stack(first, _side_by_side([y for _, y in curves]), excluded)
    keys = [x for x, _ in curves]
    twice = any(bool(np.any(x[1:] == x[:-1])) for x in keys)
    if twice:
        keys = [_keyed(x) for x in keys]
    union = np.unique(np.concatenate(keys))
    at = np.ascontiguousarray(union["x"]) if twice else union
    columns = [_onto(union, at, key, curve, align) for key, curve in zip(keys, curves, strict=True)]
    return Stack(at, _side_by_side(columns), excluded)


def _side_by_side(curves: Sequence[NDArray[Any]]) -> Floats:
    """Curves (R,) as the columns of a table (R, N), each kept in one piece: that is how they are summed up fastest."""
    whole = np.empty((len(curves), len(curves[0])))
    for row, curve in zip(whole, curves, strict=True):
        row[:] = curve
    return whole.T


def smoothed(x: NDArray[Any], y: NDArray[Any], half_life: float | None) -> NDArray[Any]:
    """Exponentially weighted mean: s_i = a s_{i-1} + (1 - a) y_i with a = 2^(-(x_i - x_{i-1}) / half_life).

    A value that is not finite has no weight and stays as it is.
    """
    if half_life is None or not len(y):
        return y
    keeps = np.exp2(-np.diff(x, prepend=x[0]) / half_life) if half_life else np.zeros(len(y))
    whole = np.array(y, np.float64)
    last, kept = np.nan, 1.0
    for i, (value, share) in enumerate(zip(whole.tolist(), keeps.tolist(), strict=True)):
        kept *= share
        if np.isfinite(value):
            last = value if np.isnan(last) else kept * last + (1.0 - kept) * value
            whole[i], kept = last, 1.0
    return whole


def summed(stack: Stack, stats: Sequence[str], kind: str, level: float, digest: str) -> list[Summed]:
    """The wanted statistics; mean and median with a band where the kind says something about them."""
    from models.analysis import bands  # noqa: PLC0415 - scipy's statistics take half a second to load

    table = bands.Table.of(stack.y)
    found = []
    for stat in stats:
        bounds = None
        if stat == "mean" or (stat == "median" and kind in ("bootstrap", "quantile")):
            band = bands.band(table, kind, level, digest, "median" if stat == "median" else "mean")  # type: ignore[arg-type]
            bounds = {"kind": kind, "level": level, "lo": band.low, "hi": band.high}
            if band.few:
                bounds["few"] = True
        found.append(Summed(stat, bands.summary(table, stat), table.n, bounds))
    return found


def _keyed(x: NDArray[Any]) -> NDArray[Any]:
    """Rows with the number of their occurrence at that x; sorts as x does."""
    fresh = np.concatenate([[True], x[1:] != x[:-1]]) if len(x) else np.zeros(0, np.bool_)
    starts = np.flatnonzero(fresh)
    keys = np.zeros(len(x), np.dtype([("x", x.dtype), ("nth", np.int64)]))
    keys["x"] = x
    keys["nth"] = np.arange(len(x)) - np.repeat(starts, np.diff(np.append(starts, len(x))))
    return keys


def _onto(
    union: NDArray[Any], at: NDArray[Any], keys: NDArray[Any], curve: tuple[NDArray[Any], NDArray[Any]], align: Align
) -> Floats:
    x, y = curve
    column = np.full(len(union), np.nan)
    if not len(y):
        return column
    known = np.searchsorted(union, keys)
    column[known] = y
    if align == "exact":
        return column
    missing = (at >= x[0]) & (at <= x[-1])
    missing[known] = False
    if align == "hold":
        column[missing] = y[np.searchsorted(x, at[missing], side="right") - 1]
    else:
        column[missing] = np.interp(at[missing], x, y)
    return column
