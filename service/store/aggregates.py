"""What is known of a series without reading it: twelve numbers per life, which can be joined in any order.

Rows of the matrix: n (valid values), nonfinite (NaN and infinite ones among them), minimum, maximum, sum and sum of
squares of the finite ones, first and last valid value, and their offsets; offsets of minimum and maximum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.store.columns import Columns

NAMES = (
    *("n", "nonfinite", "min", "max", "sum", "sumsq", "first", "last", "first_offset", "last_offset"),
    *("min_offset", "max_offset"),
)
_N, _NONFINITE, _MIN, _MAX, _SUM, _SUMSQ, _FIRST, _LAST, _FIRST_AT, _LAST_AT, _MIN_AT, _MAX_AT = range(len(NAMES))

Aggregate = NDArray[np.float64]
"""Shape (12, N)."""


def aggregate(columns: Columns) -> Aggregate:
    """The numbers of each life; a life without a finite value has min inf and max -inf, one without any first NaN."""
    values, valid = columns.values.astype(np.float64), columns.valid
    finite = valid & np.isfinite(values)
    plain = finite.all()
    whole = _nothing(len(values))
    whole[_N] = valid.sum(axis=1)
    whole[_NONFINITE] = whole[_N] - finite.sum(axis=1)
    seen = np.flatnonzero(finite.any(axis=1))
    sides = ((_MIN, _MIN_AT, np.argmin, np.inf), (_MAX, _MAX_AT, np.argmax, -np.inf))
    for value, at, outermost, otherwise in sides if len(seen) else ():
        place = outermost(values if plain else np.where(finite[seen], values[seen], otherwise), axis=1)
        whole[value, seen], whole[at, seen] = values[seen, place], columns.offsets[place]
    summed = values if plain else np.where(finite, values, 0.0)
    whole[_SUM] = summed.sum(axis=1)
    whole[_SUMSQ] = np.einsum("nr,nr->n", summed, summed)
    some = np.flatnonzero(whole[_N])
    if len(some):
        first = valid[some].argmax(axis=1)
        last = valid.shape[1] - 1 - valid[some, ::-1].argmax(axis=1)
        whole[_FIRST, some], whole[_FIRST_AT, some] = values[some, first], columns.offsets[first]
        whole[_LAST, some], whole[_LAST_AT, some] = values[some, last], columns.offsets[last]
    return whole


def join(left: Aggregate, right: Aggregate) -> Aggregate:
    """The numbers of the rows of both, which must be different rows."""
    whole = left.copy()
    for added in (_N, _NONFINITE, _SUM, _SUMSQ):
        whole[added] += right[added]
    for value, at, further in ((_MIN, _MIN_AT, np.less), (_MAX, _MAX_AT, np.greater)):
        same = (left[value] == right[value]) & (left[at] <= right[at])
        from_left = further(left[value], right[value]) | same
        whole[value] = np.where(from_left, left[value], right[value])
        whole[at] = np.where(from_left, left[at], right[at])
    earlier = left[_FIRST_AT] <= right[_FIRST_AT]
    later = left[_LAST_AT] > right[_LAST_AT]
    for value, at, from_left in ((_FIRST, _FIRST_AT, earlier), (_LAST, _LAST_AT, later)):
        whole[value] = np.where(from_left, left[value], right[value])
        whole[at] = np.where(from_left, left[at], right[at])
    return whole


def dump(numbers: Aggregate) -> bytes:
    """As the tables keep it."""
    return np.ascontiguousarray(numbers, "<f8").tobytes()


def load(data: bytes) -> Aggregate:
    """What `dump` was given."""
    return np.frombuffer(data, "<f8").reshape(len(NAMES), -1)


def by_name(numbers: Aggregate) -> dict[str, NDArray[np.float64]]:
    """Each row under its name."""
    return dict(zip(NAMES, numbers, strict=True))


def extremes(numbers: Aggregate) -> dict[str, float | None]:
    """Least and greatest finite value over lives; None if there is none."""
    least, greatest = float(numbers[_MIN].min(initial=np.inf)), float(numbers[_MAX].max(initial=-np.inf))
    return {"vmin": None, "vmax": None} if least > greatest else {"vmin": least, "vmax": greatest}


def counts(numbers: Aggregate) -> dict[str, Any]:
    """Values and non-finite values over lives."""
    return {"n": int(numbers[_N].sum()), "nonfinite": int(numbers[_NONFINITE].sum())}


def _nothing(lives: int) -> Aggregate:
    whole = np.zeros((len(NAMES), lives))
    whole[_MIN], whole[_MAX] = np.inf, -np.inf
    whole[_FIRST], whole[_LAST] = np.nan, np.nan
    whole[_FIRST_AT], whole[_LAST_AT] = np.inf, -np.inf
    whole[_MIN_AT], whole[_MAX_AT] = np.inf, np.inf
    return whole
