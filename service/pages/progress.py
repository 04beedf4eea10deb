"""How far the arms of a job are, stage by stage, from the answer of `/arms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class StageShare:
    """A stage of an arm."""

    stage: str
    share: float
    """Of it that is lived, 0 to 1; a stage that a trigger ended is lived whole."""
    done: bool
    bound: bool
    """Whether its length is that of its limit."""


def stage_shares(steps: Sequence[Answer]) -> list[StageShare]:
    """The stages of an arm in order; of several cohorts the mean."""
    found: dict[str, list[tuple[float, float, bool, bool]]] = {}
    for _, group in groupby(steps, key=lambda step: (step["cohort"], step["ordinal"])):
        spans = list(group)
        for span in spans:
            length = span["to_age"][1] - span["from_age"][1]
            found.setdefault(span["stage"], []).append((length, *_lived(span, spans)))
    return [_share(stage, pieces) for stage, pieces in found.items()]


def _lived(span: Answer, spans: Sequence[Answer]) -> tuple[float, bool, bool]:
    """Samples of a span that are lived, whether it is over, and whether its end is open until its limit."""
    first, last = spans[0], spans[-1]
    length = span["to_age"][1] - span["from_age"][1]
    triggered = "limit" in span["demand"]
    if span["state"] == "met":
        return length, True, triggered and span is last
    asked = span["demand"].get("offset", span["demand"].get("limit"))
    per_update = (last["to_age"][1] - first["from_age"][1]) / asked if asked else 0
    inside = span["reached"] * per_update - (span["from_age"][1] - first["from_age"][1])
    lived = min(max(inside, 0), length)
    return lived, lived >= length and not (triggered and span is last), triggered and span is last


def _share(stage: str, pieces: Sequence[tuple[float, float, bool, bool]]) -> StageShare:
    whole = sum(length for length, *_ in pieces)
    lived = sum(part for _, part, _, _ in pieces)
    done = all(over for *_, over, _ in pieces)
    return StageShare(stage, 1.0 if done else lived / whole if whole else 0.0, done, any(each[-1] for each in pieces))
