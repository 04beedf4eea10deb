"""Which series a job has, with last values and extremes; read from aggregates, never from values.

A trajectory that is shared may go on beyond an arm: its numbers are those of all that is recorded of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.specs.series import about
from service.store.aggregates import by_name
from service.store.path import ArmPath, Piece
from service.store.recall import SeriesInfo, list_series
from service.store.series_rows import Executor


@dataclass
class _Found:
    """What was met of one series, by trajectory and by (trajectory, seed), so that shared parts count once."""

    unit: str
    meaning: str
    family: str
    area: str | None
    every: set[int] = field(default_factory=set)
    arms: set[int] = field(default_factory=set)
    infos: dict[str, SeriesInfo] = field(default_factory=dict)
    ages: list[int] = field(default_factory=list)
    last: dict[tuple[int, int], float] = field(default_factory=dict)


def listed(db: Executor, arms: Sequence[ArmPath]) -> list[dict[str, Any]]:
    """One row per series: name, family, area, unit, meaning, cadence, arms, n, nonfinite, ages, min, max, last.

    `last` is the mean over lives of each life's last value; min, max and last are None without a finite value.
    """
    found: dict[str, _Found] = {}
    for arm, piece, info in infos(db, arms):
        for name in arm.names(info.path):
            one = found.setdefault(name, _Found(arm.unit(name), arm.meaning(name), info.family, info.area))
            _add(one, arm, piece, info)
    return [_row(name, one) for name, one in sorted(found.items())]


def infos(db: Executor, arms: Sequence[ArmPath]) -> Iterator[tuple[ArmPath, Piece, SeriesInfo]]:
    """Every stored series of every piece of every arm; of what arms share, once for each."""
    by_trajectory: dict[str, list[SeriesInfo]] = {}
    for info in list_series(db, sorted({piece.trajectory for arm in arms for piece in arm.pieces})):
        by_trajectory.setdefault(info.trajectory, []).append(info)
    for arm in arms:
        for piece in arm.pieces:
            for info in by_trajectory.get(piece.trajectory, ()):
                yield arm, piece, info


def _add(one: _Found, arm: ArmPath, piece: Piece, info: SeriesInfo) -> None:
    one.arms.add(arm.arm)
    one.infos[info.trajectory] = info
    one.ages += [min(piece.age_origin) + info.offset_first * piece.batch]
    one.ages += [max(piece.age_origin) + min(info.offset_last, piece.upto) * piece.batch]
    known = about(info.path)
    if known is not None:
        one.every |= {known.every} if known.every else set()
    elif piece.readings is not None:
        one.every |= {reading.every for reading in piece.readings.get(info.name, ()) if reading.every}
    numbers = by_name(np.broadcast_to(info.numbers, (len(info.numbers), len(piece.seeds))))
    for life, seed in enumerate(piece.seeds):
        if numbers["n"][life]:
            one.last[arm.arm, seed] = float(numbers["last"][life])


def _row(name: str, one: _Found) -> dict[str, Any]:
    numbers = [by_name(info.numbers) for info in one.infos.values()]
    last = [value for value in one.last.values() if np.isfinite(value)]
    low = min(float(each["min"].min()) for each in numbers)
    high = max(float(each["max"].max()) for each in numbers)
    return {
        "name": name,
        "family": one.family,
        "area": one.area,
        "unit": one.unit,
        "meaning": one.meaning,
        "cadence_updates": min(one.every, default=None),
        "arms": sorted(one.arms),
        "n": sum(info.n for info in one.infos.values()),
        "nonfinite": sum(info.nonfinite for info in one.infos.values()),
        "first_age_sp": min(one.ages),
        "last_age_sp": max(one.ages),
        "min": low if np.isfinite(low) else None,
        "max": high if np.isfinite(high) else None,
        "last": float(np.mean(last)) if last else None,
    }
