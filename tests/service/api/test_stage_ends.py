"""Ends of stages that no trigger decides, told from paths by hand."""

from __future__ import annotations

from typing import Any

from service.api.stage_ends import fixed_ends


def span(stage: str, start: int, end: int) -> dict[str, Any]:
    return {"stage": stage, "start": start, "end": end}


def step(ordinal: int, reached: int, *spans: dict[str, Any], **more: Any) -> dict[str, Any]:
    row = {"arm": 0, "cohort": 0, "ordinal": ordinal, "reached": reached, "spans": list(spans), "seeds": [3, 4]}
    about = {"trajectory": f"trj_{ordinal}", "ending_id": None, "regime": {"batch": 10}, "born": {"3": 0, "4": 50}}
    return row | about | more


def ends(*steps: dict[str, Any], transitions: tuple[dict[str, Any], ...] = ()) -> list[tuple[str, int, int]]:
    return [(row["stage"], row["seed"], row["age_sp"]) for row in fixed_ends(steps, transitions)]


def test_a_stage_cut_into_steps_ends_once_at_each_lifes_own_age() -> None:
    path = (step(0, 20, span("a", 0, 20)), step(1, 30, span("a", 0, 10), span("b", 10, 30)))
    assert ends(*path) == [("a", 3, 100), ("a", 4, 150), ("b", 3, 300), ("b", 4, 350)]


def test_what_is_not_reached_has_not_ended() -> None:
    path = (step(0, 20, span("a", 0, 20)), step(1, 15, span("b", 0, 10), span("c", 10, 30)))
    assert [stage for stage, _, _ in ends(*path)] == ["a", "a", "b", "b"]
    waiting = step(1, 0, span("b", 0, 10), trajectory=None) | {"reached": None}
    assert [stage for stage, _, _ in ends(path[0], waiting)] == ["a", "a"]


def test_a_stage_that_a_trigger_ends_is_told_by_the_trigger() -> None:
    path = step(0, 40, span("a", 0, 20), span("b", 20, 40), ending_id="e1")
    assert [stage for stage, _, _ in ends(path)] == ["a", "a"]


def test_a_life_that_diverged_before_ends_no_stage() -> None:
    gone = {"arm": 0, "ordinal": 0, "seed": 4, "offset": 12, "status": "diverged"}
    path = step(0, 40, span("a", 0, 10), span("b", 10, 40))
    assert ends(path, transitions=(gone,)) == [("a", 3, 100), ("a", 4, 150), ("b", 3, 400)]


def test_arms_do_not_run_into_each_other() -> None:
    first, second = step(0, 20, span("a", 0, 20)), step(0, 20, span("a", 0, 20), arm=1)
    assert [row["arm"] for row in fixed_ends((first, second), ())] == [0, 0, 1, 1]
