"""Outcomes of curves small enough to read off by eye."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import TypeAdapter

from models.analysis.outcomes import (
    NO_READINGS,
    Curve,
    LifeFacts,
    LifeOutcome,
    Scale,
    evaluate,
    first_run,
    relative,
)
from models.specs.outcomes import OutcomeSpec

OUTCOME: TypeAdapter[Any] = TypeAdapter(OutcomeSpec)
SCALE = Scale(batch=10, pass_sp=100)
CURVE = Curve(np.array([0.0, 100, 200, 300, 400]), np.array([0.1, 0.5, 0.9, 0.7, 0.8]))
EVENTS = {"stages.early.end": 150.0, "stages.late.start": 150.0, "stages.late.end": 400.0}
LIFE = LifeFacts(400.0, "complete", EVENTS)
DIVERGED = LifeFacts(250.0, "diverged", {"stages.early.end": 150.0})


def outcome(
    kind: str, curve: Curve = CURVE, life: LifeFacts = LIFE, better: Any = "higher", **options: Any
) -> LifeOutcome:
    spec = OUTCOME.validate_json(orjson.dumps({"kind": kind, **options}))
    return evaluate(spec, curve, life, SCALE, better)


def test_final_is_the_mean_of_the_last_window() -> None:
    assert outcome("final", probe="acc", window="2ep").value == pytest.approx((0.7 + 0.8) / 2)
    assert outcome("final", probe="acc", window="1ba").value == 0.8


def test_final_of_a_diverged_life_has_no_value_but_is_counted() -> None:
    assert outcome("final", life=DIVERGED, probe="acc", window="2ep") == LifeOutcome(None, diverged=True)


def test_a_life_ended_by_its_limit_keeps_its_value_with_a_mark() -> None:
    life = LifeFacts(300.0, "censored")
    assert outcome("final", life=life, probe="acc", window="1ep") == LifeOutcome(0.7, censored=True)


def test_best_goes_in_the_direction_of_the_probe() -> None:
    assert outcome("best", probe="acc").value == 0.9
    assert outcome("best", probe="acc", better="lower").value == 0.1
    with pytest.raises(ValueError, match="neither"):
        outcome("best", probe="acc", better="none")


def test_value_at_is_the_last_reading_before_the_event() -> None:
    assert outcome("value_at", probe="acc", event="stages.early.end").value == 0.5
    assert outcome("value_at", probe="acc", event="stages.late.end").value == 0.8
    assert outcome("value_at", life=DIVERGED, probe="acc", event="stages.late.end").value is None
    assert outcome("value_at", life=DIVERGED, probe="acc", event="stages.early.end").value == 0.5


def test_auc_is_the_mean_height_with_interpolated_ends() -> None:
    """150..400: 0.7 at 150, then (35 + 80 + 75 + ...)/250: .8*50 + .8*100 + .75*100 = 195."""
    found = outcome("auc", probe="acc", **{"from": "stages.late.start", "to": "stages.late.end"})
    assert found.value == pytest.approx((0.8 * 50 + 0.8 * 100 + 0.75 * 100) / 250)
    whole = outcome("auc", probe="acc", to="stages.late.end")
    assert whole.value == pytest.approx((30 + 70 + 80 + 75) / 400)


def test_auc_never_extrapolates() -> None:
    assert outcome("auc", curve=CURVE.within(100, 400), probe="acc", to="stages.late.end").value is None
    assert outcome("auc", curve=CURVE.within(0, 300), probe="acc", to="stages.late.end").value is None
    assert outcome("auc", life=DIVERGED, probe="acc", to="stages.late.end").value is None


def criterion(**options: Any) -> LifeOutcome:
    return outcome("samples_to_criterion", probe="acc", op=">=", **options)


def test_samples_to_criterion_count_to_the_first_of_the_run() -> None:
    assert criterion(value=0.7) == LifeOutcome(200.0)
    assert criterion(value=0.7, hold=3) == LifeOutcome(200.0)
    assert criterion(value=0.5, hold=2, by="ba") == LifeOutcome(10.0)


def test_samples_to_criterion_count_from_an_event() -> None:
    assert criterion(value=0.7, **{"from": "stages.late.start"}) == LifeOutcome(50.0)


def test_an_unmet_criterion_is_censored_at_the_end_or_earlier() -> None:
    assert criterion(value=0.95) == LifeOutcome(400.0, censored=True)
    assert criterion(value=0.7, hold=4) == LifeOutcome(400.0, censored=True)
    assert criterion(value=0.7, censor_at="150sp") == LifeOutcome(150.0, censored=True)
    assert criterion(value=0.7, hold=2, censor_at="250sp") == LifeOutcome(250.0, censored=True)


def test_a_criterion_is_watched_for_so_long_from_its_beginning() -> None:
    found = criterion(value=0.95, censor_at="100sp", **{"from": "stages.late.start"})
    assert found == LifeOutcome(100.0, censored=True)


def test_a_diverged_life_is_censored_where_it_diverged() -> None:
    assert criterion(life=DIVERGED, value=0.95) == LifeOutcome(250.0, censored=True, diverged=True)
    assert criterion(life=DIVERGED, value=0.5) == LifeOutcome(100.0, diverged=True)


def test_a_life_that_never_began_to_be_watched_has_no_time() -> None:
    found = criterion(life=DIVERGED, value=0.5, **{"from": "stages.late.start"})
    assert found == LifeOutcome(None, censored=True, diverged=True)


def test_transfer_is_what_later_stages_did_to_a_task_or_earlier_ones_for_it() -> None:
    early = {"probe": "acc", "event": "stages.early.end"}
    assert outcome("transfer", **early).value == pytest.approx(0.8 - 0.5)
    assert outcome("transfer", **early, map={"kind": "negate"}).value == pytest.approx(-0.3)
    late = {"probe": "acc", "event": "stages.late.start", "direction": "forward"}
    assert outcome("transfer", **late).value == pytest.approx(0.5 - 0.1)
    assert outcome("transfer", life=DIVERGED, **early) == LifeOutcome(None, diverged=True)
    assert outcome("transfer", life=LifeFacts(100.0, "censored"), **early) == LifeOutcome(None, censored=True)


def test_not_a_number_breaks_a_run() -> None:
    curve = Curve(CURVE.age_sp, np.array([0.1, 0.9, np.nan, 0.9, 0.9]))
    assert criterion(curve=curve, value=0.9, hold=2) == LifeOutcome(300.0)


def test_the_age_of_an_event_that_did_not_happen_is_censored() -> None:
    assert outcome("event_age", event="stages.late.end") == LifeOutcome(400.0)
    assert outcome("event_age", life=DIVERGED, event="stages.late.end") == LifeOutcome(250.0, True, True)


def test_no_readings_give_no_value() -> None:
    for kind, options in (
        ("final", {"window": "1ep"}),
        ("best", {}),
        ("value_at", {"event": "birth"}),
        ("transfer", {"event": "birth"}),
        ("auc", {"to": "stages.late.end"}),
    ):
        assert outcome(kind, curve=NO_READINGS, probe="acc", **options).value is None
    assert criterion(curve=NO_READINGS, value=0.5) == LifeOutcome(400.0, censored=True)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"kind": "distance", "from": 1.0}, 0.2),
        ({"kind": "negate"}, -0.8),
        ({"kind": "log"}, math.log(0.8)),
    ],
)
def test_maps(how: dict[str, Any], expected: float) -> None:
    assert outcome("final", probe="acc", window="1ba", map=how).value == pytest.approx(expected)


def test_the_logarithm_of_nothing_has_no_value() -> None:
    assert outcome(
        "value_at", curve=Curve(np.zeros(1), np.zeros(1)), probe="acc", event="birth", map={"kind": "log"}
    ) == (LifeOutcome(None))


def test_relative_pairs_by_seed_and_drops_nobody() -> None:
    treated = {1: LifeOutcome(3.0), 2: LifeOutcome(None, diverged=True), 3: LifeOutcome(1.0)}
    reference = {1: LifeOutcome(1.0, censored=True), 2: LifeOutcome(1.0)}
    assert relative(treated, reference) == {
        1: LifeOutcome(2.0, censored=True),
        2: LifeOutcome(None, diverged=True),
        3: LifeOutcome(None),
    }


def test_a_curve_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="must not decrease"):
        Curve(np.array([1.0, 0.0]), np.zeros(2))
    with pytest.raises(ValueError, match="equal lengths"):
        Curve(np.zeros(2), np.zeros(3))


def test_first_run() -> None:
    assert first_run(np.array([1, 0, 1, 1, 1], dtype=bool), 2) == 2
    assert first_run(np.array([1, 0, 1], dtype=bool), 2) is None
