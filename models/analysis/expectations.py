"""Whether contrasts show what was expected of them: reproduced, contradicted, or inconclusive.

A claim is judged by where the resampled estimates lie, never by a p value alone: "no effect within m" needs an interval
inside +-m, for a difference that is not significant is no absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from models.analysis.contrasts import ContrastResult
from models.analysis.statistics import Floats, Interval, bootstrap_p, holm, share_beyond
from models.specs.outcomes import AnalysisSpec, ExpectationSpec

Verdict = Literal["reproduced", "contradicted", "inconclusive"]


@dataclass(frozen=True)
class Judgement:
    """An expectation and what has become of it."""

    contrast: str
    relation: str
    margin: float
    estimate: Interval
    """As the contrast gives it."""
    p: float | None
    """Two-sided, of the paired bootstrap: how easily the estimate would lie on the other side of the margin."""
    p_corrected: float | None
    verdict: Verdict
    reason: str
    """What the verdict rests on, or why there is none."""


@dataclass(frozen=True)
class _Leaning:
    """Which way the estimates lean, and how firmly; p None: nobody can say, and why."""

    holds: bool
    p: float | None
    reason: str = ""


def judge(
    expected: Sequence[ExpectationSpec], results: Mapping[str, ContrastResult], analysis: AnalysisSpec
) -> list[Judgement]:
    """A verdict on every expectation; p values are corrected over all of them as the analysis says.

    Reproduced: the estimate lies on the expected side of the margin and its corrected p is at most 1 - level;
    contradicted: it lies on the other side with such a p. While lives still grow, or where lives that diverged are
    missing, nothing can be reproduced or contradicted: a life that was lost would count against its arm.
    """
    leanings = [_leaning(each, results[each.contrast]) for each in expected]
    plain = [each.p for each in leanings]
    corrected = holm(plain) if analysis.correction == "holm" else plain
    return [
        _judgement(each, results[each.contrast], leaning, p, 1.0 - analysis.level)
        for each, leaning, p in zip(expected, leanings, corrected, strict=True)
    ]


def _judgement(
    expected: ExpectationSpec, result: ContrastResult, leaning: _Leaning, p: float | None, most: float
) -> Judgement:
    verdict: Verdict = "inconclusive"
    reason = leaning.reason
    if p is not None:
        if p <= most:
            verdict = "reproduced" if leaning.holds else "contradicted"
        side = "meet" if leaning.holds else "miss"
        reason = f"resampled estimates {side} the margin, corrected p {p:.3g}; at most {most:.3g} decides"
    return Judgement(
        contrast=expected.contrast,
        relation=expected.relation,
        margin=expected.margin,
        estimate=result.estimate,
        p=leaning.p,
        p_corrected=p,
        verdict=verdict,
        reason=reason,
    )


def _leaning(expected: ExpectationSpec, result: ContrastResult) -> _Leaning:
    if result.growing:
        return _Leaning(False, None, f"{result.growing} lives still grow")
    if result.missing and result.diverged:
        return _Leaning(False, None, f"{result.missing} seeds are missing, and {result.diverged} lives diverged")
    if not result.drawn.size:
        return _Leaning(False, None, f"{result.pairs} pairs are too few")
    departures, centre, margin = result.drawn - result.null, result.estimate.value - result.null, expected.margin
    match expected.relation:
        case "above":
            return _Leaning(centre > margin, bootstrap_p(departures, margin))
        case "below":
            return _Leaning(centre < -margin, bootstrap_p(departures, -margin))
        case "within":
            return _within(departures, centre, margin)
        case _:
            assert_never(expected.relation)


def _within(departures: Floats, centre: float, margin: float) -> _Leaning:
    """Inside: neither bound is easily passed. Outside: one of them is hardly ever not."""
    if abs(centre) < margin:
        passed = max(share_beyond(departures, -margin, "below"), share_beyond(departures, margin, "above"))
        return _Leaning(True, min(1.0, 2.0 * passed))
    kept = min(share_beyond(departures, margin, "below"), share_beyond(departures, -margin, "above"))
    return _Leaning(False, min(1.0, 2.0 * kept))
