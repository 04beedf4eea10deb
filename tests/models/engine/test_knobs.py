"""What the schedule turns, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from raising import chain, one_stage

from models.engine.knobs import KnobBoard

RAMP = {"kind": "ramp", "end": "10ba", "from": 0.0, "to": 1.0}


def test_constant_knobs_are_evaluated_once() -> None:
    board = KnobBoard(one_stage(chain(4)))
    ages = np.array([0, 0])
    assert board.at(0, ages) is board.at(7, ages + 140)


def test_constant_knobs_are_those_of_as_many_lives_as_ask() -> None:
    board = KnobBoard(one_stage(chain(4)))
    assert [board.at(0, np.zeros(lives, dtype=np.int64)).weight_CN.shape for lives in (2, 3, 1)] == [
        (1, 2),
        (1, 3),
        (1, 1),
    ]


def test_the_rate_is_the_product_of_all_that_scales_it() -> None:
    organism = chain(4, lr_scale=3.0)
    regime = one_stage(organism, stage={"plasticity": {"*": 1.0, "a1": [0.5, RAMP]}, "until": {"after": "20ba"}})
    knobs = KnobBoard(regime).at(4, np.array([80]))
    assert knobs.plasticity_AN[0, 0] == pytest.approx(0.5 * 0.4)
    assert knobs.rate_AN[:, 0] == pytest.approx([0.05 * 3.0 * 0.2, 0.05])


def test_weights_follow_stage_time_and_overlays_each_life_s_age() -> None:
    deficits = {"haze": {"transform": {"kind": "noise", "sigma": 1.0}, "onset": "2ba", "duration": "3ba"}}
    stage = {
        "costs": {"naming": RAMP},
        "until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.5}},
        "limit": "20ba",
    }
    board = KnobBoard(one_stage(chain(4), deficits=deficits, stage=stage))
    knobs = board.at(5, np.array([20, 40, 99, 100]))
    assert knobs.weight_CN.tolist() == [[0.5] * 4]
    assert knobs.strength_DN.tolist() == [[0.0, 1.0, 1.0, 0.0]]


OPEN = {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.5}}, "limit": "20ba"}
"""A stage whose end nobody knows, so that it is not cut where something changes."""


def board(**changes: Any) -> KnobBoard:
    return KnobBoard(one_stage(chain(4), stage=OPEN | changes.pop("stage", {}), **changes))


def test_plasticity_follows_stage_time_and_windows_each_life_s_age() -> None:
    periods = {"early": {"areas": ["a1"], "closes": "5ba", "closed_level": 0.25}}
    knobs = board(stage={"plasticity": {"*": RAMP}}, critical_periods=periods).at(4, np.array([0, 99, 100, 400]))
    assert knobs.plasticity_AN[0].tolist() == pytest.approx([0.4, 0.4, 0.1, 0.1])
    assert knobs.plasticity_AN[1].tolist() == pytest.approx([0.4] * 4), "the window is of another area"


def test_stage_time_goes_on_where_a_stretch_begins_within_its_stage() -> None:
    regime = one_stage(chain(4), stage=OPEN | {"costs": {"naming": RAMP}})
    later = KnobBoard(regime.model_copy(update={"stage_origin_sp": 40}))
    assert later.at(5, np.array([0])).weight_CN.tolist() == [[0.7]]


def test_modulators_scale_costs_and_plasticity_by_age() -> None:
    modulators = {"calm": {"level": RAMP, "costs": {"naming": 0.5}, "plasticity": {"a1": 2.0}}}
    knobs = board(modulators=modulators).at(0, np.array([50, 150, 300]))
    # max(0, 1 + gain (level - 1)) at levels .25, .75 and 1
    assert knobs.weight_CN[0].tolist() == pytest.approx([0.625, 0.875, 1.0])
    assert knobs.plasticity_AN.tolist() == [pytest.approx([0.0, 0.5, 1.0]), [1.0] * 3]


def test_gates_turn_what_time_leaves_alone() -> None:
    gate = {"kind": "gate", "probe": "acc", "low": 0.0, "high": 1.0}
    turned = board(stage={"costs": {"naming": gate}})
    (probe,), ages = turned.regime.gates, np.array([0, 0])
    first = turned.at(0, ages, ({probe: (0.25,)}, {}))
    assert first.weight_CN.tolist() == [[0.25, 0.0]]
    assert turned.at(1, ages, ({probe: (0.75,)}, {probe: (0.5,)})).weight_CN.tolist() == [[0.75, 0.5]]


FOG = {"transform": {"kind": "noise", "sigma": 1.0}, "onset": "0sp", "duration": "30ba"}


@pytest.mark.parametrize(
    ("changes", "row", "early", "late"),
    [
        ({"deficits": {"fog": FOG | {"strength": RAMP}}}, "strength_DN", 0.25, 0.75),
        ({"deficits": {"fog": FOG | {"onset": "5ba"}}}, "strength_DN", 0.0, 1.0),
        ({"deficits": {"fog": FOG | {"onset": "5ba", "strength": RAMP}}}, "strength_DN", 0.0, 0.75),
        ({"deficits": {"fog": FOG | {"duration": "5ba"}}}, "strength_DN", 1.0, 0.0),
        ({"deficits": {"fog": FOG | {"onset": "5ba"}, "haze": FOG}}, "strength_DN", 0.0, 1.0),
        ({"modulators": {"calm": {"level": RAMP, "costs": {"naming": 1.0}}}}, "weight_CN", 0.25, 0.75),
        ({"critical_periods": {"rate": {"areas": ["*"], "level": RAMP}}}, "plasticity_AN", 0.25, 0.75),
        ({"critical_periods": {"early": {"areas": ["*"], "closes": "5ba"}}}, "plasticity_AN", 1.0, 0.0),
    ],
)
def test_whatever_changes_alone_is_evaluated_again(
    changes: dict[str, Any], row: str, early: float, late: float
) -> None:
    turned = board(**changes)
    assert [float(getattr(turned.at(0, np.array([age])), row)[0, 0]) for age in (50, 150)] == [early, late]


@pytest.mark.parametrize(
    ("changes", "row"), [({"costs": {"naming": RAMP}}, "weight_CN"), ({"plasticity": {"*": RAMP}}, "plasticity_AN")]
)
def test_weights_and_plasticity_are_evaluated_again_as_the_stage_goes_on(changes: dict[str, Any], row: str) -> None:
    turned = board(stage=changes)
    assert [float(getattr(turned.at(offset, np.array([0])), row)[0, 0]) for offset in (2, 8)] == [0.2, 0.8]


def test_knobs_are_the_same_object_while_nothing_is_turned() -> None:
    turned = board(deficits={"fog": FOG | {"onset": "5ba"}})
    before, still, after = (turned.at(0, np.array([age])) for age in (20, 60, 150))
    assert before is still
    assert after is not still


def test_the_level_of_a_modulator_that_follows_a_probe_is_told() -> None:
    gate = {"kind": "gate", "probe": "acc", "low": 0.0, "high": 2.0}
    turned = board(modulators={"calm": {"level": gate, "plasticity": {"a1": 1.0}}})
    (probe,) = turned.regime.gates
    knobs = turned.at(0, np.array([0, 0]), ({probe: (0.5,)}, {probe: (1.5,)}))
    assert knobs.level_MN.tolist() == [[0.25, 0.75]]
    assert knobs.plasticity_AN[0].tolist() == [0.25, 0.75]
