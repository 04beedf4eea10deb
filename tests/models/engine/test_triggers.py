"""When triggers fire, and which leaf decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.engine.triggers import Standing, decide, instants
from models.specs.regime import Ending

BATCH = 10


def ending(until: dict[str, Any], limit: int = 100, entry: int = 0) -> Ending:
    document = {"until": until, "entry": entry, "limit": limit, "on_limit": "advance"}
    return Ending.model_validate(document, strict=False)


def fired(until: dict[str, Any], told: dict[int, float], offset: int, **changes: Any) -> str | None:
    entry = changes.pop("entry", 0)
    pairs = [(place, np.float32(value)) for place, value in told.items() if place <= offset]
    standing = Standing(offset, entry, BATCH, changes.pop("age_sp", offset * BATCH), {"p": pairs}, {"p": True})
    return decide(ending(until, entry=entry), standing)


def first(until: dict[str, Any], told: dict[int, float]) -> int:
    return next(offset for offset in range(1, 101) if fired(until, told, offset) is not None)


def test_after_counts_stage_time() -> None:
    assert fired({"after": "30sp"}, {}, 2) is None
    assert fired({"after": "30sp"}, {}, 3) == "/until/after"
    assert fired({"after": "30sp"}, {}, 12, entry=10) is None
    assert fired({"after": "30sp"}, {}, 13, entry=10) == "/until/after"


def test_age_counts_from_birth_and_a_stage_lasts_one_batch_at_least() -> None:
    assert fired({"age": "50sp"}, {}, 0, age_sp=80) is None
    assert fired({"age": "50sp"}, {}, 1, age_sp=90) == "/until/age"
    assert [fired({"age": "50sp"}, {}, 2, age_sp=age_sp) for age_sp in (49, 50)] == [None, "/until/age"]


def test_a_criterion_met_on_entry_waits_for_the_next_reading() -> None:
    until = {"criterion": {"probe": "p", "op": ">=", "value": 0.5}}
    assert first(until, {0: 0.9, 5: 0.9}) == 5


def test_hold_wants_readings_in_a_row_and_counts_that_on_entry() -> None:
    until = {"criterion": {"probe": "p", "op": ">", "value": 0.5, "hold": 3}}
    assert first(until, {0: 0.9, 5: 0.9, 10: 0.4, 15: 0.6, 20: 0.7, 25: 0.8}) == 25
    assert first(until, {0: 0.9, 5: 0.9, 10: 0.9}) == 10


def test_values_are_compared_as_they_are_stored() -> None:
    assert first({"criterion": {"probe": "p", "op": ">=", "value": 0.9}}, {5: 0.9}) == 5
    assert first({"criterion": {"probe": "p", "op": "<", "value": 0.9}}, {5: 0.9, 10: 0.8}) == 10


def test_a_plateau_fires_when_patience_has_passed_without_a_real_gain() -> None:
    until = {"plateau": {"probe": "p", "min_delta": 0.1, "patience": "100sp"}}
    assert first(until, {0: 0.1, 5: 0.3, 10: 0.35, 15: 0.39, 20: 0.9}) == 15
    assert first(until, {0: 0.1, 5: 0.3, 10: 0.35, 14: 0.41, 20: 0.45, 25: 0.45}) == 25


def test_any_names_the_part_that_held_first_and_all_the_one_that_came_last() -> None:
    parts = [{"criterion": {"probe": "p", "op": ">=", "value": 0.5}}, {"after": "80sp"}]
    assert fired({"any": parts}, {5: 0.6}, 5) == "/until/any/0/criterion"
    assert fired({"any": parts}, {5: 0.1}, 8) == "/until/any/1/after"
    assert fired({"all": parts}, {5: 0.6}, 5) is None
    assert fired({"all": parts}, {5: 0.6}, 8) == "/until/all/1/after"
    assert fired({"all": parts}, {5: 0.1, 10: 0.6}, 10) == "/until/all/0/criterion"


def test_not_turns_a_verdict_but_not_the_lack_of_one() -> None:
    until = {"not": {"criterion": {"probe": "p", "op": ">=", "value": 0.5}}}
    assert fired(until, {0: 0.1}, 3) is None
    assert fired(until, {0: 0.1, 5: 0.1}, 5) == "/until/not/criterion"


def test_what_is_not_known_yet_of_several_is_not_known_of_their_opposite() -> None:
    waiting = {"criterion": {"probe": "p", "op": ">=", "value": 0.5}}
    assert fired({"not": {"any": [waiting, {"after": "80sp"}]}}, {}, 3) is None
    assert fired({"not": {"all": [waiting, {"after": "20sp"}]}}, {}, 3) is None
    assert fired({"not": {"all": [waiting, {"after": "80sp"}]}}, {}, 3) == "/until/not/all/0/criterion"
    assert fired({"not": {"any": [waiting]}}, {}, 3) is None
    assert fired({"not": {"any": [{"after": "80sp"}]}}, {}, 3) == "/until/not/any/0/after"
    still = {"plateau": {"probe": "p", "min_delta": 0.1, "patience": "100sp"}}
    assert [fired({"not": still}, {0: 0.1, 5: 0.2}, offset) for offset in (3, 5)] == [None, "/until/not/plateau"]


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (">=", [False, True, True]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        ("<", [True, False, False]),
    ],
)
def test_a_value_at_its_bound_satisfies_what_allows_for_it(op: str, expected: list[bool]) -> None:
    until = {"criterion": {"probe": "p", "op": op, "value": 0.5}}
    assert [fired(until, {5: value}, 5) is not None for value in (0.25, 0.5, 0.75)] == expected


def test_where_lower_is_better_a_plateau_is_a_lack_of_falling() -> None:
    until = {"plateau": {"probe": "p", "min_delta": 0.1, "patience": "100sp"}}
    for told, expected in (
        ({0: 0.9, 5: 0.5, 10: 0.55, 15: 0.45, 20: 0.1}, 15),
        ({0: 0.9, 5: 0.5, 14: 0.35, 20: 0.35, 24: 0.35}, 24),
    ):
        pairs = [(place, np.float32(value)) for place, value in told.items()]
        ends = [
            decide(
                ending(until),
                Standing(offset, 0, BATCH, 0, {"p": [each for each in pairs if each[0] <= offset]}, {"p": False}),
            )
            for offset in range(1, 30)
        ]
        assert next(offset for offset, end in enumerate(ends, start=1) if end) == expected


def test_a_gain_of_min_delta_is_one_and_no_gain_is_none() -> None:
    exactly = {"plateau": {"probe": "p", "min_delta": 0.5, "patience": "100sp"}}
    assert first(exactly, {0: 0.0, 5: 0.5, 10: 0.5, 15: 0.5}) == 15
    any_at_all = {"plateau": {"probe": "p", "min_delta": 0.0, "patience": "100sp"}}
    assert first(any_at_all, {0: 0.5, 5: 0.5, 10: 0.5}) == 10
    assert first(any_at_all, {0: 0.5, 5: 0.5625, 10: 0.5625, 15: 0.5625}) == 15


def test_a_plateau_is_over_with_the_next_gain_and_counts_from_entry_where_nothing_was_read() -> None:
    until = {"plateau": {"probe": "p", "min_delta": 0.1, "patience": "100sp"}}
    assert fired(until, {0: 0.1, 10: 0.1}, 10) == "/until/plateau"
    assert fired(until, {0: 0.1, 10: 0.1, 20: 0.9}, 20) is None
    nothing = {offset: float("nan") for offset in (20, 25, 30)}
    assert fired(until, nothing, 25, entry=20) is None
    assert fired(until, nothing, 30, entry=20) == "/until/plateau"


def test_parts_are_told_apart_by_when_they_began_to_hold() -> None:
    held = {"criterion": {"probe": "p", "op": ">=", "value": 0.5, "hold": 2}}
    told = {5: 0.6, 10: 0.6, 15: 0.6}
    # the second reading, at 10, completed the row; the time was reached at 8, or 12
    assert fired({"any": [held, {"after": "80sp"}]}, told, 15) == "/until/any/1/after"
    assert fired({"any": [held, {"after": "120sp"}]}, told, 15) == "/until/any/0/criterion"
    assert fired({"all": [held, {"after": "80sp"}]}, told, 15) == "/until/all/0/criterion"
    assert fired({"all": [held, {"after": "120sp"}]}, told, 15) == "/until/all/1/after"
    still = {"plateau": {"probe": "p", "min_delta": 0.1, "patience": "100sp"}}
    assert fired({"all": [still, {"after": "120sp"}]}, {0: 0.6, 10: 0.6, 15: 0.6}, 15) == "/until/all/1/after"
    assert fired({"all": [still, {"after": "80sp"}]}, {0: 0.6, 10: 0.6, 15: 0.6}, 15) == "/until/all/0/plateau"
    # what held on entry holds from the first update on, as early as anything can
    once = {"criterion": {"probe": "p", "op": ">=", "value": 0.5}}
    assert fired({"any": [{"after": "5sp"}, once]}, {20: 0.6, 25: 0.6}, 25, entry=20) == "/until/any/0/after"
    long_ago = [once, {"age": "5sp"}]
    assert fired({"any": long_ago}, {20: 0.6, 25: 0.6}, 25, entry=20) == "/until/any/0/criterion"
    assert fired({"all": long_ago}, {20: 0.6, 25: 0.6}, 25, entry=20) == "/until/all/0/criterion"


def test_the_limit_ends_what_no_trigger_did() -> None:
    until = {"criterion": {"probe": "p", "op": ">=", "value": 0.5}}
    assert fired(until, {5: 0.1}, 99) is None
    assert fired(until, {5: 0.1}, 100) == "limit"
    assert fired(until, {100: 0.7}, 100) == "/until/criterion"


@pytest.mark.parametrize(
    ("until", "age_sp", "expected"),
    [({"after": "35sp"}, 0, 4), ({"age": "75sp"}, 20, 6), ({"age": "5sp"}, 20, 1)],
)
def test_the_instants_include_the_one_at_which_time_alone_decides(
    until: dict[str, Any], age_sp: int, expected: int
) -> None:
    ahead = [each for each in instants(ending(until), 0, iter([age_sp]), BATCH) if each > 0]
    assert min(ahead) <= expected
    assert expected in ahead


def test_a_stage_lasts_one_update_whatever_its_limit() -> None:
    assert next(instants(ending({"after": "1sp"}, limit=10, entry=10), 10, iter([0]), BATCH)) == 11
    assert next(instants(ending({"after": "1sp"}, limit=30, entry=10), 10, iter([0]), BATCH)) == 30
