"""Lanes of a strip: one thin band per quantity over age, filled as far as it was lived, dashed where it is planned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from service.figures.look import Look, faint
from service.figures.panels import Panel, Trace, said

LANE_PX, STAGE_PX, TITLE_PX, SPACE_PX = 17, 24, 17, 5
NAME_LENGTH = 19

Point = tuple[float, float]
Run = list[Point]
"""Neighbouring points of a curve that is not interrupted."""


@dataclass
class Lane:
    """A quantity over age, drawn on its own scale from 0 to `top`."""

    kind: str
    """What the quantity is; with the name it tells the lane in a hover or a table."""
    name: str
    colour: str
    lived: list[Run]
    planned: list[Run] = field(default_factory=list)
    top: float = 1.0


@dataclass
class Row:
    """What one row of a strip draws, once it knows where the row lies."""

    height: float
    label: str = ""
    mark: str = ""
    """Written at the right end."""
    traces: list[Trace] = field(default_factory=list)
    """With y from 0 (bottom of the row) to 1."""


def runs(age: Sequence[float], values: Sequence[float | None], jumps_at: Collection[float] = ()) -> list[Run]:
    """A curve through known values, interrupted where they are None.

    Between two ages the curve is straight, but at a border, and where a value appears from or falls to nothing, it
    jumps: what is sampled there is already the value after.
    """
    found: list[Run] = [[]]
    for at, value in zip(age, values, strict=True):
        if value is None:
            found.append([])
            continue
        before = found[-1][-1][1] if found[-1] else value
        if at in jumps_at or (before == 0) != (value == 0):
            found[-1].append((at, before))
        found[-1].append((at, value))
    return [run for run in found if run]


def clipped(run: Run, low: float, high: float) -> Run:
    """The part of a run between two ages, with interpolated ends; empty if it has none."""
    part: Run = [point for point in run[:1] if low <= point[0] <= high]
    for (a, start), (b, end) in pairwise(run):
        for at in (max(a, low), min(b, high)):
            if max(a, low) <= min(b, high):
                value = start + (end - start) * ((at - a) / (b - a)) if b > a else end
                part.append((at, value))
    return [point for point, before in zip(part, [None, *part], strict=False) if point != before]


def split_at(line: Sequence[Run], age: float) -> tuple[list[Run], list[Run]]:
    """What lies before an age, and what after it."""
    before = [part for run in line if (part := clipped(run, float("-inf"), age))]
    after = [part for run in line if (part := clipped(run, age, float("inf"))) and part[-1][0] > age]
    return before, after


def lane_row(lane: Lane) -> Row:
    """The row of a lane: filled, outlined, with its largest value at the right end."""
    scale = lane.top or 1.0
    about = {"type": "scatter", "name": said(f"{lane.kind} {lane.name}"), "mode": "lines", "showlegend": False}
    traces: list[Trace] = []
    if lane.lived:
        x, y = joined([[(run[0][0], 0.0), *_scaled(run, scale), (run[-1][0], 0.0)] for run in lane.lived])
        shade = {"fill": "toself", "fillcolor": faint(lane.colour, 0.35), "line": {"width": 0}, "hoverinfo": "skip"}
        traces.append({**about, **shade, "x": x, "y": y})
    for line, dashed in ((lane.lived, False), (lane.planned, True)):
        if line:
            x, y = joined([_scaled(run, scale) for run in line])
            look = {"dash": "2px 2px", "width": 1.2} if dashed else {"width": 1.3}
            hover = f"%{{customdata:.4g}}{' planned' if dashed else ''}"
            stroke = {
                "line": {"color": lane.colour, "simplify": False, **look},
                "customdata": joined(line)[1],
                "hovertemplate": hover,
            }
            traces.append({**about, **stroke, "x": x, "y": y, "connectgaps": False})
    return Row(LANE_PX, lane.name, f"{lane.top:.3g}", traces)


def _scaled(run: Run, scale: float) -> Run:
    return [(at, min(value / scale, 1.0)) for at, value in run]


def joined(line: Sequence[Run]) -> tuple[list[float | None], list[float | None]]:
    """Runs as one line for plotly, a gap between two."""
    x: list[float | None] = []
    y: list[float | None] = []
    for number, run in enumerate(line):
        if number:
            x.append(None)
            y.append(None)
        x += [at for at, _ in run]
        y += [value for _, value in run]
    return x, y


def title_row(words: str, look: Look) -> Row:
    """A row that only names the lanes below it."""
    return Row(TITLE_PX, f"<span style='color:{look.soft}'><i>{words}</i></span>")


def panel_of(rows: Sequence[Row], look: Look) -> Panel:
    """Rows from top to bottom as one panel whose y axis counts pixels."""
    height = sum(row.height + SPACE_PX for row in rows)
    traces: list[Trace] = []
    ticks: list[tuple[float, str]] = []
    notes: list[dict[str, Any]] = []
    top = height
    for row in rows:
        bottom = top - row.height
        if row.label:
            ticks.append(((top + bottom) / 2, row.label))
        if row.mark:
            notes.append(_mark(row.mark, (top + bottom) / 2, look))
        for trace in row.traces:
            lifted = [None if y is None else bottom + y * row.height for y in trace["y"]]
            traces.append({**trace, "y": lifted})
        top = bottom - SPACE_PX
    axis = {
        "range": [0, height],
        "fixedrange": True,
        "showgrid": False,
        "tickmode": "array",
        "tickvals": [at for at, _ in ticks],
        "ticktext": [_short(text) for _, text in ticks],
    }
    return Panel(height, traces, axis, "strip", shows_title=False, annotations=notes)


def _mark(text: str, y: float, look: Look) -> dict[str, Any]:
    return {
        "text": text,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": 8,
        "y": y,
        "yanchor": "middle",
        "font": {"size": 10, "color": look.soft},
    }


def _short(text: str) -> str:
    if text.startswith("<"):
        return text
    return said(text if len(text) <= NAME_LENGTH else text[: NAME_LENGTH - 1] + "…")
