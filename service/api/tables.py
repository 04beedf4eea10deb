"""Answers as long tables, one row per value: what CSV, Arrow and Parquet say.

Stored values as they are come with all that places them (job, trajectory, stage, age, update, training seconds);
thinned, smoothed or summed up ones as points of curves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.store.path import ArmPath, Part, Ruler
from service.store.traces import Answer, Trace
from service.wire.history import HistoryQuery

EXPORT = ("job", "arm", "seed", "trajectory", "series", "stage", "age_sp", "update", "wall_s", "value")
CURVES = ("job", "series", "unit", "arm", "labels", "seed", "stat", "x", "value")
"""Followed by the further columns of the traces."""
TEXTS = frozenset({"job", "trajectory", "series", "stage", "unit", "labels", "stat"})
WHOLE = frozenset({"arm", "seed", "age_sp", "update", "n", "count"})


@dataclass(frozen=True)
class Named:
    """A column of few texts: row by row the place of its text among the names."""

    names: Sequence[str]
    places: NDArray[np.int32]


Cell = str | int | None | Named | NDArray[Any]
Piece = dict[str, Cell]
"""Columns of some rows; a single value stands for all rows."""


def columns_of(query: HistoryQuery, answers: Sequence[Answer]) -> tuple[str, ...]:
    """The names of all columns."""
    if query.is_export:
        return EXPORT
    further = {name: None for answer in answers for trace in answer.traces for name in trace.columns}
    return (*CURVES, *further)


def pieces(answer: Answer, job: str, names: Sequence[str]) -> Iterator[tuple[int, Piece]]:
    """The rows of the table in pieces that each belong to one curve, with their number."""
    for trace in answer.traces:
        if answer.query.is_export:
            yield from _stored(answer, trace, job)
            continue
        labels = orjson.dumps(dict(trace.labels), option=orjson.OPT_SORT_KEYS).decode()
        about: Piece = {"job": job, "series": trace.series, "unit": trace.unit, "arm": trace.arm, "labels": labels}
        points: Piece = {"seed": trace.seed, "stat": trace.stat, "x": trace.x, "value": trace.y}
        further = {name: trace.columns.get(name) for name in names if name not in CURVES}
        yield len(trace.y), about | points | further


def _stored(answer: Answer, trace: Trace, job: str) -> Iterator[tuple[int, Piece]]:
    arm = next(arm for arm in answer.arms if arm.arm == trace.arm)
    age, wall = (Ruler(arm, axis, None, answer.walls) for axis in ("age", "wall"))
    for part in trace.parts:
        piece = arm.pieces[part.piece]
        ages = age.measure(part.piece, age.origin(part.piece, part.life), part.offsets)
        yield (
            len(part.y),
            {
                "job": job,
                "arm": trace.arm,
                "seed": trace.seed,
                "trajectory": piece.trajectory,
                "series": trace.series,
                "stage": _stages(answer.query, arm, part),
                "age_sp": ages,
                "update": ages // piece.batch,
                "wall_s": wall.measure(part.piece, wall.origin(part.piece, part.life), part.offsets),
                "value": part.y,
            },
        )


def _stages(query: HistoryQuery, arm: ArmPath, part: Part) -> Cell:
    """The stage in which each row ended; the one that was asked for, if one was."""
    spans = arm.pieces[part.piece].spans
    if query.stage is not None or len(spans) == 1:
        return query.stage or spans[0].stage
    ends = np.array([span.end for span in spans])
    which = np.minimum(np.searchsorted(ends, part.offsets, side="left"), len(spans) - 1)
    return Named([span.stage for span in spans], which.astype(np.int32))
