"""How pages tell numbers, times and progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.pages.documents import options, table_of
from service.pages.progress import stage_shares
from service.pages.rendering import NOTHING, number, query, share, since, span, told


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, NOTHING), (12345.0, "12,345"), (0.98237, "0.9824"), (1e-9, "1e-09"), (0, "0"), (-3.5, "-3.5")],
)
def test_numbers(value: float | None, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, NOTHING), (0.25, "0.2 s"), (59, "59 s"), (61, "1 min 1 s"), (7200, "2 h"), (90_061, "1 d 1 h")],
)
def test_spans(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


def test_moments() -> None:
    def ago(**passed: float) -> str:
        return since((datetime.now(UTC) - timedelta(**passed)).isoformat())

    assert (ago(seconds=1), ago(minutes=3, seconds=40), ago(days=2)) == ("just now", "3 min ago", "2 d ago")


def test_shares_queries_and_facts() -> None:
    assert share(0.545) == "55 %"
    assert [share(value) for value in (0, 0.002, 0.006, 0.993, 0.998, 1)] == [
        "0 %", "< 1 %", "1 %", "99 %", "> 99 %", "100 %",
    ]  # fmt: skip
    assert query({"arm": [1, 2], "x": "", "log": None}, life=3) == "?arm=1&arm=2&life=3"
    assert told({"needs": ["label", "noise"], "out": True}) == "needs label, noise, out yes"


def step(stage: str, start: int, end: int, reached: int, **more: Any) -> dict[str, Any]:
    given = {"cohort": 0, "ordinal": 0, "state": "open", "demand": {"offset": 30}}
    return {"stage": stage, "from_age": [start, start], "to_age": [end, end], "reached": reached, **given, **more}


def test_a_step_over_two_stages_is_lived_stage_by_stage() -> None:
    # 30 updates of 10 samples: 0-100 and 100-300; 20 updates are 200 samples
    shares = stage_shares([step("a", 0, 100, 20), step("b", 100, 300, 20)])
    assert [(each.stage, each.share, each.done) for each in shares] == [("a", 1.0, True), ("b", 0.5, False)]


def test_a_stage_that_a_trigger_ended_is_lived_whole() -> None:
    demand = {"until": {}, "limit": 30}
    open_, met = (stage_shares([step("c", 0, 300, 15, demand=demand, state=state)])[0] for state in ("open", "met"))
    assert (open_.share, open_.bound, open_.done) == (0.5, True, False)
    assert (met.share, met.done) == (1.0, True)


def test_cohorts_of_an_arm_are_put_together() -> None:
    shares = stage_shares([step("a", 0, 300, 30, state="met"), step("a", 0, 300, 0, cohort=1)])
    assert [(each.stage, each.share, each.done) for each in shares] == [("a", 0.5, False)]


def test_options_are_told_in_words() -> None:
    schema = {
        "properties": {
            "kind": {"const": "x"},
            "at": {"type": "string", "description": "The area."},
            "rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.5},
            "target": {"anyOf": [{"const": "label"}, {"$ref": "#/$defs/AreaTargetSpec"}], "default": {"kind": "label"}},
        },
        "required": ["kind", "at"],
    }
    assert [tuple(option.values()) for option in options(schema)] == [
        ("at", "string", "required", "The area."),
        ("rate", "number > 0, ≤ 1", "0.5", ""),
        ("target", "label | AreaTarget", "{kind: label}", ""),
    ]
    assert table_of([{"a": 1, "b": 2}, {"a": 3}]) == ["a"]
