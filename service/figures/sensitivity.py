"""Effect against onset: an outcome along an axis of the study, with what the trend contrasts say of its peak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from models.specs.durations import Duration
from service.figures.look import Look, faint
from service.figures.outcomes import centre
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, empty, said, stacked
from service.wire.outcomes import ArmOutcome, Contrast, Contrasts, Outcome, Outcomes

PANEL_PX = 250
Group = tuple[tuple[str, str], ...]
"""The labels beside the axis that the arms of one curve share."""


def sensitivity(
    outcomes: Outcomes, contrasts: Contrasts | None, look: Look, origin: Origin, axis: str | None = None
) -> Figure:
    """One panel for each trend contrast; without any, one for each outcome along the axis, or the study's first."""
    sheet = Sheet("sensitivity", look, origin, unified=False)
    trends = [each for each in contrasts.contrasts if each.kind == "trend"] if contrasts else []
    if axis:
        trends = [each for each in trends if each.definition["axis"] == axis]
    panels = [_panel(_named(outcomes, trend.outcome), trend.definition["axis"], trend, look) for trend in trends]
    if not trends:
        chosen = axis or next(iter(_axes(outcomes)), None)
        panels = [_panel(each, chosen, None, look) for each in outcomes.outcomes] if chosen else []
    panels = [panel for panel in panels if panel.traces]
    return stacked(panels, sheet) if panels else empty("no outcome of this study has values along an axis", sheet)


def _named(outcomes: Outcomes, name: str) -> Outcome:
    return next(each for each in outcomes.outcomes if each.name == name)


def _grid(outcome: Outcome) -> list[ArmOutcome]:
    """The arms that differ by their labels alone: others have the labels of an arm here, and more that is changed."""
    return [arm for arm in outcome.arms if arm.origin == "grid"]


def _axes(outcomes: Outcomes) -> list[str]:
    """Labels with at least two values, in the study's order."""
    values: dict[str, set[str]] = {}
    for arm in _grid(outcomes.outcomes[0]) if outcomes.outcomes else ():
        for name, label in arm.labels.items():
            values.setdefault(name, set()).add(label)
    return [name for name, labels in values.items() if len(labels) > 1]


def _panel(outcome: Outcome, axis: str, trend: Contrast | None, look: Look) -> Panel:
    groups: dict[Group, list[ArmOutcome]] = {}
    for arm in _grid(outcome):
        if axis in arm.labels:
            rest = tuple(sorted((name, label) for name, label in arm.labels.items() if name != axis))
            groups.setdefault(rest, []).append(arm)
    labels = list(dict.fromkeys(arm.labels[axis] for arms in groups.values() for arm in arms))
    places, unit = positions(labels)
    within = dict(trend.definition.get("within", {})) if trend else {}
    drawn = [(group, arms) for group, arms in groups.items() if len({arm.labels[axis] for arm in arms}) > 1]
    traces = [
        trace
        for index, (group, arms) in enumerate(drawn)
        for trace in _curve(group, arms, axis, places, _emphasis(group, within), (index, look))
    ]
    x: dict[str, Any] = {"title": f"{axis}{f' ({unit})' if unit else ''}"}
    if not unit:
        x |= {"tickmode": "array", "tickvals": list(places.values()), "ticktext": [said(each) for each in places]}
    shown = "" if outcome.unit == "1" else outcome.unit
    return Panel(
        PANEL_PX,
        traces,
        {"zeroline": True, "zerolinecolor": look.soft, "zerolinewidth": 1},
        outcome.name,
        shown,
        annotations=[_peak(trend, look)] if trend and trend.detail.get("peak") else [],
        own_x=x,
    )


def _emphasis(group: Group, within: Mapping[str, str]) -> bool:
    """Whether the contrast is about this curve."""
    return all(dict(group).get(name) == label for name, label in within.items())


def _curve(
    group: Group,
    arms: Sequence[ArmOutcome],
    axis: str,
    places: Mapping[str, float],
    emphasised: bool,
    drawn: tuple[int, Look],
) -> Iterator[Trace]:
    index, look = drawn
    told = sorted(
        ((places[arm.labels[axis]], arm, value) for arm in arms if (value := centre(arm)) is not None),
        key=lambda each: each[0],
    )
    if not told:
        return
    colour = look.colour(index)
    name = said(", ".join(f"{key} {label}" for key, label in group)) or "all arms"
    lives = [
        (at, life.value, life.seed, arm.name) for at, arm, _ in told for life in arm.lives if life.value is not None
    ]
    yield {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name}, each life",
        "legendgroup": name,
        "showlegend": False,
        "x": [at for at, *_ in lives],
        "y": [value for _, value, *_ in lives],
        "text": [f"{said(arm)}, life {seed}" for _, _, seed, arm in lives],
        "hovertemplate": "%{text}: %{y:.4g}",
        "marker": {"size": 4, "color": faint(colour, 0.35)},
    }
    yield {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "legendgroup": name,
        "x": [at for at, _, _ in told],
        "y": [value for _, _, value in told],
        "error_y": _bars(told, colour),
        "text": [f"{said(arm.name)}: {value:.4g}, n {arm.n}, {arm.n_censored} censored" for _, arm, value in told],
        "hovertemplate": "%{text}",
        "line": {**look.stroke(index), "width": 2.4 if emphasised else 1.2},
        "marker": {"size": 7 if emphasised else 5},
    }


def _bars(told: Sequence[tuple[float, ArmOutcome, float]], colour: str) -> dict[str, Any]:
    bands = [(arm.band.lo, arm.band.hi, value) for _, arm, value in told]
    return {
        "type": "data",
        "symmetric": False,
        "array": [0.0 if hi is None else max(0.0, hi - value) for _, hi, value in bands],
        "arrayminus": [0.0 if lo is None else max(0.0, value - lo) for lo, _, value in bands],
        "color": colour,
        "thickness": 1.2,
        "width": 3,
    }


def _peak(trend: Contrast, look: Look) -> dict[str, Any]:
    """What the contrast says, in words in the corner: its peak is where it is furthest from its end, or from 0."""
    peak, estimate, unit = trend.detail["peak"], trend.estimate, trend.detail.get("unit", "1")
    words = f"{trend.name}: departs most at {_number(peak)}"
    if unit not in ("1", "order"):
        words += f" {unit}"
    if estimate.value is not None:
        words += f"; slope {_number(estimate.model_dump())} {trend.unit}"
    if trend.p_corrected is not None:
        words += f", p {trend.p_corrected:.3g}"
    return {
        "text": said(words),
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "yref": "paper",
        "y": 0,
        "yanchor": "bottom",
        "font": {"size": 11, "color": look.soft},
    }


def _number(interval: Mapping[str, Any]) -> str:
    if interval.get("lo") is None or interval.get("hi") is None:
        return f"{interval['value']:.3g}"
    return f"{interval['value']:.3g} [{interval['lo']:.3g}, {interval['hi']:.3g}]"


def positions(labels: Sequence[str]) -> tuple[dict[str, float], str]:
    """Where labels lie on their axis, and its unit: numbers, durations of one unit, else their order and no unit."""
    numbers = [_as_number(label) for label in labels]
    if all(each is not None for each in numbers):
        return {label: float(each) for label, each in zip(labels, numbers, strict=True) if each is not None}, "1"
    durations = [_as_duration(label) for label in labels]
    units = {each.unit for each in durations if each is not None and each.amount}
    if all(each is not None for each in durations) and len(units) == 1:
        amounts = {label: each.amount for label, each in zip(labels, durations, strict=True) if each is not None}
        return {label: float(amount) for label, amount in amounts.items()}, units.pop()
    return {label: float(place) for place, label in enumerate(labels)}, ""


def _as_number(label: str) -> Decimal | None:
    try:
        return Decimal(label)
    except ArithmeticError:
        return None


def _as_duration(label: str) -> Duration | None:
    try:
        return Duration.parse(label)
    except ValueError:
        return None
