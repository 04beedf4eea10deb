"""An outcome along an axis: its slope, where it is furthest from its baseline, and how wide that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.analysis.outcomes import Scale
from models.analysis.statistics import Centre, Floats, Interval, centre_of, percentile_interval, resampled
from models.specs.durations import Duration

PEAK_RESAMPLES = 2000


@dataclass(frozen=True)
class Positions:
    """Where the labels of an axis lie."""

    labels: tuple[str, ...]
    at: Floats
    unit: str
    """`1` for numbers, a unit of durations, or `order` if the labels are mere names."""
    left_out: tuple[str, ...] = ()
    """Names among labels that are otherwise numbers."""


def positions(labels: Sequence[str], scale: Scale | None = None) -> Positions:
    """Labels as numbers, in increasing order: numbers, durations, or their order if fewer than two are either."""
    numbers = {label: number for label in labels if (number := _number(label)) is not None}
    durations = {label: duration for label in labels if (duration := _duration(label)) is not None}
    if len(numbers) >= 2 and len(numbers) >= len(durations):
        return _sorted(labels, numbers, "1")
    if len(durations) >= 2:
        units = {each.unit for each in durations.values() if each.amount}
        if len(units) <= 1:
            amounts = {label: float(each.amount) for label, each in durations.items()}
            return _sorted(labels, amounts, next(iter(units), "sp"))
        if scale is not None:
            return _sorted(labels, {label: float(scale.samples(each)) for label, each in durations.items()}, "sp")
    return Positions(tuple(labels), np.arange(len(labels), dtype=np.float64), "order")


def slopes(values: Floats, at: Floats) -> Floats:
    """Least-squares slope of every row of (seeds, positions)."""
    centred = at - at.mean()
    return np.asarray(values @ centred / (centred @ centred), dtype=np.float64)


def peak_of(curve: Floats, at: Floats, baseline: float | None) -> tuple[float, float, float]:
    """Position, height and width at half height of the greatest departure from the baseline.

    Without a baseline the curve's last value is it. The width is between the points at which the departure, linear
    between positions, falls to half; an end of the axis bounds it where it does not. NaN if nothing departs.
    """
    departure = curve - (curve[-1] if baseline is None else baseline)
    top = int(np.argmax(np.abs(departure)))
    height = float(departure[top])
    if height == 0.0:
        return np.nan, 0.0, np.nan
    share = departure / height
    width = _reach(share[top:], at[top:]) + _reach(share[top::-1], at[top::-1])
    return float(at[top]), height, width


def peak_intervals(
    values: Floats, at: Floats, baseline: float | None, centre: Centre, level: float, digest: str
) -> dict[str, Interval]:
    """Peak, height and width at half height of the centre curve, with percentile bounds over resampled lives."""
    drawn = resampled(
        len(values),
        PEAK_RESAMPLES,
        digest,
        lambda index: np.array([peak_of(_curve(values[row], centre), at, baseline) for row in index]),
    )
    found = peak_of(_curve(values, centre), at, baseline)
    names = ("peak", "height", "width")
    return {
        name: percentile_interval(value, drawn[:, i], level)
        for i, (name, value) in enumerate(zip(names, found, strict=True))
    }


def _curve(values: Floats, centre: Centre) -> Floats:
    return np.asarray(centre_of(values.T, centre), dtype=np.float64)


def _reach(share: Floats, at: Floats) -> float:
    """Distance from the first point to where the share, 1 there, falls to a half."""
    below = np.flatnonzero(share <= 0.5)
    if not below.size:
        return abs(float(at[-1] - at[0]))
    end = int(below[0])
    part = (share[end - 1] - 0.5) / (share[end - 1] - share[end])
    return abs(float(at[end - 1] + part * (at[end] - at[end - 1]) - at[0]))


def _sorted(labels: Sequence[str], read: dict[str, float], unit: str) -> Positions:
    order = sorted(read, key=lambda label: read[label])
    left_out = tuple(label for label in labels if label not in read)
    return Positions(tuple(order), np.array([read[label] for label in order]), unit, left_out)


def _number(label: str) -> float | None:
    try:
        read = float(label)
    except ValueError:
        return None
    return read if np.isfinite(read) else None


def _duration(label: str) -> Duration | None:
    try:
        return Duration.parse(label)
    except ValueError:
        return None
