"""Feedback alignment against backprop."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import IMAGE, chain, one_stage

from models.credit.aligned import fan_out, feedback_address
from models.engine.cohort import Cohort, birth
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.protocols import Params

CONV: dict[str, Any] = {
    "senses": IMAGE,
    "areas": {
        "a1": {"kind": "conv", "channels": 3, "act": "tanh"},
        "a2": {"kind": "conv", "channels": 4, "stride": 2, "act": "tanh"},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    },
    "pathways": [{"from": "retina", "to": "a1"}, {"from": "a1", "to": "a2"}, {"from": "a2", "to": "head"}],
}


def both(organism: dict[str, Any], *, copied: bool) -> tuple[Params, Params, Cohort]:
    organism = organism | {"credit": [{"areas": ["a1", "a2", "head"], "rule": "feedback_alignment"}]}
    regime = one_stage(organism)
    cohort = birth(regime, [0, 1, 2])
    if copied:
        for address in list(cohort.own):
            cohort.own[address] = (
                cohort.params[address.removeprefix("rule/").removesuffix("/feedback")].detach().clone()
            )
    body = Organism(regime.organism)
    items = Items(Stream(regime.world, regime.organism.senses, {}), 64, portion_of(cohort, [0, 1, 2]), body)
    exam = Exam(items, {name: each.cost for name, each in regime.costs.items()})
    return exam.gradients("naming", by_rule=True), exam.gradients("naming", by_rule=False), cohort


def angle(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    cosine = torch.nn.functional.cosine_similarity(left.flatten(1).double(), right.flatten(1).double(), dim=1)
    return torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))


@pytest.mark.parametrize("organism", [chain(20, 16, depth=2), CONV], ids=["linear", "conv"])
def test_with_the_forward_weights_as_feedback_it_is_backprop(organism: dict[str, Any]) -> None:
    rule, true, _ = both(organism, copied=True)
    for name, value in true.items():
        torch.testing.assert_close(rule[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("organism", [chain(20, 16), CONV], ids=["linear", "conv"])
def test_with_feedback_of_its_own_it_is_not_backprop_below_the_top(organism: dict[str, Any]) -> None:
    rule, true, _ = both(organism, copied=False)
    for name in ("area/a1/from/retina/weight", "area/a2/from/a1/weight"):
        assert (angle(rule[name], true[name]) > 5).all()
    assert (angle(rule["area/head/from/a2/weight"], true["area/head/from/a2/weight"]) < 0.1).all()


def test_an_input_reaches_all_units_and_a_place_of_a_map_as_many_as_kernels_meet_it() -> None:
    assert fan_out((7, 11)) == 11
    assert fan_out((4, 6, 3, 5)) == 4 * 3 * 5


def test_feedback_weights_have_the_declared_spread_and_none_stands_at_the_senses() -> None:
    _, _, cohort = both(chain(40, 60), copied=False)
    feedback = cohort.own[feedback_address("area/a2/from/a1/weight")]
    assert abs(float(feedback.std()) * 60**0.5 - 1) < 0.05
    assert feedback_address("area/a1/from/retina/weight") not in cohort.own
