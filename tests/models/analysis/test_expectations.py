"""Verdicts on estimates whose place is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.analysis.contrasts import ContrastResult
from models.analysis.expectations import Judgement, judge
from models.analysis.statistics import Interval, bootstrap, percentile_interval
from models.specs.outcomes import AnalysisSpec, ExpectationSpec

ANALYSIS = AnalysisSpec()


def result(centre: float, *, spread: float = 1.0, null: float = 0.0, name: str = "c", **changes: Any) -> ContrastResult:
    """A contrast over twenty pairs with standard normal quantiles around a centre."""
    share = (np.arange(20) + 0.5) / 20
    differences = centre + spread * (share - 0.5)
    drawn = bootstrap(differences, "mean", 2000, "d") + null
    given: dict[str, Any] = {
        "name": name,
        "kind": "pair",
        "outcome": "out",
        "method": "paired_bootstrap",
        "estimate": percentile_interval(centre + null, drawn, 0.95),
        "p": None,
        "p_corrected": None,
        "effect": None,
        "pairs": 20,
        "missing": 0,
        "censored": 0,
        "diverged": 0,
        "growing": 0,
        "null": null,
        "drawn": drawn,
    }
    return ContrastResult(**{**given, **changes})


def verdict(relation: str, margin: float, found: ContrastResult) -> Judgement:
    (judged,) = judge([ExpectationSpec(contrast="c", relation=relation, margin=margin)], {"c": found}, ANALYSIS)  # type: ignore[arg-type]
    return judged


@pytest.mark.parametrize(
    ("relation", "margin", "centre", "expected"),
    [
        ("above", 0.5, 1.0, "reproduced"),
        ("above", 0.5, 0.5, "inconclusive"),
        ("above", 0.5, 0.0, "contradicted"),
        ("above", 0.5, -1.0, "contradicted"),
        ("above", -0.5, 0.0, "reproduced"),
        ("below", 0.5, -1.0, "reproduced"),
        ("below", 0.5, -0.55, "inconclusive"),
        ("below", 0.5, 0.0, "contradicted"),
        ("below", 0.5, 1.0, "contradicted"),
        ("within", 0.5, 0.0, "reproduced"),
        ("within", 0.5, 0.45, "inconclusive"),
        ("within", 0.5, 0.55, "inconclusive"),
        ("within", 0.5, 1.0, "contradicted"),
        ("within", 0.5, -1.0, "contradicted"),
    ],
)
def test_a_verdict_follows_from_where_the_estimates_lie(
    relation: str, margin: float, centre: float, expected: str
) -> None:
    assert verdict(relation, margin, result(centre)).verdict == expected


def test_within_takes_twice_the_share_beyond_the_nearer_bound() -> None:
    inside = np.array([0.0] * 96 + [0.6] * 2 + [-0.6])
    assert verdict("within", 0.5, result(0.0, drawn=inside)).p == pytest.approx(2 * 3 / 100)
    outside = np.array([1.0] * 95 + [0.0] * 4)
    assert verdict("within", 0.5, result(1.0, drawn=outside)).p == pytest.approx(2 * 5 / 100)


def test_lives_that_diverged_and_have_a_value_all_the_same_count() -> None:
    assert verdict("above", 0.5, result(1.0, diverged=1)).verdict == "reproduced"


def test_a_difference_that_is_not_significant_is_no_absence() -> None:
    wide = result(0.0, spread=8.0)
    assert verdict("within", 0.5, wide).verdict == "inconclusive"
    assert verdict("above", 0.0, wide).verdict == "inconclusive"


@given(centre=st.floats(-1.5, 1.5), margin=st.floats(-1.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_single_claim_holds_exactly_where_its_interval_lies_beyond_the_margin(centre: float, margin: float) -> None:
    found = result(centre)
    if abs(found.estimate.low - margin) > 0.01 and abs(found.estimate.high - margin) > 0.01:
        above = verdict("above", margin, found).verdict
        expected = (
            "reproduced" if found.estimate.low > margin else "contradicted" if found.estimate.high < margin else ""
        )
        assert above == (expected or "inconclusive")
    wide = abs(margin) + 0.01
    clear = all(abs(abs(bound) - wide) > 0.01 for bound in (found.estimate.low, found.estimate.high))
    if clear:
        inside = -wide < found.estimate.low and found.estimate.high < wide
        assert (verdict("within", wide, found).verdict == "reproduced") == inside


def test_a_ratio_is_held_against_one() -> None:
    found = result(0.5, null=1.0)
    assert found.estimate.value == pytest.approx(1.5)
    assert verdict("above", 0.2, found).verdict == "reproduced"
    assert verdict("within", 0.1, result(0.0, spread=0.2, null=1.0)).verdict == "reproduced"


def test_several_claims_are_corrected_together() -> None:
    centres = [1.0, 0.13, 0.13]
    results = {f"c{i}": result(centre, name=f"c{i}") for i, centre in enumerate(centres)}
    expected = [ExpectationSpec(contrast=name, relation="above") for name in results]
    judged = judge(expected, results, ANALYSIS)
    alone = [judge([each], results, ANALYSIS)[0] for each in expected]
    assert [each.verdict for each in alone] == ["reproduced"] * 3
    assert 0.025 < (alone[1].p or 0.0) <= 0.05
    assert [each.verdict for each in judged] == ["reproduced", "inconclusive", "inconclusive"]
    plain = judge(expected, results, AnalysisSpec(correction="none"))
    assert [each.verdict for each in plain] == ["reproduced"] * 3


def test_a_lost_life_keeps_a_claim_open() -> None:
    lost = result(5.0, missing=1, diverged=1)
    judged = verdict("above", 0.0, lost)
    assert (judged.verdict, judged.p) == ("inconclusive", None)
    assert judged.reason == "1 seeds are missing, and 1 lives diverged"


def test_nothing_is_judged_while_lives_grow_or_pairs_lack() -> None:
    assert verdict("above", 0.0, result(5.0, growing=2)).reason == "2 lives still grow"
    nothing = result(5.0, pairs=1, drawn=np.empty(0), estimate=Interval(5.0, np.nan, np.nan))
    assert verdict("above", 0.0, nothing).reason == "1 pairs are too few"


def test_within_needs_room() -> None:
    with pytest.raises(ValueError, match="margin above 0"):
        ExpectationSpec(contrast="c", relation="within", margin=0.0)
