"""What every rule promises."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import RULES, angle, asked, newborn, taught, weight
from raising import assert_alone_as_among_others, chain, differing, one_stage, raised, state, train

from models.engine import snapshot
from models.specs.credit import CAPABILITIES

EXACT = ("backprop", "predictive_coding fixed", "bptt", "surrogate_gradient", "eprop")
"""Rules that may be as near to the gradient as they like."""

SETTLED = [
    name
    for name, rule in RULES.items()
    if (rule["kind"] == "predictive_coding" and rule.get("variant") != "fixed")
    or rule["kind"] == "forward_forward"
    or "pairs" in CAPABILITIES[rule["kind"]].needs
]
"""Rules whose output area sees settled or levelled activity below it, not the feed-forward rate."""

FREE = [rule for rule in RULES.values() if CAPABILITIES[rule["kind"]].free]
"""Rules that learn without a cost, and leave biases as they are."""

OF_READ_OUTS = ("force",)
"""Rules that teach no hidden area and promise the same elsewhere: test_force.py."""

VECTOR = [name for name, rule in RULES.items() if "vector_error" in CAPABILITIES[rule["kind"]].needs]
"""Rules that hear the error of each unit of their output."""

_WEIGH = {"attention_gated", "contrastive_hebbian", "direct_random_target", "forward_forward", "generec", "local_error"}
WEIGHED = [name for name, rule in RULES.items() if rule["kind"] in _WEIGH]
"""Rules that have the weight of the cost in their own formula."""

rules = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def test_every_rule_that_learns_is_under_contract() -> None:
    assert {rule["kind"] for rule in RULES.values()} == set(CAPABILITIES) - {"frozen", *OF_READ_OUTS}


@rules
def test_what_is_asked_has_the_shape_of_the_parameters(rule: dict[str, Any]) -> None:
    regime, cohort = newborn(taught(rule))
    asks, _ = asked(regime, cohort)
    assert {name: value.shape for name, value in asks.items()} == {
        name: value.shape for name, value in cohort.params.items()
    }


@pytest.mark.parametrize("name", [name for name in RULES if name not in EXACT])
def test_below_the_top_it_is_not_backprop(name: str) -> None:
    regime, cohort = newborn(taught(RULES[name]))
    asks, true = asked(regime, cohort)
    assert (angle(asks[weight("a1", "retina")], true[weight("a1", "retina")]) > 5).all()


@pytest.mark.parametrize("name", [name for name in VECTOR if name not in SETTLED])
def test_the_top_of_a_circuit_gets_the_gradient_but_for_decay(name: str) -> None:
    regime, cohort = newborn(taught(RULES[name]))
    asks, true = asked(regime, cohort)
    top, decay = weight("head", "a3"), 3e-3 if name == "kolen_pollack" else 0.0
    torch.testing.assert_close(asks[top] - decay * cohort.params[top].detach(), true[top], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WEIGHED)
def test_a_cost_of_twice_the_weight_moves_twice_as_far(name: str) -> None:
    moved = []
    for weight_ in (1.0, 2.0):
        organism = taught(RULES[name]) | {"optimizer": {"kind": "sgd", "lr": 0.01}}
        regime = one_stage(organism, stage={"costs": {"naming": weight_}})
        first, last = raised(regime, [3], 0), raised(regime, [3], 1)
        moved.append({each: last.params[each].detach() - first.params[each].detach() for each in first.params})
    for each, once in moved[0].items():
        assert bool(once.any()), each
        torch.testing.assert_close(moved[1][each], 2.0 * once, rtol=1e-2, atol=1e-7)


@rules
def test_the_first_update_moves_every_leaf_and_is_finite(rule: dict[str, Any]) -> None:
    regime, cohort = newborn(taught(rule))
    before = {seed: state(cohort, seed) for seed in cohort.seeds}
    train(cohort, regime, 1)
    for seed in cohort.seeds:
        after = state(cohort, seed)
        still = {name for name in before[seed] if torch.equal(before[seed][name], after[name])}
        biases = {name for name in still if name.endswith("/bias") and rule in FREE}
        chance = {name for name in still if name.endswith("/expected")}
        assert not [name for name in still - biases - chance if not name.startswith("own/")]
        assert all(bool(torch.isfinite(value).all()) for value in after.values())


@rules
def test_a_life_is_the_same_alone_and_at_every_slot(rule: dict[str, Any]) -> None:
    regime = one_stage(taught(rule), clock={"batch": 33})
    assert_alone_as_among_others(regime)


@rules
def test_a_life_of_single_units_is_the_same_alone(rule: dict[str, Any]) -> None:
    regime = one_stage(taught(rule, chain(1, 1, 1), ["a1", "a2", "a3", "head"]), clock={"batch": 20})
    assert differing(state(raised(regime, [1]), 1), state(raised(regime, [0, 1, 2]), 1)) == []


@rules
def test_interrupted_is_uninterrupted(rule: dict[str, Any]) -> None:
    regime = one_stage(taught(rule))
    whole = raised(regime, [0, 1, 2], 6)
    half, _ = snapshot.load(snapshot.dump(raised(regime, [0, 1, 2], 2), {}))
    train(half, regime, 4)
    assert snapshot.state_hash(half) == snapshot.state_hash(whole)


@rules
def test_without_plasticity_neither_parameters_nor_state_move(rule: dict[str, Any]) -> None:
    regime, cohort = newborn(taught(rule), stage={"plasticity": {"a1": 0.0, "a2": 0.0, "a3": 1.0, "head": 1.0}})
    before = state(cohort, 1)
    train(cohort, regime, 3)
    moved = differing({name: value for name, value in state(cohort, 1).items() if name in before}, before)
    assert {name.split("area/")[1].split("/")[0] for name in moved} == {"a3", "head"}


@rules
def test_a_circuit_may_be_a_part_of_an_organism(rule: dict[str, Any]) -> None:
    organism = taught(rule, chain(13, 14, 15, 16), ["a3", "a4", "head"])
    regime, cohort = newborn(organism)
    asks, true = asked(regime, cohort)
    below = [weight("a2", "a1"), weight("a1", "retina")]
    for name in below:
        assert bool(asks[name].any()) == CAPABILITIES[rule["kind"]].out
        assert bool(true[name].any()) == CAPABILITIES[rule["kind"]].out
    train(cohort, regime, 2)
    assert all(bool(torch.isfinite(value).all()) for value in cohort.params.values())
