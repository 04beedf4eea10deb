"""Histories as curves: every life faint, the mean over lives with its band in front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.figures.look import Look, faint
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, age_axis, empty, said, stacked

Answer = Mapping[str, Any]
PANEL_PX = 190
AXES = {
    "age": "age (samples)",
    "stage_time": "time in the stage (samples)",
    "updates": "updates",
    "wall": "training time (s)",
}


@dataclass(frozen=True)
class Curves:
    """The history answers that are drawn together; all of one question."""

    mean: Answer | None = None
    """With `over=seed`."""
    lives: Answer | None = None
    """Without; drawn faint."""
    chosen: Answer | None = None
    """Of the one life that is looked at; drawn in ink."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Of the arms, by index."""
    costs: Sequence[str] = ()
    """In the document's order, which gives them their colours."""
    log: bool = False
    notes: tuple[str, ...] = ()

    @property
    def traces(self) -> list[Answer]:
        """All curves."""
        return [trace for answer in (self.lives, self.mean, self.chosen) if answer for trace in answer["traces"]]

    @property
    def answers(self) -> list[Answer]:
        """The answers that are there."""
        return [answer for answer in (self.mean, self.lives, self.chosen) if answer]


def curves(given: Curves, look: Look, origin: Origin, figure: str = "curves", end_sp: float | None = None) -> Figure:
    """One panel for each unit or family of series; lives faint, mean and band, and the life that is looked at."""
    asked = given.answers[0]["query"]["x"] if given.answers else "age"
    last = max((trace["x"][-1] for trace in given.traces if len(trace["x"])), default=0)
    x = age_axis(end_sp or last) if asked == "age" else {"title": AXES[asked]}
    sheet = Sheet(figure, look, origin, x, given.notes)
    panels = curve_panels(given, look)
    return stacked(panels, sheet) if panels else empty("nothing of these series has been recorded yet", sheet)


def bands(given: Curves, look: Look, origin: Origin) -> Figure:
    """Means and bands alone, arm against arm."""
    return curves(Curves(mean=given.mean, names=given.names, costs=given.costs, log=given.log), look, origin, "bands")


def curve_panels(given: Curves, look: Look) -> list[Panel]:
    """The panels of all series, accuracies first, costs last."""
    units: dict[str, str] = {trace["series"]: trace["unit"] for trace in given.traces}
    groups: dict[tuple[int, str, str], list[str]] = {}
    for series, unit in units.items():
        groups.setdefault(_panel_of(series, unit), []).append(series)
    return [
        _panel(given, title, unit, sorted(group), look)
        for (_, title, unit), group in sorted(groups.items(), key=lambda each: each[0])
    ]


def _panel_of(series: str, unit: str) -> tuple[int, str, str]:
    """Place, title and unit of the panel of a series: probes of one unit together, else by name; others by family."""
    family, _, name = series.partition(".")
    shown = "" if unit == "1" else unit
    if family == "probe":
        return (0, "probes", shown) if shown else (1, name.partition(".")[0], shown)
    return (2 if family == "cost" else 3, family.replace("_", " "), shown)


def _panel(given: Curves, title: str, unit: str, group: Sequence[str], look: Look) -> Panel:
    traces: list[Trace] = []
    for answer, draw in ((given.lives, _faint), (given.mean, _mean), (given.chosen, _chosen)):
        for (series, arm), found in _by_curve(answer, group).items():
            stroke = look.stroke(_index(given, group, series, arm))
            name = _name(given, group, series, arm)
            traces += draw(found, name, stroke, look)
    _tell_once(traces)
    shares = unit == "fraction"
    return Panel(PANEL_PX, traces, {"type": "log"} if given.log and not shares else {}, title, unit)


def _by_curve(answer: Answer | None, group: Sequence[str]) -> dict[tuple[str, int], list[Answer]]:
    found: dict[tuple[str, int], list[Answer]] = {}
    for trace in answer["traces"] if answer else ():
        if trace["series"] in group:
            found.setdefault((trace["series"], trace["arm"]), []).append(trace)
    return dict(sorted(found.items(), key=lambda each: (group.index(each[0][0]), each[0][1])))


def _arms(given: Curves) -> list[int]:
    return sorted({trace["arm"] for trace in given.traces})


def _index(given: Curves, group: Sequence[str], series: str, arm: int) -> int:
    """One arm: a colour for each series, costs as in the strip. Several: one for each curve."""
    arms = _arms(given)
    name = series.partition(".")[2]
    if len(arms) == 1:
        return list(given.costs).index(name) if name in given.costs else group.index(series)
    return group.index(series) * len(arms) + arms.index(arm)


def _name(given: Curves, group: Sequence[str], series: str, arm: int) -> str:
    parts = [series.partition(".")[2]] if len(group) > 1 or len(_arms(given)) == 1 else []
    if len(_arms(given)) > 1:
        parts.insert(0, given.names.get(arm, f"arm {arm}"))
    return said(" · ".join(parts))


def _faint(found: Sequence[Answer], name: str, stroke: Mapping[str, Any], look: Look) -> Iterator[Trace]:
    """All lives of a curve as one trace, a gap between two; and where their values were not finite."""
    x: list[float | None] = []
    y: list[float | None] = []
    for trace in found:
        x += [*trace["x"], None]
        y += [*trace["y"], None]
    yield {
        "type": "scatter",
        "mode": "lines",
        "name": f"{name}, each life",
        "legendgroup": name,
        "showlegend": False,
        "x": x,
        "y": y,
        "line": {"color": faint(stroke["color"], 0.28), "width": 1},
        "hoverinfo": "skip",
        "connectgaps": False,
        "meta": {"seeds": [trace["seed"] for trace in found]},
    }
    yield from _nonfinite(found, name, look)


def _nonfinite(found: Sequence[Answer], name: str, look: Look) -> Iterator[Trace]:
    """Crosses where a value was no number, at the height of the last one that was."""
    points = [
        (trace["x"][place], _last_finite(trace["y"], place), f"{what}, life {trace['seed']}")
        for trace in found
        for place, what in trace.get("nonfinite", ())
    ]
    if points:
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": f"{name}, not finite",
            "legendgroup": name,
            "showlegend": False,
            "x": [x for x, _, _ in points],
            "y": [y for _, y, _ in points],
            "text": [what for _, _, what in points],
            "hovertemplate": "%{text}",
            "marker": {"symbol": "x", "size": 8, "color": look.alarm},
        }


def _last_finite(values: Sequence[float | None], place: int) -> float:
    return next((value for value in reversed(values[: place + 1]) if value is not None), 0.0)


def _mean(found: Sequence[Answer], name: str, stroke: Mapping[str, Any], look: Look) -> Iterator[Trace]:
    """A statistic over lives; its band is a polygon behind it."""
    for trace in found:
        band = trace.get("band")
        if band:
            yield _band(trace, name, stroke)
        n = trace.get("n") or [None] * len(trace["x"])
        yield {
            "type": "scatter",
            "mode": "lines+markers" if len(trace["x"]) == 1 else "lines",
            "name": name if trace["stat"] == "mean" else f"{name} {trace['stat']}",
            "legendgroup": name,
            "x": list(trace["x"]),
            "y": list(trace["y"]),
            "line": {**stroke, "width": 2},
            "customdata": _beside(trace, n),
            "hovertemplate": "%{y:.4g}%{customdata}",
            "connectgaps": False,
        }


def _beside(trace: Answer, n: Sequence[int | None]) -> list[str]:
    """Band and number of lives at every point, in words."""
    band = trace.get("band") or {"lo": n, "hi": n, "level": 0.0, "kind": ""}
    return [
        (f" [{lo:.4g}, {hi:.4g}]" if trace.get("band") and lo is not None and hi is not None else "")
        + (f" n {lives}" if lives is not None else "")
        for lo, hi, lives in zip(band["lo"], band["hi"], n, strict=True)
    ]


def _band(trace: Answer, name: str, stroke: Mapping[str, Any]) -> Trace:
    """The band as polygons, one for every stretch in which both bounds are known."""
    x: list[float | None] = []
    y: list[float | None] = []
    for stretch in _stretches(trace):
        if x:
            x.append(None)
            y.append(None)
        x += [at for at, _, _ in stretch] + [at for at, _, _ in reversed(stretch)]
        y += [high for _, _, high in stretch] + [low for _, low, _ in reversed(stretch)]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{name}, {trace['band']['level']:.0%} band ({trace['band']['kind']})",
        "legendgroup": name,
        "showlegend": False,
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": faint(stroke["color"], 0.16),
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _stretches(trace: Answer) -> Iterator[list[tuple[float, float, float]]]:
    stretch: list[tuple[float, float, float]] = []
    for at, low, high in zip(trace["x"], trace["band"]["lo"], trace["band"]["hi"], strict=True):
        if low is None or high is None:
            if stretch:
                yield stretch
            stretch = []
        else:
            stretch.append((at, low, high))
    if stretch:
        yield stretch


def _tell_once(traces: Sequence[Trace]) -> None:
    """The legend names the life that is looked at once a panel; its curves are those of its colour's dash in ink."""
    chosen = [trace for trace in traces if "life" in trace.get("meta", {})]
    for place, trace in enumerate(chosen):
        trace |= {"showlegend": place == 0, "legendgroup": "life"}


def _chosen(found: Sequence[Answer], name: str, stroke: Mapping[str, Any], look: Look) -> Iterator[Trace]:
    for trace in found:
        yield {
            "type": "scatter",
            "mode": "lines",
            "name": f"life {trace['seed']}, {name}",
            "meta": {"life": trace["seed"]},
            "x": list(trace["x"]),
            "y": list(trace["y"]),
            "line": {"color": look.ink, "width": 1.6, "dash": stroke["dash"]},
            "hovertemplate": "%{y:.4g}",
            "connectgaps": False,
        }
