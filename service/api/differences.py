"""What one arm differs from another by: lives paired by seed, summed up over pairs, thinned, declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.api.answers import OPTIONS
from service.store import thin
from service.store.over_lives import Summed, stacked, summed
from service.wire.history import HistoryQuery

Data = dict[str, Any]
Curve = tuple[NDArray[Any], NDArray[np.float64]]


def difference_of(treat: Mapping[str, Any], control: Mapping[str, Any], asked: HistoryQuery) -> Data:
    """Treat minus control, in the form of a history answer with `over=seed`.

    Both are answers with every value of every life. A pair counts at an x at which both lives have a value.
    """
    traces = list(_traces(treat, control, asked))
    exact = all(kept.exact for _, kept in traces)
    thinning = {
        "method": next((kept.method for _, kept in traces if not kept.exact), "none"),
        "values_in": treat["thinning"]["values_in"] + control["thinning"]["values_in"],
        "points_out": sum(len(trace["x"]) for trace, _ in traces),
        "exact": exact,
        "extremes": next((kept.extremes for _, kept in traces if not kept.exact), "exact"),
        "band": "exact" if exact else "bucket envelope",
    }
    query = asked.model_copy(update={"over": "seed"}).normalised()
    answer: Data = orjson.loads(
        orjson.dumps({"query": query, "traces": [trace for trace, _ in traces], "thinning": thinning}, option=OPTIONS)
    )
    return answer


def _traces(
    treat: Mapping[str, Any], control: Mapping[str, Any], asked: HistoryQuery
) -> Iterator[tuple[Data, thin.Kept]]:
    ours, theirs = _by_series(treat), _by_series(control)
    for (series, unit), lives in ours.items():
        others = theirs.get((series, unit), {})
        pairs = [_paired(lives[seed], others[seed], asked) for seed in lives if seed in others]
        if pairs:
            whole = stacked(pairs, asked.align)
            (mean,) = summed(whole, ["mean"], asked.band, asked.level, asked.digest())
            yield _thinned(series, unit, whole.x, mean, asked)


def _by_series(answer: Mapping[str, Any]) -> dict[tuple[str, str], dict[int, Curve]]:
    found: dict[tuple[str, str], dict[int, Curve]] = {}
    for trace in answer["traces"]:
        y = np.array([np.nan if value is None else value for value in trace["y"]], np.float64)
        found.setdefault((trace["series"], trace["unit"]), {})[trace["seed"]] = (np.array(trace["x"]), y)
    return found


def _paired(life: Curve, other: Curve, asked: HistoryQuery) -> Curve:
    both = stacked([life, other], asked.align)
    return both.x, both.y[:, 0] - both.y[:, 1]


def _thinned(series: str, unit: str, x: NDArray[Any], mean: Summed, asked: HistoryQuery) -> tuple[Data, thin.Kept]:
    there = mean.n > 0
    x, y, n = x[there], mean.y[there], mean.n[there]
    points = len(y) if asked.points == "all" else int(asked.points)
    kept = thin.keep(x, y, points, asked.method)
    index = np.arange(len(y)) if kept.exact else kept.index
    band: Data = mean.band or {}
    bounds = {name: band[name][there] for name in ("lo", "hi")}
    if not kept.exact:
        bounds = {name: thin.envelope(bound, index, lowest=name == "lo") for name, bound in bounds.items()}
    return {
        "series": series,
        "unit": unit,
        "arm": 0,
        "labels": {},
        "seed": None,
        "stat": "mean",
        "x": x[index],
        "y": y[index],
        "n": n[index],
        "band": {**band, **bounds},
    }, kept
