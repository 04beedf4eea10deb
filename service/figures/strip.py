"""The developmental strip: stages, cost weights, plasticity, critical periods, deficits and snapshots over age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.figures.lanes import (
    STAGE_PX,
    Lane,
    Row,
    Run,
    lane_row,
    panel_of,
    runs,
    split_at,
    title_row,
)
from service.figures.look import Look, faint
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, age_axis, said, stacked
from service.figures.stages import StageSpan, spans

Answer = Mapping[str, Any]
MOST_LANES = 12
"""Of one kind; a note says how many more there are."""

GATED = ("costs", "plasticity", "deficits", "modulators")
"""What may follow a probe and is then recorded; a critical period that does is part of the recorded plasticity."""
IN_FORCE = ("weight.*", "plasticity.*", "deficit.*", "modulator.*")
"""Series that say what was in force."""
HOVER_POINTS = 24
USUAL_PX, LETTER_PX = 900, 6
"""How wide the axis and a letter about are: names that do not fit are left to the hover."""


@dataclass(frozen=True)
class Growth:
    """The answers about one arm that a strip is drawn from."""

    envelopes: Answer
    """`POST /schedules/envelopes?to_limits=true` of the arm's document."""
    lives: Sequence[Answer] = ()
    """Of the arm; none: nothing has been submitted yet."""
    transitions: Sequence[Answer] = ()
    snapshots: Sequence[Answer] = ()
    recorded: Answer | None = None
    """`/history` of what is in force, over the arm's seeds, from the age on at which the document does not say it."""
    stages: list[StageSpan] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", spans(self.envelopes["stages"], self.transitions, self.lives))

    @property
    def lived_sp(self) -> float:
        """Age of the oldest life."""
        return max((float(life["age_sp"] or 0) for life in self.lives), default=0.0)

    @property
    def end_sp(self) -> float:
        """Age at which the last life ends, at the latest."""
        return max([each.end for each in self.stages] + [self.lived_sp])

    @property
    def known_sp(self) -> float:
        """Up to here the document alone decides what is in force: until a life leaves a triggered stage for another."""
        triggered = [span for span in self.stages[:-1] if not span.fixed]
        return min((span.least_end for span in triggered), default=float("inf"))

    @property
    def decided_sp(self) -> float:
        """The same, and no gate has a say either."""
        lines = [values for family in GATED for values in self.envelopes[family].values()]
        return min([self.known_sp, *map(self.told_sp, lines)])

    def told_sp(self, values: Sequence[float | None]) -> float:
        """Up to here the document alone decides one curve: until a probe does."""
        told = zip(self.envelopes["age"], values, strict=True)
        return next((float(age) for age, value in told if value is None), float("inf"))

    def value_at(self, family: str, name: str, age: float) -> float:
        """What is in force at an age: the last known value up to there."""
        ages, values = self.envelopes["age"], self.envelopes[family][name]
        known = [value for at, value in zip(ages, values, strict=True) if value is not None and at <= age]
        return float(known[-1]) if known else 0.0


def strip(growth: Growth, look: Look, origin: Origin) -> Figure:
    """The strip alone."""
    sheet = Sheet("strip", look, origin, age_axis(growth.end_sp))
    return stacked([strip_panel(growth, look)], sheet)


def strip_panel(growth: Growth, look: Look) -> Panel:
    """The strip as a panel on an axis of age."""
    rows = [*stage_rows(growth, look)]
    for title, lanes in (
        ("cost weights", list(_weights(growth, look))),
        ("plasticity", list(_plasticity(growth, look))),
        ("critical periods", list(_overlays(growth, "critical_periods", look.colour(3)))),
        ("deficits", list(_overlays(growth, "deficits", look.alarm))),
        ("modulators", list(_overlays(growth, "modulators", look.colour(5)))),
    ):
        if lanes:
            rows += [title_row(title, look), *map(lane_row, lanes[:MOST_LANES])]
        if len(lanes) > MOST_LANES:
            rows.append(title_row(f"and {len(lanes) - MOST_LANES} more", look))
    if growth.snapshots:
        rows.append(_snapshots(growth, look))
    return panel_of(rows, look)


# ---- stages


def stage_rows(growth: Growth, look: Look) -> Iterator[Row]:
    """Stages side by side in one row; those that lie over each other, since lives part, in as many as that needs."""
    rows: list[list[int]] = []
    for number, span in enumerate(growth.stages):
        free = next((row for row in rows if growth.stages[row[-1]].end <= span.start), None)
        if free is None:
            rows.append([number])
        else:
            free.append(number)
    for number, row in enumerate(rows):
        traces = [trace for index in row for trace in _stage(growth, index, look)]
        yield Row(STAGE_PX, "stage" if number == 0 else "", "", traces)


def _stage(growth: Growth, index: int, look: Look) -> Iterator[Trace]:
    span = growth.stages[index]
    lived = growth.lived_sp if span.entered else span.start
    sure = min(span.least_end, lived)
    colour = look.colour(7 if index % 2 else 0)
    if sure > span.start:
        yield _bar(span.start, sure, {"fillcolor": faint(colour, 0.3)})
    if span.fixed:
        if span.end > sure:
            yield _bar(sure, span.end, {"fillcolor": faint(colour, 0.08)})
    elif span.end > span.least_end:
        hatch = {
            "shape": "/",
            "size": 6,
            "solidity": 0.25,
            "fgcolor": faint(colour, 0.7),
            "bgcolor": faint(colour, 0.08),
        }
        yield _bar(max(span.start, span.least_end), span.end, {"fillcolor": faint(colour, 0.08), "fillpattern": hatch})
    yield _bar(span.start, span.end, {"fill": "none", "line": {"color": faint(colour, 0.8), "width": 1}})
    yield _name(span, growth.end_sp or 1.0, look)
    yield from _ticks(span, look)


def _bar(start: float, end: float, look: Mapping[str, Any]) -> Trace:
    box = {"x": [start, end, end, start, start], "y": [0, 0, 1, 1, 0], "fill": "toself", "line": {"width": 0}}
    return {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False, **box, **look}


def _name(span: StageSpan, end_sp: float, look: Look) -> Trace:
    """The stage's name at its left end, if it has room; points along it tell the unified hover where it is."""
    x = [span.start + (span.end - span.start) * share / HOVER_POINTS for share in range(HOVER_POINTS + 1)]
    fits = (span.end - span.start) / end_sp * USUAL_PX > LETTER_PX * (len(span.name) + 2)
    text = [" " + said(span.name) if fits else "", *[""] * HOVER_POINTS]
    return {
        "type": "scatter",
        "mode": "text",
        "name": "stage",
        "x": x,
        "y": [0.5] * len(x),
        "text": text,
        "textposition": "middle right",
        "textfont": {"size": 11, "color": look.ink},
        "hovertemplate": said(span.name),
        "showlegend": False,
        "meta": {
            "rows": [(f"stage {span.name}", span.start, span.end, "from x to y; at the latest, while lives are in it")]
        },
    }


def _ticks(span: StageSpan, look: Look) -> Iterator[Trace]:
    """Where a trigger fired, life by life, and where lives were lost."""
    for lost, marker in (
        (False, {"symbol": "line-ns", "size": STAGE_PX - 6, "line": {"width": 2, "color": look.ink}}),
        (True, {"symbol": "x", "size": 9, "color": look.alarm}),
    ):
        told = [each for each in span.leavings if (each.status == "diverged") == lost and (lost or not span.fixed)]
        if told:
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": f"left {said(span.name)}",
                "x": [each.age_sp for each in told],
                "y": [0.5] * len(told),
                "marker": marker,
                "text": [f"life {each.seed}: {said(each.words)}" for each in told],
                "hovertemplate": "%{text}",
                "meta": {"only_x": True},
                "showlegend": False,
            }


# ---- lanes


def _weights(growth: Growth, look: Look) -> Iterator[Lane]:
    for index, (name, values) in enumerate(growth.envelopes["costs"].items()):
        yield _lane(growth, name, look.colour(index), values, f"weight.{name}")


def _plasticity(growth: Growth, look: Look) -> Iterator[Lane]:
    """One lane for areas that are equally plastic all life long, on a scale common to all."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for area, values in growth.envelopes["plasticity"].items():
        groups.setdefault(tuple(values), []).append(area)
    top = max((value for values in groups for value in values if value is not None), default=1.0)
    for values, areas in groups.items():
        yield _lane(growth, ", ".join(areas), look.colour(2), values, f"plasticity.{areas[0]}", top)


def _overlays(growth: Growth, family: str, colour: str) -> Iterator[Lane]:
    """Overlays are windows on age: known from birth on, whatever triggers do, unless they follow a probe."""
    for name, values in growth.envelopes[family].items():
        line = runs(growth.envelopes["age"], values)
        kind = family.replace("_", " ").removesuffix("s")
        lane = _split((kind, name), colour, line, growth.lived_sp, _top(values))
        if None in values:
            lane.lived = list(_recorded(growth, f"{kind}.{name}", 0.0))
            lane.top = _top([value for run in lane.lived for _, value in run])
        yield lane


def _lane(
    growth: Growth, name: str, colour: str, values: Sequence[float | None], series: str, top: float | None = None
) -> Lane:
    """As planned while the document decides; then what was recorded, and the plan where nothing is lived yet."""
    borders = {stage["from"] for stage in growth.envelopes["stages"]}
    line = runs(growth.envelopes["age"], values, borders)
    lane = _split((series.partition(".")[0], name), colour, line, growth.lived_sp, top or _top(values))
    known_sp = min(growth.known_sp, growth.told_sp(values))
    if known_sp < growth.lived_sp:
        lane.lived = split_at(line, known_sp)[0] + list(_recorded(growth, series, known_sp))
        if None in values:
            lane.top = max(lane.top, _top([value for run in lane.lived for _, value in run]))
    return lane


def _split(name: tuple[str, str], colour: str, line: list[Run], lived_sp: float, top: float) -> Lane:
    lived, planned = split_at(line, lived_sp)
    return Lane(*name, colour, lived if lived_sp > 0 else [], planned, top)


def _top(values: Sequence[float | None]) -> float:
    return max((value for value in values if value is not None), default=1.0) or 1.0


def _recorded(growth: Growth, series: str, after_sp: float) -> Iterator[Run]:
    """Means over lives of what was in force, interrupted where no life was in a stage that records the series."""
    traces = growth.recorded["traces"] if growth.recorded else ()
    trace = next((each for each in traces if each["series"] == series), None)
    if trace is None:
        return
    windows = _in_force(growth, series)
    run: Run = []
    for at, value in zip(trace["x"], trace["y"], strict=True):
        if at < after_sp:
            continue
        if run and (value is None or not _together(windows, run[-1][0], at)):
            yield run
            run = []
        if value is not None:
            run.append((at, value))
    if run:
        yield run


def _in_force(growth: Growth, series: str) -> list[tuple[float, float]]:
    """Ages between which some life can be in a stage that gives the cost a weight; of plasticity: all ages."""
    family, _, name = series.partition(".")
    if family != "weight":
        return [(0.0, growth.end_sp)]
    plan = growth.envelopes
    weighted = [
        any(
            value is None or value
            for age, value in zip(plan["age"], plan["costs"][name], strict=True)
            if stage["from"] <= age < stage["to"]
        )
        for stage in plan["stages"]
    ]
    return [(span.start, span.end) for span, has in zip(growth.stages, weighted, strict=True) if has]


def _together(windows: Sequence[tuple[float, float]], a: float, b: float) -> bool:
    """Whether the windows leave no gap between two ages."""
    at = a
    for start, end in sorted(windows):
        if start <= at <= end:
            at = end
    return at >= b


def _snapshots(growth: Growth, look: Look) -> Row:
    """Where the arm's lives can be taken up again."""
    kept = sorted(growth.snapshots, key=lambda each: each["age_sp"])
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "snapshot",
        "x": [each["age_sp"] for each in kept],
        "y": [0.5] * len(kept),
        "marker": {"symbol": "diamond", "size": 7, "color": look.soft},
        "customdata": [each["id"] for each in kept],
        "text": [f"{said(each['stage'])}, {'; '.join(each['kept_because']) or 'not kept'}" for each in kept],
        "hovertemplate": "%{text}",
        "meta": {"only_x": True},
        "showlegend": False,
    }
    return Row(14, "snapshots", "", [trace])
