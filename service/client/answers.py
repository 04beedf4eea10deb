"""Answers with numbers in them, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Trace:
    """One curve: a life's series, or a statistic over lives with its band."""

    series: str
    unit: str
    arm: int
    labels: dict[str, str]
    seed: int | None
    stat: str | None
    x: np.ndarray[Any, np.dtype[np.float64]]
    y: np.ndarray[Any, np.dtype[np.float64]]
    band: dict[str, Any] | None = None
    n: list[int] | None = None


@dataclass(frozen=True)
class History:
    """The answer to a history query; `thinning` says what was left out, if anything."""

    traces: list[Trace]
    thinning: dict[str, Any]
    stages: list[dict[str, Any]]
    complete: bool
    next_after: str | None
    answer: dict[str, Any] = field(repr=False)

    def to_pandas(self) -> Any:
        """A long data frame: series, arm, seed, stat, x, y; needs pandas, which is not installed with the client."""
        import pandas as pd  # type: ignore[import-untyped] # noqa: PLC0415 - wanted by few, heavy for all

        frames = [
            pd.DataFrame({"series": t.series, "arm": t.arm, "seed": t.seed, "stat": t.stat, "x": t.x, "y": t.y})
            for t in self.traces
        ]
        return pd.concat(frames, ignore_index=True)


def trace_of(trace: Mapping[str, Any]) -> Trace:
    """JSON columns as arrays; positions that were not finite are put back."""
    y = np.array([np.nan if value is None else value for value in trace["y"]], dtype=np.float64)
    for index, what in trace.get("nonfinite", []):
        y[index] = float(what)
    return Trace(
        trace["series"],
        trace["unit"],
        trace["arm"],
        trace["labels"],
        trace["seed"],
        trace.get("stat"),
        np.array(trace["x"], dtype=np.float64),
        y,
        trace.get("band"),
        trace.get("n"),
    )
