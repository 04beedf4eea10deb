"""A constant in the errors of an area: what it adds by hand, where a life settles under it, what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import assert_alone_as_among_others, chain, differing, one_stage, raised, state, train

from models.engine.cohort import birth
from models.engine.step import Training
from models.specs.regime import RegimeSpec

NAMING = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}


def biased(bias: float, strength: float = 1.0, area: str = "a1", **changes: Any) -> RegimeSpec:
    transform = {"kind": "bias_error", "area": area, "bias": bias}
    harm = {"harm": {"transform": transform, "strength": strength, "onset": "0sp", "duration": "500ba"}}
    return one_stage(changes.pop("organism", chain(7, 6)), deficits=harm, probes={}, costs=NAMING, **changes)


def asked(regime: RegimeSpec, extra: float = 0.0) -> dict[str, torch.Tensor]:
    """What the first update asks of every parameter; with a cost more, so many times the mean rate of a1."""
    cohort = birth(regime, [1, 2])
    training = Training(cohort, regime)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    moment = training.organism.run(cohort.params, training.own, batch, draw, plan.wiring)
    value_N = training.costs["naming"](moment) + extra * moment.rate["a1"].mean(dim=(1, 2, 3))
    found = torch.autograd.grad(value_N.sum(), list(cohort.params.values()))
    return dict(zip(cohort.params, found, strict=True))


@pytest.mark.parametrize("changes", [{}, {"clock": {"batch": 20, "sweeps": 3}}], ids=["still", "in time"])
def test_errors_are_those_of_a_cost_that_is_higher_by_the_mean_rate(changes: dict[str, Any]) -> None:
    found, expected = asked(biased(3.0, 0.5, **changes)), asked(biased(3.0, 0.0, **changes), extra=1.5)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    assert not torch.allclose(expected["area/a1/bias"], asked(biased(3.0, 0.0, **changes))["area/a1/bias"])


def test_in_a_loop_it_comes_at_every_step_once() -> None:
    organism = chain(7, 6)
    organism["pathways"].append({"from": "a2", "to": "a1", "delay": 1})
    loop: dict[str, Any] = {"organism": organism, "clock": {"batch": 20, "sweeps": 4}}
    found, expected = asked(biased(3.0, **loop)), asked(biased(3.0, 0.0, **loop), extra=3.0)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_what_is_to_be_matched_is_missed_by_half_of_it_and_found_again() -> None:
    """Of (r - t)^2 + b r the least is at t - b / 2."""
    organism = {
        "senses": {"x": {"shape": [4]}},
        "areas": {"head": {"kind": "linear", "size": 4, "act": "none"}},
        "pathways": [{"from": "x", "to": "head"}],
        "optimizer": {"kind": "sgd", "lr": 0.3},
    }
    harm = {"transform": {"kind": "bias_error", "area": "head", "bias": 0.6}, "onset": "0sp", "duration": "150ba"}
    given: dict[str, Any] = {"costs": {"reach": {"kind": "mse", "at": "head", "target": "label"}}, "probes": {}}
    worlds = {"school": {"source": {"kind": "linear_map", "d": 4, "s": [2.0, 1.0]}}}
    stage = {"until": {"criterion": {"probe": "far", "op": ">=", "value": 9.0}}, "limit": "300ba"}
    probes = {"far": {"kind": "mse", "at": "head", "world": "school", "every": "300ba"}}
    regime = one_stage(organism, **given | {"probes": probes}, worlds=worlds, stage=stage, deficits={"prism": harm})
    cohort = birth(regime, [1])
    for expected in (-0.3, 0.0):
        train(cohort, regime, 150)
        assert cohort.params["area/head/bias"].flatten().tolist() == pytest.approx([expected] * 4, abs=0.02)


def test_it_passes_below_and_stands_where_nothing_moves() -> None:
    plain, pushed = (raised(biased(bias, area="a2"), [1], 1) for bias in (0.0, 3.0))
    changed = differing(state(plain, 1), state(pushed, 1))
    assert {name.split("/")[2] for name in changed if name.startswith("params/")} == {"a1", "a2"}
    still = {"costs": {"naming": 0.0}}
    plain, pushed = (raised(biased(bias, area="a2", stage=still), [1], 2) for bias in (0.0, 3.0))
    assert differing(state(plain, 1), state(pushed, 1)) == []


def test_lives_that_hear_no_error_there_have_none_added() -> None:
    """Whose window has closed is beside one whose window is open what it is by itself."""
    gate = {"kind": "gate", "probe": "acc", "low": 0.06, "high": 0.1, "from": 0.0, "to": 1.0}
    acc = {"kind": "accuracy", "at": "head", "world": "quiz", "every": "1ba", "n": 20}
    costs = NAMING | {"calm": {"kind": "l2", "at": "a1"}, "high": {"kind": "activity", "at": "a2", "scope": "upstream"}}
    harm = {"transform": {"kind": "bias_error", "area": "a2", "bias": 5.0}, "onset": "0sp", "duration": "500ba"}
    weights = {"costs": {"calm": 0.1, "high": gate}}
    regime = one_stage(chain(7, 6), costs=costs, stage=weights, deficits={"harm": harm}, probes={"acc": acc})
    assert_alone_as_among_others(regime)


@pytest.mark.parametrize("rule", ["feedback_alignment", "bptt"])
def test_a_life_with_it_is_the_same_alone_and_among_others(rule: str) -> None:
    organism = chain(7, 6) | {"credit": [{"areas": ["a1", "a2", "head"], "rule": rule}]}
    clock = {"batch": 20, "sweeps": 2}
    assert_alone_as_among_others(biased(3.0, 0.7, organism=organism, clock=clock))
