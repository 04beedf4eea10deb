"""What the schedule turns, in numbers."""

from __future__ import annotations

import numpy as np
import pytest
from raising import chain, one_stage

from models.engine.knobs import KnobBoard

RAMP = {"kind": "ramp", "end": "10ba", "from": 0.0, "to": 1.0}


def test_constant_knobs_are_evaluated_once() -> None:
    board = KnobBoard(one_stage(chain(4)))
    ages = np.array([0, 0])
    assert board.at(0, ages) is board.at(7, ages + 140)


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
