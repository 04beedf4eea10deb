"""What a plan will take: bytes from the document, seconds from what trajectories of equal workload took before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import sqlalchemy as sa

from models.specs.estimates import VALUE_BYTES, history_values, snapshot_bytes, workload
from models.specs.plan import StepPlan
from models.specs.regime import Measured
from service.store.pace import Pace, measured

Data = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """One trajectory of a plan: who lives in it, what is left of it, and on which paths it lies."""

    step: StepPlan
    """The furthest of those that ask it for something."""
    probes: Mapping[str, Measured]
    lives: int
    stops: int
    """Ends that steps ask it for; each leaves a snapshot."""
    updates_left: int

    @property
    def share_left(self) -> float:
        """Share of its updates that is not trained yet."""
        return self.updates_left / self.step.demand.offset


@dataclass(frozen=True)
class Speed:
    """Seconds of one update, and of what it was measured."""

    seconds: float
    bytes_per_life: float | None
    trajectories: int


class Measurements:
    """What was measured in a project and numerics class, by workload."""

    def __init__(self, paces: Iterable[Pace]) -> None:
        self._by_workload: dict[str, list[Pace]] = {}
        for pace in paces:
            self._by_workload.setdefault(workload(pace.regime), []).append(pace)

    def of(self, step: StepPlan, lives: int) -> Speed | None:
        """The pace of trajectories whose cohort is most alike in size; None if nothing comparable was trained."""
        alike = self._by_workload.get(workload(step.regime.model_dump(mode="json")), [])
        if not alike:
            return None
        nearest = min({pace.lives for pace in alike}, key=lambda size: (abs(log(size / lives)), size))
        chosen = [pace for pace in alike if pace.lives == nearest]
        seconds = sum(pace.seconds for pace in chosen) / sum(pace.updates for pace in chosen)
        kept = [pace.snapshot_bytes / pace.lives for pace in alike if pace.snapshot_bytes is not None]
        return Speed(seconds * max(1.0, lives / nearest), sum(kept) / len(kept) if kept else None, len(chosen))


def estimates(
    db: sa.Connection, project: str, numerics: str, pieces: Mapping[str, Piece], paths: Iterable[Sequence[str]]
) -> Data:
    """Bytes and seconds that are still to come; seconds are null unless all of it can be compared.

    `seconds_estimate` is the training time of one worker, `seconds_longest_path` that of as many as one likes.
    """
    known = Measurements(measured(db, project, numerics))
    speeds = {key: known.of(piece.step, piece.lives) for key, piece in pieces.items()}
    seconds = {
        key: None if piece.updates_left and speed is None else piece.updates_left * (speed.seconds if speed else 0.0)
        for (key, piece), speed in zip(pieces.items(), speeds.values(), strict=True)
    }
    told = None not in seconds.values()
    longest = max((sum(seconds[key] or 0.0 for key in path) for path in paths), default=0.0)
    used = [speed.trajectories for key, speed in speeds.items() if speed and pieces[key].updates_left]
    return {
        "history_bytes": sum(_history(piece) for piece in pieces.values()),
        "snapshot_bytes": sum(_snapshots(piece, speeds[key]) for key, piece in pieces.items()),
        "seconds_estimate": round(sum(each or 0.0 for each in seconds.values()), 1) if told else None,
        "seconds_longest_path": round(longest, 1) if told else None,
        "measured_on": max(used, default=0),
    }


def _history(piece: Piece) -> int:
    return round(piece.lives * history_values(piece.step, piece.probes) * VALUE_BYTES * piece.share_left)


def _snapshots(piece: Piece, speed: Speed | None) -> int:
    if not piece.updates_left:
        return 0
    own = speed.bytes_per_life if speed and speed.bytes_per_life else snapshot_bytes(piece.step.regime)
    return round(own * piece.lives * piece.stops)
