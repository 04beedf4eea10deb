"""Outcomes of a study: every life a mark, every arm its mean and band; censored and diverged lives stay in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.figures.look import Look, faint
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, empty, said, stacked
from service.wire.outcomes import ArmOutcome, Outcome, Outcomes

ROW_PX = 24


def outcomes(answer: Outcomes, look: Look, origin: Origin, chosen: Sequence[str] = ()) -> Figure:
    """One panel for each outcome, one row for each arm, in the order of the study."""
    told = [each for each in answer.outcomes if not chosen or each.name in chosen]
    notes = () if answer.complete else ("lives are still developing: values of those are of their past",)
    arms = [arm.name for each in told[:1] for arm in each.arms]
    left = min(320, 24 + 7 * max(map(len, arms), default=10))
    sheet = Sheet("outcomes", look, origin, notes=notes, unified=False, left=left)
    if not told:
        return empty("the study declares no such outcome", sheet)
    return stacked([_panel(each, look) for each in told], sheet)


def _panel(outcome: Outcome, look: Look) -> Panel:
    names = [said(arm.name) for arm in outcome.arms]
    axis: dict[str, Any] = {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.5, -0.5],
        "fixedrange": True,
    }
    unit = "" if outcome.unit == "1" else outcome.unit
    traces = [*_lives(outcome, look), *_means(outcome, look)]
    return Panel(ROW_PX * len(names) + 12, traces, axis, outcome.name, unit, own_x={})


def _lives(outcome: Outcome, look: Look) -> Iterator[Trace]:
    for name, symbol, colour, fits in (
        ("life", "circle", look.colour(0), (False, False)),
        (
            "censored: at least this" if outcome.time else "censored",
            "triangle-right-open",
            look.colour(1),
            (True, False),
        ),
        ("diverged", "x", look.alarm, (None, True)),
    ):
        told = [
            (row, arm, life)
            for row, arm in enumerate(outcome.arms)
            for life in arm.lives
            if life.value is not None and life.diverged == fits[1] and fits[0] in (None, life.censored)
        ]
        if told:
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [life.value for _, _, life in told],
                "y": [row + (life.seed % 5 - 2) * 0.09 for row, _, life in told],
                "text": [
                    f"{said(arm.name)}, life {life.seed}: {life.value:.4g} ({life.status})" for _, arm, life in told
                ],
                "hovertemplate": "%{text}",
                "meta": {"only_x": True},
                "marker": {
                    "symbol": symbol,
                    "size": 7,
                    "color": faint(colour, 0.55),
                    "line": {"color": colour, "width": 1},
                },
            }


def _means(outcome: Outcome, look: Look) -> Iterator[Trace]:
    """Means with their bands; of times with censored lives the restricted mean, which counts them."""
    told = [(row, arm, value) for row, arm in enumerate(outcome.arms) if (value := centre(arm)) is not None]
    if not told:
        return
    known = [(arm.band.lo is not None and arm.band.hi is not None and value == arm.mean) for _, arm, value in told]
    yield {
        "type": "scatter",
        "mode": "markers",
        "name": "mean, band" if not outcome.time else "mean (restricted where censored), band",
        "x": [value for _, _, value in told],
        "y": [row for row, _, _ in told],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [(arm.band.hi or 0) - value if ok else 0 for (_, arm, value), ok in zip(told, known, strict=True)],
            "arrayminus": [
                value - (arm.band.lo or 0) if ok else 0 for (_, arm, value), ok in zip(told, known, strict=True)
            ],
            "color": look.ink,
            "thickness": 1.5,
            "width": 4,
        },
        "text": [_words(arm, value) for _, arm, value in told],
        "hovertemplate": "%{text}",
        "meta": {"only_x": True},
        "marker": {"symbol": "line-ns", "size": 14, "line": {"color": look.ink, "width": 2.5}},
    }


def centre(arm: ArmOutcome) -> float | None:
    """Where an arm stands: its mean, or the restricted mean where censored lives would falsify it."""
    return arm.restricted_mean if arm.n_censored and arm.restricted_mean is not None else arm.mean


def _words(arm: ArmOutcome, value: float) -> str:
    band = f" [{arm.band.lo:.4g}, {arm.band.hi:.4g}]" if arm.band.lo is not None and arm.band.hi is not None else ""
    few = " (fewer than five lives)" if arm.band.few else ""
    lost = "".join(
        f", {number} {word}"
        for number, word in ((arm.n_censored, "censored"), (arm.n_diverged, "diverged"), (arm.n_missing, "missing"))
        if number
    )
    return f"{said(arm.name)}: {value:.4g}{band}{few}, n {arm.n}{lost}"
