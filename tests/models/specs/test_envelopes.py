"""Envelopes: their values by hand, where they begin and end, what they never leave."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import TypeAdapter

from models.specs.envelopes import Scalar, gates, is_switch, is_timeless, is_zero, span, value

RAMP: dict[str, Any] = {"kind": "ramp", "start": "100sp", "end": "300sp", "from": 2.0, "to": 8.0}
PULSE: dict[str, Any] = {"kind": "pulse", "onset": "10sp", "duration": "5sp", "height": 3.0, "base": 0.5}
STEPS: dict[str, Any] = {"kind": "steps", "points": [["0sp", 1.0], ["20sp", 4.0], ["50sp", 2.0]]}
DECAY: dict[str, Any] = {"kind": "decay", "start": "10sp", "half_life": "20sp", "base": 9.0, "floor": 1.0}
GATE: dict[str, Any] = {"kind": "gate", "probe": "p", "low": 0.0, "high": 1.0}


def scalar(written: Any) -> Scalar:
    read: Scalar = TypeAdapter(Scalar).validate_python(written, strict=False)
    return read


@pytest.mark.parametrize(
    ("shape", "quarter", "half"),
    [
        ("linear", 3.5, 5.0),
        # (1 - cos(pi / 4)) / 2 of the way
        ("cosine", 2.0 + 6.0 * (1.0 - math.sqrt(0.5)) / 2.0, 5.0),
        # 2 (8 / 2)^u
        ("exp", 2.0 * math.sqrt(2.0), 4.0),
        # the logistic of -3 between those of -6 and 6
        (
            "logistic",
            2.0
            + 6.0 * (1 / (1 + math.exp(3)) - 1 / (1 + math.exp(6))) / (1 / (1 + math.exp(-6)) - 1 / (1 + math.exp(6))),
            5.0,
        ),
    ],
)
def test_ramps_hit_both_ends_and_bend_by_their_shape(shape: str, quarter: float, half: float) -> None:
    ramp = scalar(RAMP | {"shape": shape})
    assert [value(ramp, t) for t in (0, 100, 300, 900)] == [2.0, 2.0, 8.0, 8.0]
    assert value(ramp, 150) == pytest.approx(quarter)
    assert value(ramp, 200) == pytest.approx(half)


def test_a_pulse_holds_its_onset_and_not_its_end() -> None:
    assert [value(scalar(PULSE), t) for t in (0, 9, 10, 14, 15, 99)] == [0.5, 0.5, 3.0, 3.0, 0.5, 0.5]


def test_a_step_is_taken_at_its_time() -> None:
    assert [value(scalar(STEPS), t) for t in (-1, 0, 19, 20, 49, 50, 99)] == [1.0, 1.0, 1.0, 4.0, 4.0, 2.0, 2.0]


def test_a_decay_halves_what_lies_above_its_floor_and_restarts() -> None:
    assert [value(scalar(DECAY), t) for t in (0, 10, 30, 50)] == pytest.approx([9.0, 9.0, 5.0, 3.0])
    again = scalar(DECAY | {"restart_at": ["50sp", "60sp"]})
    assert [value(again, t) for t in (30, 49.999, 50, 60, 80)] == pytest.approx([5.0, 3.0, 9.0, 9.0, 5.0], rel=1e-4)


def test_a_list_is_a_product_and_only_its_envelopes_move() -> None:
    product = scalar([0.5, PULSE, STEPS])
    assert value(product, 12) == 0.5 * 3.0 * 1.0
    assert value(product, 30) == 0.5 * 0.5 * 4.0
    assert [gate.probe for gate in gates(scalar([0.5, GATE, STEPS]))] == ["p"]
    assert [is_timeless(scalar(each)) for each in (0.5, [0.5, GATE], [0.5, PULSE], STEPS)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("envelope", "low", "high"),
    [
        (-1.5, -1.5, -1.5),
        (RAMP, 2.0, 8.0),
        (RAMP | {"from": 9.0}, 8.0, 9.0),
        (PULSE, 0.5, 3.0),
        (PULSE | {"duration": "0sp"}, 0.5, 0.5),
        (STEPS, 1.0, 4.0),
        (DECAY, 1.0, 9.0),
        (GATE, 0.0, 1.0),
        (GATE | {"initial": -2.0}, -2.0, 1.0),
        (GATE | {"from": 0.5, "to": 0.2, "initial": 3.0}, 0.2, 3.0),
    ],
)
def test_the_span_is_from_the_smallest_to_the_largest_value(envelope: Any, low: float, high: float) -> None:
    assert span(scalar(envelope)) == (low, high)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "zero", "switch"),
    [
        (0.0, True, True),
        (1.0, False, True),
        (0.5, False, False),
        ([0.0, 7.0], True, False),
        ([RAMP, 0.0], True, False),
        (PULSE | {"height": 1.0, "base": 0.0}, False, True),
        (PULSE | {"height": 1.0, "base": 0.0, "duration": "0sp"}, True, True),
        (PULSE | {"height": 1.0, "base": 0.5}, False, False),
        ({"kind": "steps", "points": [["0sp", 0.0], ["5sp", 1.0]]}, False, True),
        ({"kind": "steps", "points": [["0sp", 0.0], ["5sp", 0.4], ["6sp", 1.0]]}, False, False),
        (RAMP | {"from": 0.0, "to": 1.0}, False, False),
        (RAMP | {"from": 1.0, "to": 1.0}, False, True),
        (DECAY | {"base": 1.0, "floor": 0.0}, False, False),
        (DECAY | {"base": 0.0, "floor": 0.0}, True, True),
        (GATE, False, False),
        (GATE | {"shape": "step"}, False, True),
        (GATE | {"shape": "step", "initial": 0.5}, False, False),
    ],
)
def test_what_is_0_at_every_time_and_what_is_only_0_or_1(written: Any, zero: bool, switch: bool) -> None:
    assert (is_zero(scalar(written)), is_switch(scalar(written))) == (zero, switch)
