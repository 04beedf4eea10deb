"""Modulators: what they scale, and that one which scales nothing is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from living import History, live, planned

GATE = {"kind": "gate", "probe": "acc", "low": 0.1, "high": 0.5}


def toned(tone: dict[str, Any] | None) -> dict[str, Any]:
    """Two costs, one of its own at V1, and perhaps a modulator."""
    document = tiny_schedule(modulators={"tone": tone} if tone else {})
    document["costs"]["rebuild"] = {"kind": "autoencode", "at": "V1"}
    for stage in document["stages"]:
        stage["costs"]["rebuild"] = 1.0
    return document


def bits(tone: dict[str, Any] | None) -> tuple[dict[str, torch.Tensor], dict[int, History]]:
    cohort, histories = live(planned(toned(tone)), range(2))
    return {**cohort.params, **cohort.learned}, histories


ALL: dict[str, Any] = {"costs": {"rebuild": 1.0, "naming": 2.0}, "plasticity": {"*": 1.0}}


@pytest.mark.parametrize(
    "tone",
    [
        {"level": 1.0, **ALL},
        {"level": GATE | {"from": 1.0, "to": 1.0}, **ALL},
        {"level": GATE, "costs": {"rebuild": 0.0}, "plasticity": {"*": 0.0}},
        {"level": GATE},
    ],
    ids=["level 1", "a gate from 1 to 1", "gain 0", "channel cut"],
)
def test_what_modulates_nothing_is_no_modulator_bit_for_bit(tone: dict[str, Any]) -> None:
    (without, told), (with_it, also) = bits(None), bits(tone)
    assert told == also
    assert all(torch.equal(value, with_it[name]) for name, value in without.items())


@pytest.mark.parametrize(
    ("gain", "level", "factor"), [(1.0, 0.25, 0.25), (2.0, 0.75, 0.5), (-1.0, 0.5, 1.5), (4.0, 0.5, 0.0)]
)
def test_the_factor_of_a_gain_by_hand(gain: float, level: float, factor: float) -> None:
    _, told = bits({"level": level, "costs": {"rebuild": gain}})
    weights = [float(np.frombuffer(value, np.float32)[0]) for _, value in told[0].get((0, "weight.rebuild"), [])]
    assert set(weights) <= {factor}
    assert bool(weights) == bool(factor)
