"""A life's bits do not depend on who shares its stack."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from raising import IMAGE, chain, differing, one_stage, raised, state, train

from models.engine.cohort import birth, join
from models.specs.area_base import Activation

ADAM = {"kind": "adam", "lr": 0.003, "weight_decay": 0.01, "clip": 1.0}
SGD = {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.001}
COHORTS = [[7, 5], [5, 7], [3, 9, 5], [1, 2, 5, 4, 8, 6, 7, 3], [5, 2, 1, 4, 8, 6, 7, 3]]


def conv_organism(act: str) -> dict[str, Any]:
    areas = {
        "V1": {"kind": "conv", "channels": 5, "kernel": 3, "pool": 2, "depth": 2, "act": act},
        "V2": {"kind": "linear", "size": 33, "act": act, "norm": "layer"},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    pathways = [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "V2"}, {"from": "V2", "to": "head"}]
    return {"senses": IMAGE, "areas": areas, "pathways": pathways}


def assert_alone_is_in_company(organism: dict[str, Any], **changes: Any) -> None:
    regime = one_stage(organism, clock={"batch": 33}, **changes)
    alone = state(raised(regime, [5]), 5)
    for seeds in COHORTS:
        assert differing(state(raised(regime, seeds), 5), alone) == [], seeds


@pytest.mark.parametrize("act", get_args(Activation))
def test_a_life_of_odd_sizes_is_the_same_alone_and_in_company(act: str) -> None:
    assert_alone_is_in_company(chain(33, 65, 127, act=act) | {"optimizer": SGD})


@pytest.mark.parametrize("optimizer", [ADAM, {"kind": "adamw", "lr": 0.01}, {"kind": "rmsprop", "lr": 0.003}])
def test_a_life_is_the_same_in_company_under_every_optimizer(optimizer: dict[str, Any]) -> None:
    assert_alone_is_in_company(chain(33, 65, act="relu", norm="layer") | {"optimizer": optimizer})


@pytest.mark.parametrize("act", ["relu", "sigmoid"])
def test_a_life_with_convolutions_is_the_same_in_company(act: str) -> None:
    assert_alone_is_in_company(conv_organism(act) | {"optimizer": SGD})


def test_feedback_alignment_is_the_same_in_company() -> None:
    rule = {"areas": ["V1", "V2", "head"], "rule": "feedback_alignment"}
    assert_alone_is_in_company(conv_organism("tanh") | {"credit": [rule], "optimizer": ADAM})


def test_several_costs_with_decoders_are_the_same_in_company() -> None:
    costs = {
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
        "rebuild": {"kind": "autoencode", "at": "a1"},
        "mend": {"kind": "denoise", "at": "a2", "target": {"kind": "input"}},
        "quiet": {"kind": "activity", "at": "a2", "target_rate": 0.2, "scope": "upstream"},
    }
    assert_alone_is_in_company(chain(33, 65, act="sigmoid") | {"optimizer": SGD}, costs=costs)


def test_deficits_and_transforms_are_the_same_in_company() -> None:
    deficits = {
        "haze": {"transform": {"kind": "noise", "sigma": 0.3}, "onset": "0sp", "duration": "1000ba", "strength": 0.5},
        "mirror": {"transform": {"kind": "flip"}, "onset": "0sp", "duration": "1000ba", "strength": 0.5},
    }
    worlds = {
        "school": {"source": "digits", "size": 101, "draw": "per_life", "transforms": [{"kind": "blur", "sigma": 1.0}]}
    }
    assert_alone_is_in_company(chain(33), deficits=deficits, worlds=worlds, probes={})


def test_taken_and_joined_lives_go_on_as_if_nothing_had_happened() -> None:
    regime = one_stage(chain(33) | {"optimizer": ADAM})
    whole = raised(regime, [0, 1, 2], 3)
    parts = [raised(regime, [0, 1, 2], 3).take([life]) for life in (2, 0, 1)]
    joined = join(parts)
    assert joined.seeds == [0, 1, 2]
    for cohort in (whole, joined):
        train(cohort, regime, 3)
    for seed in (0, 1, 2):
        assert differing(state(whole, seed), state(joined, seed)) == []


def test_a_life_is_born_from_its_seed_and_the_addresses_of_its_parameters() -> None:
    small, large = one_stage(chain(8)), one_stage(chain(8, 9))
    first, second = birth(small, [3]), birth(large, [1, 3])
    name = "area/a1/from/retina/weight"
    assert differing({"w": first.params[name][0]}, {"w": second.params[name][1]}) == []
    assert not np.array_equal(second.params[name][0].numpy(), second.params[name][1].numpy())
