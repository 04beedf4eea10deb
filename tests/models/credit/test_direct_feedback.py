"""Direct feedback: the output's error reaches every area by itself."""

from __future__ import annotations

import pytest
import torch
from crediting import CONV, SMALL, agree, asked, hand, newborn, taught, weight
from raising import chain, train

RULE = {"kind": "direct_feedback"}


def test_every_area_gets_the_error_of_the_output_through_its_own_weights() -> None:
    regime, cohort = newborn(taught(RULE))
    by_hand, (asks, _) = hand(regime, cohort), asked(regime, cohort)
    feedback = [cohort.own[f"rule/area/{area}/broadcast/head"] for area in SMALL[:-1]]
    errors = [(by_hand.e @ D) * (1 - h * h) for D, h in zip(feedback, by_hand.h[1:-1], strict=True)]
    agree(asks, by_hand.weights([*errors, by_hand.e]))


def test_with_the_forward_weights_the_area_under_the_output_gets_the_gradient() -> None:
    regime, cohort = newborn(taught(RULE))
    cohort.own["rule/area/a3/broadcast/head"] = cohort.params[weight("head", "a3")].detach().mT.clone()
    asks, true = asked(regime, cohort)
    torch.testing.assert_close(asks[weight("a3", "a2")], true[weight("a3", "a2")], rtol=1e-4, atol=1e-6)


def test_feedback_weights_have_the_declared_spread() -> None:
    _, cohort = newborn(taught(RULE | {"gain": 2.0}, chain(200)))
    feedback = cohort.own["rule/area/a1/broadcast/head"]
    assert abs(float(feedback.std()) * 10**0.5 - 2) < 0.1


def test_convolutions_and_skipping_pathways_are_taught_too() -> None:
    organism = CONV | {"pathways": [*CONV["pathways"], {"from": "a1", "to": "head"}]}
    regime, cohort = newborn(taught(RULE, organism))
    asks, true = asked(regime, cohort)
    for name in (weight("a1", "retina"), weight("a2", "a1")):
        assert asks[name].shape == true[name].shape
        assert asks[name].flatten(1).norm(dim=1).min() > 0
    train(cohort, regime, 3)
    assert all(bool(torch.isfinite(value).all()) for value in cohort.params.values())


@pytest.mark.parametrize("outer", [("a1", "a2", "a3"), ("a1", "a2")])
def test_areas_above_the_circuit_send_their_error_to_its_output(outer: tuple[str, ...]) -> None:
    regime, cohort = newborn(taught(RULE, chain(21, 19, 17), outer))
    asks, true = asked(regime, cohort)
    end = outer[-1]
    below = {"a3": "a2", "a2": "a1"}[end]
    torch.testing.assert_close(asks[weight(end, below)], true[weight(end, below)])
    by_hand = hand(regime, cohort)
    error = by_hand.e @ by_hand.W[3].mT
    if end == "a2":
        error = (error * (1 - by_hand.h[3] ** 2)) @ by_hand.W[2].mT
    d = (error @ cohort.own[f"rule/area/a1/broadcast/{end}"]) * (1 - by_hand.h[1] ** 2)
    torch.testing.assert_close(asks[weight("a1", "retina")], by_hand.weights([d])[0], rtol=1e-4, atol=1e-6)


def test_several_outputs_are_summed() -> None:
    organism = chain(20)
    organism["areas"]["other"] = {"kind": "linear", "size": 10, "act": "none"}
    organism["pathways"] = [*organism["pathways"], {"from": "a1", "to": "other"}]
    costs = {name: {"kind": "cross_entropy", "at": at} for name, at in {"naming": "head", "again": "other"}.items()}
    name = weight("a1", "retina")
    plain = {"optimizer": {"kind": "sgd", "lr": 0.1}}
    steps = []
    for weights in ({"naming": 1.0, "again": 1.0}, {"naming": 1.0}, {"again": 1.0}):
        regime, cohort = newborn(taught(RULE, organism | plain), costs=costs, stage={"costs": weights})
        before = cohort.params[name].detach().clone()
        train(cohort, regime, 1)
        steps.append(cohort.params[name].detach() - before)
    torch.testing.assert_close(steps[0], steps[1] + steps[2], rtol=1e-4, atol=1e-6)
