"""Ends of stages whose length the document decides: they follow from the path, no trigger had to fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

Row = Mapping[str, Any]
Data = dict[str, Any]

FIRED = "/until"


def fixed_ends(steps: Sequence[Row], transitions: Sequence[Row]) -> list[Data]:
    """One row for every life and every such stage that it has lived to the end.

    `steps` in order of arm, cohort and ordinal, each with what its trajectory has reached; `transitions` tell which
    lives diverged before.
    """
    lost = {
        (row["arm"], row["ordinal"], row["seed"]): row["offset"] for row in transitions if row["status"] == "diverged"
    }
    return [
        {
            "arm": step["arm"],
            "seed": seed,
            "stage": span["stage"],
            "age_sp": step["born"][str(seed)] + span["end"] * step["regime"]["batch"],
            "fired": FIRED,
            "status": "advanced",
            "trajectory": step["trajectory"],
            "values": [],
        }
        for _, path in groupby(steps, key=lambda step: (step["arm"], step["cohort"]))
        for step, span in _ends(list(path))
        if step["trajectory"] is not None and step["reached"] >= span["end"]
        for seed in step["seeds"]
        if lost.get((step["arm"], step["ordinal"], seed), span["end"] + 1) > span["end"]
    ]


def _ends(path: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Where stages of fixed length end on a path: the last span of each, unless a trigger ends it."""
    spans = [(step, span) for step in path for span in step["spans"]]
    stages: list[str | None] = [*(span["stage"] for _, span in spans), None]
    for (step, span), (stage, following) in zip(spans, pairwise(stages), strict=True):
        last_of_stage = stage != following
        triggered = step["ending_id"] is not None and span is step["spans"][-1]
        if last_of_stage and not triggered:
            yield step, span
