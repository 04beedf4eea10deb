"""When lives left their stages, arm by arm, and what made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.figures.look import Look
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, age_axis, empty, said, stacked

Answer = Mapping[str, Any]
ROW_PX = 22
SHOWN_ARMS = 60
KINDS = (
    ("a condition fired", "circle", 0),
    ("the stage's fixed end", "line-ns", 7),
    ("its limit", "diamond-open", 1),
    ("censored", "triangle-right-open", 3),
    ("diverged", "x", None),
    ("failed", "x", None),
)
"""What ended a stage, its symbol and the index of its colour; None: alarm."""


def transitions(rows: Sequence[Answer], names: Mapping[int, str], look: Look, origin: Origin) -> Figure:
    """One row for each arm and stage, one mark for each life at the age at which it left."""
    if not rows:
        sheet = Sheet("transitions", look, origin)
        return empty("no life has left a stage yet", sheet)
    arms = sorted({row["arm"] for row in rows})
    notes = (f"{SHOWN_ARMS} of {len(arms)} arms are drawn",) if len(arms) > SHOWN_ARMS else ()
    told = [row for row in rows if row["arm"] in set(arms[:SHOWN_ARMS])]
    places = _places(told)
    several = len(arms) > 1
    ticks = [f"{said(names.get(arm, arm))} · {said(stage)}" if several else said(stage) for arm, stage in places]
    sheet = Sheet(
        "transitions",
        look,
        origin,
        age_axis(max(row["age_sp"] for row in told)),
        notes,
        unified=False,
        left=min(320, 20 + 7 * max(map(len, ticks))),
    )
    axis = {
        "tickmode": "array",
        "tickvals": list(range(len(ticks))),
        "ticktext": ticks,
        "range": [len(ticks) - 0.5, -0.5],
        "fixedrange": True,
    }
    traces = [trace for kind in KINDS if (trace := _marks(kind, told, places, look))]
    return stacked([Panel(ROW_PX * len(ticks) + 10, traces, axis, "transitions", shows_title=False)], sheet)


def _places(rows: Sequence[Answer]) -> list[tuple[int, str]]:
    """Arm and stage of every row, arms in order, stages in the order in which lives leave them."""
    first: dict[tuple[int, str], int] = {}
    for row in rows:
        place = (row["arm"], row["stage"])
        first[place] = min(first.get(place, row["age_sp"]), row["age_sp"])
    return sorted(first, key=lambda place: (place[0], first[place]))


def kind_of(row: Answer) -> str:
    """What ended the stage in a life."""
    if row["status"] in ("censored", "diverged", "failed"):
        return str(row["status"])
    if row["fired"] == "limit":
        return "its limit"
    return "the stage's fixed end" if not row["values"] else "a condition fired"


def _marks(
    kind: tuple[str, str, int | None], rows: Sequence[Answer], places: Sequence[tuple[int, str]], look: Look
) -> Trace | None:
    name, symbol, colour = kind
    told = [row for row in rows if kind_of(row) == name]
    if not told:
        return None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [row["age_sp"] for row in told],
        "y": [places.index((row["arm"], row["stage"])) + _jitter(row["seed"]) for row in told],
        "text": [_words(row) for row in told],
        "hovertemplate": "%{text}",
        "meta": {"only_x": True},
        "marker": {
            "symbol": symbol,
            "size": 8,
            "color": look.alarm if colour is None else look.colour(colour),
            "line": {"width": 1.5, "color": look.alarm if colour is None else look.colour(colour)},
        },
    }


def _jitter(seed: int) -> float:
    """Lives of one age side by side: five heights, by seed."""
    return (seed % 5 - 2) * 0.13


def _words(row: Answer) -> str:
    values = ", ".join(f"{said(each['probe'])} = {each['value']:.4g}" for each in row["values"])
    return (
        f"life {row['seed']} left {said(row['stage'])} at {row['age_sp']:,} sp: {said(row['fired'])} {values}".strip()
    )
