"""Panels one above the other on a common axis, made into one plotly figure that says what it shows."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.figures.look import FONT, Look

Figure = dict[str, Any]
Trace = dict[str, Any]

LEFT, RIGHT, TOP, BOTTOM, GAP = 132, 58, 30, 48, 40
"""Margins and the room between panels, in pixels."""
LEAST_PX = 620
"""Of most figures: names of lanes on the left, and room for five ticks."""
AXIS_PX, NOTE_PX = 30, 18
"""Room for an x axis between two panels, and for a line of notes at the bottom."""


@dataclass(frozen=True)
class Origin:
    """What a figure shows, for `layout.meta`."""

    jobs: tuple[str, ...] = ()
    document_hashes: tuple[str, ...] = ()
    numerics: tuple[Mapping[str, Any], ...] = ()
    thinning: tuple[Mapping[str, Any], ...] = ()
    """What each history answer behind it says of its thinning."""

    def meta(self, figure: str, notes: Sequence[str] = ()) -> dict[str, Any]:
        """As `layout.meta` holds it."""
        return {
            "figure": figure,
            "jobs": list(self.jobs),
            "document_hashes": list(self.document_hashes),
            "numerics": [dict(each) for each in self.numerics],
            "thinning": [dict(each) for each in self.thinning],
            "notes": list(notes),
        }


@dataclass
class Panel:
    """One plot with a y axis of its own; traces, shapes and annotations stand in its coordinates."""

    height: float
    """In pixels."""
    traces: list[Trace]
    axis: dict[str, Any]
    title: str = ""
    """Written above it; names it in tables."""
    unit: str = ""
    shows_title: bool = True
    annotations: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    own_x: dict[str, Any] | None = None
    """Its x axis, if it does not share that of all."""


@dataclass(frozen=True)
class Sheet:
    """What belongs to the whole figure."""

    figure: str
    look: Look
    origin: Origin
    x: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unified: bool = True
    """Whether hovering shows the values of all panels at one x, or the one thing under the pointer."""
    left: int = LEFT
    right: int = RIGHT
    least_px: int = LEAST_PX
    """How wide it has to be to be read; `layout.meta` says so, and a page lets it be scrolled where it has less."""


def stacked(panels: Sequence[Panel], sheet: Sheet) -> Figure:
    """The panels from top to bottom; those without an x axis of their own share one."""
    gaps = [GAP + (0 if panel.own_x is None else AXIS_PX + 12 * ("title" in panel.own_x)) for panel in panels[:-1]]
    inner = sum(panel.height for panel in panels) + sum(gaps)
    layout = _layout(sheet, inner + TOP + BOTTOM + NOTE_PX * len(sheet.notes))
    traces: list[Trace] = []
    top = 1.0
    for number, (panel, gap) in enumerate(zip(panels, [*gaps, 0], strict=True)):
        domain = [max(0.0, top - panel.height / inner), top]
        traces += _place(panel, number, domain, layout, sheet)
        top = domain[0] - gap / inner
    last = next((n for n in reversed(range(len(panels))) if panels[n].own_x is None), 0)
    layout["xaxis"] = _axis(sheet.look, {"anchor": _axis_id("y", last)} | sheet.x)
    return {"data": traces, "layout": layout}


def empty(words: str, sheet: Sheet) -> Figure:
    """A figure without data, which says why."""
    note = {"text": words, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    layout = _layout(sheet, 140)
    layout["annotations"].append(note)
    layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return {"data": [], "layout": layout}


def age_axis(end_sp: float) -> dict[str, Any]:
    """The x axis of everything that is drawn over age."""
    return {
        "title": "age (samples)",
        "tickformat": "~s",
        "hoverformat": ",d",
        "range": [-0.005 * end_sp, 1.005 * end_sp],
        "showspikes": True,
        "spikemode": "across",
        "spikesnap": "hovered data",
        "spikethickness": 1,
        "spikedash": "solid",
    }


def said(text: object) -> str:
    """Words of a user in a figure, where plotly would read markup."""
    return html.escape(str(text), quote=False)


def _layout(sheet: Sheet, height: float) -> dict[str, Any]:
    look = sheet.look
    return {
        "height": round(height),
        "autosize": True,
        "margin": {"l": sheet.left, "r": sheet.right, "t": TOP, "b": BOTTOM + NOTE_PX * len(sheet.notes)},
        "font": {"family": FONT, "size": 12, "color": look.ink},
        "paper_bgcolor": look.paper,
        "plot_bgcolor": look.paper,
        "hovermode": "x unified" if sheet.unified else "closest",
        "hoversubplots": "axis" if sheet.unified else "overlaying",
        "hoverlabel": {
            "bgcolor": look.paper,
            "bordercolor": look.grid,
            "font": {"family": FONT, "size": 12, "color": look.ink},
            "namelength": -1,
        },
        "dragmode": "zoom",
        "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": look.soft, "activecolor": look.ink},
        "uirevision": sheet.figure,
        "meta": sheet.origin.meta(sheet.figure, sheet.notes) | {"least_px": sheet.least_px},
        "annotations": [_note(words, place, look) for place, words in enumerate(sheet.notes)],
        "shapes": [],
    }


def _note(words: str, place: int, look: Look) -> dict[str, Any]:
    """A line below everything."""
    return {
        "text": said(words),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "yshift": -(BOTTOM - 4) - NOTE_PX * place,
        "showarrow": False,
        "font": {"size": 11, "color": look.soft},
    }


def _place(panel: Panel, number: int, domain: list[float], layout: dict[str, Any], sheet: Sheet) -> list[Trace]:
    """Put a panel into the layout; its traces with the axes they got."""
    y, x, look = _axis_id("y", number), "x", sheet.look
    layout[_axis_name("y", number)] = _axis(look, {"domain": domain} | panel.axis)
    if panel.own_x is not None:
        x = _axis_id("x", number + 1)
        layout[_axis_name("x", number + 1)] = _axis(look, {"anchor": y} | panel.own_x)
    legend = _legend_name(number)
    layout[legend] = _legend(look, domain[1])
    if panel.title and panel.shows_title:
        layout["annotations"].append(_title(panel, domain[1], look))
    for note in panel.annotations:
        layout["annotations"].append({"showarrow": False, "xref": x, "yref": y} | note)
    for shape in panel.shapes:
        layout["shapes"].append({"xref": x, "yref": y} | shape)
    placed = {"xaxis": x, "yaxis": y, "legend": legend}
    return [trace | placed | {"meta": {"panel": panel.title, **trace.get("meta", {})}} for trace in panel.traces]


def _title(panel: Panel, y: float, look: Look) -> dict[str, Any]:
    unit = f" <span style='color:{look.soft}'>{said(panel.unit)}</span>" if panel.unit else ""
    return {
        "text": f"<b>{said(panel.title)}</b>{unit}",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": y,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 4,
        "showarrow": False,
    }


def _axis(look: Look, given: Mapping[str, Any]) -> dict[str, Any]:
    """An axis in our manner; `title` is its text."""
    return {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"color": look.soft, "size": 11},
        "showspikes": False,
        "spikecolor": look.soft,
        "automargin": False,
        **given,
        "title": {"text": given.get("title", ""), "standoff": 10, "font": {"color": look.soft, "size": 12}},
    }


def _legend(look: Look, top: float) -> dict[str, Any]:
    return {
        "orientation": "h",
        "x": 1,
        "xanchor": "right",
        "y": top,
        "yanchor": "bottom",
        "bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 11, "color": look.soft},
        "itemsizing": "constant",
    }


def _axis_id(letter: str, number: int) -> str:
    return letter if number == 0 else f"{letter}{number + 1}"


def _axis_name(letter: str, number: int) -> str:
    return f"{letter}axis" if number == 0 else f"{letter}axis{number + 1}"


def _legend_name(number: int) -> str:
    return "legend" if number == 0 else f"legend{number + 1}"
