"""What the units of areas look for: weights from a sense as pictures, age by age, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.figures.look import Look
from service.figures.panels import BOTTOM, NOTE_PX, Figure, Origin, Panel, Sheet, Trace, empty, said, stacked

PANEL_PX, SLIDER_PX = 420, 74


@dataclass(frozen=True)
class Page:
    """The weights of one age."""

    age_sp: int
    stage: str
    snapshot: str
    sheet: list[list[float | None]]
    """All units side by side; None between them."""
    norms: list[float]
    """Of each unit's weights: the root of the sum of their squares."""


@dataclass(frozen=True)
class Album:
    """The weights of one area in one life, by age."""

    area: str
    sense: str
    seed: int
    scale: float
    """The largest absolute weight of all pages."""
    pages: Sequence[Page]
    notes: tuple[str, ...] = ()


def pictures(albums: Sequence[Album], look: Look, origin: Origin) -> Figure:
    """A panel for every area, and a slider over the ages of all; the last age is shown first.

    Every unit is a picture of what the sense shows, channels side by side. One scale holds for all ages of an area:
    the paper's colour is a weight of 0. Pixels are square.
    """
    if not albums:
        words = "no area sees a sense by weights of its own, or no snapshot is stored yet"
        return empty(words, Sheet("pictures", look, origin))
    ages = sorted({page.age_sp for album in albums for page in album.pages})
    panels = [_panel(album, ages, look) for album in albums]
    notes = tuple(note for album in albums for note in album.notes)
    figure = stacked(panels, Sheet("pictures", look, origin, notes=notes, unified=False, left=20, right=90))
    layout = figure["layout"]
    layout["plot_bgcolor"] = look.quiet
    layout["height"] += SLIDER_PX
    layout["margin"]["b"] += SLIDER_PX
    layout["xaxis"] |= {"visible": False}
    layout["sliders"] = [_slider(figure["data"], ages, look) | {"pad": {"t": BOTTOM + NOTE_PX * len(notes)}}]
    for trace in figure["data"]:
        axis = layout[f"yaxis{trace['yaxis'].removeprefix('y')}"]
        axis["scaleanchor"] = trace["xaxis"]
        bottom, top = axis["domain"]
        trace["colorbar"] |= {"y": (bottom + top) / 2, "len": top - bottom}
    return figure


def _panel(album: Album, ages: Sequence[int], look: Look) -> Panel:
    return Panel(
        height=PANEL_PX,
        traces=[_trace(album, page, page is album.pages[-1], look) for page in album.pages],
        axis={"visible": False, "autorange": "reversed", "constrain": "domain"},
        title=album.area,
        unit=f"weights from {album.sense}, life {album.seed}",
        own_x={"visible": False, "constrain": "domain"},
    )


def _trace(album: Album, page: Page, shown: bool, look: Look) -> Trace:
    rows = [
        (f"norm of unit {unit}", page.age_sp, norm, f"snapshot {page.snapshot}") for unit, norm in enumerate(page.norms)
    ]
    limit = album.scale or 1.0
    return {
        "type": "heatmap",
        "z": page.sheet,
        "zmin": -limit,
        "zmax": limit,
        "colorscale": [[0.0, look.colours[0]], [0.5, look.paper], [1.0, look.colours[1]]],
        "colorbar": {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 11, "color": look.soft}},
        "name": f"age {page.age_sp:,} sp",
        "visible": shown,
        "hovertemplate": "%{z:.3g}<extra>" + said(page.stage) + "</extra>",
        "meta": {"panel": album.area, "rows": rows, "age_sp": page.age_sp},
    }


def _slider(traces: Sequence[Trace], ages: Sequence[int], look: Look) -> dict[str, Any]:
    """One step for every age; an area without a snapshot of that age shows its last one before, or its first."""
    return {
        "active": len(ages) - 1,
        "steps": [
            {"method": "restyle", "label": f"{age:,}", "args": ["visible", _visible(traces, age)]} for age in ages
        ],
        "currentvalue": {"prefix": "age (samples) ", "font": {"color": look.ink, "size": 12}},
        "font": {"color": look.soft, "size": 11},
        "bgcolor": look.quiet,
        "bordercolor": look.grid,
        "activebgcolor": look.colours[0],
    }


def _visible(traces: Sequence[Trace], age: int) -> list[bool]:
    shown: dict[str, int] = {}
    for place, trace in enumerate(traces):
        panel = trace["meta"]["panel"]
        if panel not in shown or trace["meta"]["age_sp"] <= age:
            shown[panel] = place
    return [shown[trace["meta"]["panel"]] == place for place, trace in enumerate(traces)]
