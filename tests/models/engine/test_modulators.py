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
    unsaid = {life: {at: row for at, row in also[life].items() if at[1] != "modulator.tone"} for life in also}
    assert told == unsaid
    assert all(torch.equal(value, with_it[name]) for name, value in without.items())


@pytest.mark.parametrize(
    ("gain", "level", "factor"), [(1.0, 0.25, 0.25), (2.0, 0.75, 0.5), (-1.0, 0.5, 1.5), (4.0, 0.5, 0.0)]
)
def test_the_factor_of_a_gain_by_hand(gain: float, level: float, factor: float) -> None:
    _, told = bits({"level": level, "costs": {"rebuild": gain}})
    weights = [float(np.frombuffer(value, np.float32)[0]) for _, value in told[0].get((0, "weight.rebuild"), [])]
    assert set(weights) <= {factor}
    assert bool(weights) == bool(factor)


def test_the_level_of_a_modulator_that_follows_a_probe_is_recorded() -> None:
    # level 2 where acc is below .1, 0.5 above .5, straight between; all stages weigh rebuild by 1
    _, told = bits({"level": GATE | {"from": 2.0, "to": 0.5}, "costs": {"rebuild": 1.0}})
    met = set[float]()
    for life in told.values():
        levels = {at[0]: _numbers(rows) for at, rows in life.items() if at[1] == "modulator.tone"}
        weights = {at[0]: _numbers(rows) for at, rows in life.items() if at[1] == "weight.rebuild"}
        assert levels.keys() == weights.keys()
        for piece, level in levels.items():
            assert np.array_equal(weights[piece], level)
            met |= set(level.tolist())
    assert len(met) > 1


def _numbers(rows: list[tuple[int, bytes]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.concatenate([np.frombuffer(value, np.float32) for _, value in rows])


def test_a_level_that_follows_no_probe_is_not_recorded() -> None:
    _, told = bits({"level": {"kind": "ramp", "start": "0sp", "end": "200sp", "from": 0.0, "to": 2.0}, **ALL})
    assert not any(path == "modulator.tone" for life in told.values() for _, path in life)
