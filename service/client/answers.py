"""Answers with numbers in them, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Trace:
    """One curve: a life's series, or a statistic over lives with its band."""

    series: str
    unit: str
    arm: int | None
    """None: of several arms with the same label."""
    labels: dict[str, str]
    seed: int | None
    stat: str | None
    x: np.ndarray[Any, np.dtype[np.float64]]
    y: np.ndarray[Any, np.dtype[np.float64]]
    band: dict[str, Any] | None = None
    n: list[int] | None = None
    job: str | None = None
    """Where several were asked."""
    lives: dict[str, int] | None = None
    """How many lives are put together, and how many of them diverged or were censored."""
    ended: str | None = None
    """`diverged` or `censored`, of one life."""


class Thinning(dict[str, Any]):
    """What was done to the values of an answer; its members are attributes, too: `history.thinning.exact`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"an answer says nothing of {name!r}; it says {', '.join(self)}") from None


@dataclass(frozen=True)
class Event:
    """Something that happened to a job, or that the stream tells of it.

    What is stored has a `seq`; `job`, `progress`, `history`, `reset` and `end` are told in passing.
    """

    type: str
    seq: int | None
    at: str | None
    level: str | None
    message: str | None
    arm: int | None
    seed: int | None
    stage: str | None
    age_sp: int | None
    trajectory: str | None
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class History:
    """The answer to a history query; `thinning` says what was left out, if anything.

    `next_after` is the token that continues it, by job where several were asked.
    """

    traces: list[Trace]
    thinning: Thinning
    stages: list[dict[str, Any]]
    complete: bool
    next_after: str | dict[str, str] | None
    answer: dict[str, Any] = field(repr=False)

    def to_pandas(self) -> Any:
        """A long data frame: series, arm, labels, seed, stat, x, y, and n, lo, hi of bands, job of several.

        Needs pandas, which is not installed with the client.
        """
        import pandas as pd  # type: ignore[import-untyped] # noqa: PLC0415 - wanted by few, heavy for all

        frames = [
            pd.DataFrame(
                {"job": t.job, "series": t.series, "arm": t.arm, **t.labels, "seed": t.seed, "stat": t.stat}
                | {"x": t.x, "y": t.y, "n": t.n}
                | {side: (t.band or {}).get(side) for side in ("lo", "hi")}
            )
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
        trace.get("job"),
        trace.get("lives"),
        trace.get("ended"),
    )


def event_of(told: Mapping[str, Any], type_: str | None = None) -> Event:
    """A stored event, or a frame of the stream under its name."""
    names = ("seq", "at", "level", "message", "arm", "seed", "stage", "age_sp", "trajectory")
    stored = "seq" in told
    about = {name: told.get(name) if stored else None for name in names}
    return Event(str(told["type"] if stored else type_), **about, data=dict(told.get("data", {}) if stored else told))


def history_of(answer: dict[str, Any]) -> History:
    """An answer about one job, or about several."""
    jobs = answer.get("jobs")
    return History(
        [trace_of(trace) for trace in answer["traces"]],
        Thinning(answer["thinning"]),
        answer["stages"],
        answer["complete"] if jobs is None else all(each["complete"] for each in jobs),
        answer["next_after"] if jobs is None else {each["job"]: each["next_after"] for each in jobs},
        answer,
    )


def parameters(series: Sequence[str], query: Mapping[str, Any]) -> dict[str, Any]:
    """A history question as parameters of a URL: labels as `axis.NAME`, `from_` as `from`."""
    given = {name.rstrip("_"): value for name, value in query.items() if value is not None and name != "axis"}
    labels = {f"axis.{name}": label for name, label in (query.get("axis") or {}).items()}
    return given | labels | ({"series": list(series)} if series else {})
