"""The answer to a question for histories: curves along arms' paths, put together over lives, thinned, declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.store import thin
from service.store.bundles import Bundle, bundled
from service.store.columns import Columns as Stored
from service.store.over_lives import Stack, Summed, smoothed, stacked, summed
from service.store.path import ArmPath, ArmSeries, Curve, Part, committed, read_arms
from service.store.recall import Wanted, clocks, named_or_matched
from service.store.series_rows import Executor
from service.wire.history import HistoryQuery, read_after, write_after

MAX_TRACES = 2000
Limits = tuple[float | None, float | None]
Columns = dict[str, Any]


class TooMany(Exception):
    """The question asks for more than one answer may hold; says what was asked and what to ask instead."""


@dataclass(frozen=True)
class Trace:
    """One curve as it is answered; `columns` are arrays of one length, `about` the rest of its members."""

    series: str
    unit: str
    arm: int | None
    """None: of several arms, which `about` names."""
    labels: Mapping[str, str]
    seed: int | None
    stat: str | None
    x: NDArray[Any]
    y: NDArray[Any]
    columns: Columns = field(default_factory=dict)
    """raw, low, high, n: those that there are."""
    about: dict[str, Any] = field(default_factory=dict)
    """band's kind, level and few; excluded; lives, their number and fate; arms, where it is of several."""
    parts: tuple[Part, ...] = ()
    """Where the rows are stored, if they are all there and of one life."""


@dataclass(frozen=True)
class Answer:
    """Everything that is said, in columns."""

    query: HistoryQuery
    traces: list[Trace]
    thinning: dict[str, Any]
    stages: list[dict[str, Any]]
    complete: bool
    upto_sp: list[int]
    next_after: str
    arms: Sequence[ArmPath]
    walls: Mapping[str, Stored]
    """Clocks by trajectory, where they were asked for."""


def answer(  # noqa: PLR0913 - a question has these parts
    db: Executor,
    arms: Sequence[ArmPath],
    query: HistoryQuery,
    *,
    complete: bool,
    limits: Limits = (None, None),
    wanted: Wanted | None = None,
    timed: bool = False,
) -> Answer:
    """Answer a question about arms; `limits` are its `from` and `to` in the unit of x (`query.window`).

    The arms must be those that `query.arm` and `query.axis` choose (`chosen_arms`). `wanted` narrows the series, and
    then any number of traces may come; else TooMany above 2000. CursorMismatch if `after` is of another question.
    `timed`: with the clocks of all trajectories.
    """
    some = named_or_matched(query.series) if wanted is None else wanted
    lives = frozenset(query.seed)
    found = read_arms(db, arms, some, query.x, stage=query.stage, after=read_after(query), seeds=lives)
    bundles = list(bundled([_of_lives(each, query) for each in found], arms, query))
    count = sum(len(query.stat) if query.over else len(each.curves) for each in bundles)
    if wanted is None and count > MAX_TRACES:
        raise TooMany(f"{count} traces; at most {MAX_TRACES}: name fewer series, arms or seeds, or ask over=seed")
    whole = [trace for each in bundles for trace in _traces(each, query, limits)]
    done = [_thinned(trace, query) for trace in whole]
    return Answer(
        query,
        [trace for trace, _ in done],
        _declared(whole, done, query),
        [stage for arm in arms for stage in _stages(arm)],
        complete,
        [_upto_sp(arm) for arm in arms],
        write_after(query, committed(arms)),
        arms,
        clocks(db, list(committed(arms))) if timed else {},
    )


def chosen_arms(arms: Sequence[ArmPath], query: HistoryQuery) -> list[ArmPath]:
    """The arms with the wanted indices and labels."""
    return [
        arm
        for arm in arms
        if (not query.arm or arm.arm in query.arm)
        and all(arm.labels.get(name) == label for name, label in query.axis.items())
    ]


def _of_lives(found: ArmSeries, query: HistoryQuery) -> ArmSeries:
    def stays(seed: int) -> bool:
        lost = seed in found.path.diverged
        return query.diverged == "keep" or (query.diverged == "drop") != lost

    curves = [curve for curve in found.curves if stays(curve.seed)]
    return ArmSeries(found.path, found.name, found.unit, curves)


def _traces(found: Bundle, query: HistoryQuery, limits: Limits) -> Iterator[Trace]:
    """Unthinned traces of one series."""
    smooth = [smoothed(curve.x, curve.y, query.half_life) for curve in found.curves]
    if query.over is None:
        for curve, y in zip(found.curves, smooth, strict=True):
            yield _of_one(found, curve, y, query, limits)
    else:
        yield from _over_lives(found, smooth, query, limits)


def _over_lives(found: Bundle, smooth: Sequence[NDArray[Any]], query: HistoryQuery, limits: Limits) -> Iterator[Trace]:
    seeds = None if query.by == "arm" else [curve.seed for curve in found.curves]

    def stack(ys: Sequence[NDArray[Any]]) -> Stack:
        whole = stacked([(curve.x, y) for curve, y in zip(found.curves, ys, strict=True)], query.align)
        return whole if seeds is None else whole.by_seed(seeds)

    together = stack(smooth)
    raw: list[Summed] = []
    if query.half_life is not None:
        raw = summed(stack([curve.y for curve in found.curves]), query.stat, query.band, query.level, query.digest())
    inside = _inside(together.x, limits)
    for index, each in enumerate(summed(together, query.stat, query.band, query.level, query.digest())):
        columns: Columns = {"n": each.n[inside]}
        if raw:
            columns["raw"] = raw[index].y[inside]
        about: dict[str, Any] = {"lives": found.lives(query)}
        if found.arm is None:
            about["arms"] = [arm.arm for arm in found.arms]
        if together.excluded:
            about["excluded"] = together.excluded
        if each.band:
            columns |= {"lo": each.band["lo"][inside], "hi": each.band["hi"][inside]}
            about["band"] = {name: value for name, value in each.band.items() if name not in ("lo", "hi")}
        x, y = together.x[inside], each.y[inside]
        yield Trace(found.name, found.unit, found.arm, found.labels, None, each.stat, x, y, columns, about)


def _of_one(found: Bundle, curve: Curve, y: NDArray[Any], query: HistoryQuery, limits: Limits) -> Trace:
    inside = _inside(curve.x, limits)
    whole = inside == slice(0, len(curve.x))
    columns: Columns = {} if query.half_life is None else {"raw": curve.y[inside]}
    (arm,) = found.arms
    fates = {"diverged": arm.diverged, "censored": arm.censored}
    ended = [fate for fate, seeds in fates.items() if curve.seed in seeds]
    return Trace(
        found.name,
        found.unit,
        found.arm,
        found.labels,
        curve.seed,
        None,
        curve.x[inside],
        y[inside],
        columns,
        {"ended": ended[0]} if ended else {},
        parts=curve.parts if whole else _cut(curve.parts, inside),
    )


def _inside(x: NDArray[Any], limits: Limits) -> slice:
    low, high = limits
    first = 0 if low is None else int(np.searchsorted(x, low, side="left"))
    end = len(x) if high is None else int(np.searchsorted(x, high, side="right"))
    return slice(first, max(first, end))


def _cut(parts: Sequence[Part], inside: slice) -> tuple[Part, ...]:
    kept, start = [], 0
    for part in parts:
        rows = slice(max(0, inside.start - start), max(0, inside.stop - start))
        kept.append(Part(part.piece, part.life, part.offsets[rows], part.y[rows]))
        start += len(part.offsets)
    return tuple(kept)


def _thinned(trace: Trace, query: HistoryQuery) -> tuple[Trace, thin.Kept]:
    """The trace with the points that are shown; its columns at the same points, bands as envelopes."""
    points = len(trace.y) if query.points == "all" else int(query.points)
    if query.method == "mean" and len(trace.y) > points and query.points != "all":
        return _binned(trace, points)
    kept = thin.keep(trace.x, trace.y, points, query.method)
    if kept.exact:
        return trace, kept
    index = kept.index
    columns = {
        name: thin.envelope(values, index, lowest=name == "lo") if name in ("lo", "hi") else values[index]
        for name, values in trace.columns.items()
    }
    return replace(trace, x=trace.x[index], y=trace.y[index], columns=columns, parts=()), kept


def _binned(trace: Trace, points: int) -> tuple[Trace, thin.Kept]:
    bins = thin.bins(trace.x, trace.y, points)
    bad = np.flatnonzero(~np.isfinite(trace.y))
    columns: Columns = {"min": bins.low, "max": bins.high, "count": bins.count}
    about = dict(trace.about)
    if len(bad):
        about["nonfinite_total"] = len(bad)
    ends = np.append(bins.first[1:], len(trace.y))
    for name, values in trace.columns.items():
        pick = {"lo": np.fmin, "hi": np.fmax, "n": np.minimum}.get(name)
        if pick is None or not len(bins.first):
            columns[name] = np.array([np.nanmean(values[a:b]) for a, b in zip(bins.first, ends, strict=True)])
        else:
            columns[name] = pick.reduceat(values, bins.first)
    kept = thin.Kept(bins.first, "mean", exact=False, extremes="approximate")
    return replace(trace, x=bins.x, y=bins.mean, columns=columns, about=about, parts=()), kept


def _declared(whole: Sequence[Trace], done: Sequence[tuple[Trace, thin.Kept]], query: HistoryQuery) -> dict[str, Any]:
    """What was done to the values, of all traces together."""
    thinned = [kept for _, kept in done if not kept.exact]
    banded = any("lo" in trace.columns for trace, kept in done if not kept.exact)
    return {
        "method": thinned[0].method if thinned else "none",
        "values_in": sum(len(trace.y) for trace in whole),
        "points_out": sum(len(trace.y) for trace, _ in done),
        "exact": not thinned,
        "extremes": thinned[0].extremes if thinned else "exact",
        "band": "bucket envelope" if banded else ("exact" if query.over else None),
    }


def declared_together(found: Sequence[Answer]) -> dict[str, Any]:
    """What was done to the values of several answers to one question."""
    if len(found) == 1:
        return found[0].thinning
    each = [answer.thinning for answer in found]
    thinned = next((one for one in each if not one["exact"]), each[0])
    sums = {name: sum(one[name] for one in each) for name in ("values_in", "points_out")}
    return {**thinned, **sums}


def _upto_sp(arm: ArmPath) -> int:
    """The greatest age that is committed."""
    ages = [
        origin + min(end, piece.reached) * piece.batch
        for piece in arm.pieces
        for origin, end in zip(piece.age_origin, piece.ends, strict=True)
    ]
    return max(ages, default=0)


def _stages(arm: ArmPath) -> list[dict[str, Any]]:
    """When each stage began and ended; over all lives if they differ, with each life's own times."""
    lived: dict[str, dict[int, list[int]]] = {}
    decided: dict[str, bool] = {}
    for piece in arm.pieces:
        for span in piece.spans:
            decided[span.stage] = decided.get(span.stage, True) and piece.decided
            lives = lived.setdefault(span.stage, {})
            for seed, end, origin in zip(piece.seeds, piece.ends, piece.age_origin, strict=True):
                if end < span.start:
                    continue
                start = origin + span.start * piece.batch
                lives.setdefault(seed, [start, start])[1] = origin + min(span.end, end) * piece.batch
    found = []
    for name, lives in lived.items():
        times = list(lives.values())
        if not times:
            continue
        stage = {
            "arm": arm.arm,
            "name": name,
            "start_sp": min(start for start, _ in times),
            "end_sp": max(end for _, end in times),
            "end_is": "bound" if not decided[name] else "exact",
        }
        if any(each != times[0] for each in times):
            stage["lives"] = [{"seed": seed, "start_sp": a, "end_sp": b} for seed, (a, b) in sorted(lives.items())]
        found.append(stage)
    return found
