"""A document's envelopes before anything runs: weights, plasticity and overlays over age, with their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.figures.lanes import Run, joined, panel_of, runs, split_at
from service.figures.look import Look
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, age_axis, said, stacked
from service.figures.strip import Growth, stage_rows

Answer = Mapping[str, Any]
PANEL_PX = 130
FAMILIES = (
    ("costs", "cost weights"),
    ("plasticity", "plasticity"),
    ("critical_periods", "critical periods"),
    ("deficits", "deficits"),
    ("modulators", "modulators"),
)


def envelopes(answer: Answer, look: Look, origin: Origin) -> Figure:
    """One panel for each family that the document has; dotted where a trigger may end a stage before its limit.

    `answer` is that of `/schedules/envelopes?to_limits=true`.
    """
    growth = Growth(answer)
    panels = [panel_of(list(stage_rows(growth, look)), look)]
    panels += [_panel(answer, family, title, look) for family, title in FAMILIES if answer[family]]
    notes = ("dotted: as in a life that meets every limit",) if growth.end_sp > answer["exact_until"] else ()
    return stacked(panels, Sheet("envelopes", look, origin, age_axis(growth.end_sp), notes))


def _panel(answer: Answer, family: str, title: str, look: Look) -> Panel:
    groups: dict[tuple[Any, ...], list[str]] = {}
    for name, values in answer[family].items():
        groups.setdefault(tuple(values) if family == "plasticity" else (name,), []).append(name)
    traces = [
        trace
        for index, names in enumerate(groups.values())
        for trace in _curve(answer, ", ".join(names), answer[family][names[0]], family, look.stroke(index))
    ]
    return Panel(PANEL_PX, traces, {"rangemode": "tozero"}, title)


def _curve(
    answer: Answer, name: str, values: Sequence[float | None], family: str, stroke: Mapping[str, Any]
) -> Iterator[Trace]:
    borders = {stage["from"] for stage in answer["stages"]} if family in ("costs", "plasticity") else set()
    line = runs(answer["age"], values, borders)
    sure_until = answer["exact_until"] if family in ("costs", "plasticity") else float("inf")
    sure, open_ = split_at(line, sure_until)
    for part, dashed in ((sure, False), (open_, True)):
        if part:
            yield _line(part, said(name), stroke, dashed, bool(sure))


def _line(part: Sequence[Run], name: str, stroke: Mapping[str, Any], dashed: bool, second: bool) -> Trace:
    x, y = joined(part)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "showlegend": not (dashed and second),
        "x": x,
        "y": y,
        "line": {**stroke, "width": 1.2 if dashed else 2, "simplify": False, **({"dash": "2px 3px"} if dashed else {})},
        "hovertemplate": "%{y:.4g}" + (" if the limit is met" if dashed else ""),
        "connectgaps": False,
    }
