"""What one update computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from living import live, planned
from raising import chain, differing, one_stage, raised, state

from models.engine.cohort import birth
from models.engine.step import Training

TWO_COSTS = {
    "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
    "quiet": {"kind": "activity", "at": "a2", "target_rate": 0.2},
}

UNALIGNED = {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.5}}, "limit": "50ba"}
"""A stage whose overlays each life meets at its own age."""


def gradients(regime: Any, cohort: Any) -> dict[str, torch.Tensor]:
    training = Training(cohort, regime)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    moment = training.organism.run(cohort.params, training.own, batch, draw, plan.wiring)
    values = [training.costs[name](moment) for name in plan.form.live]
    return training._descent(plan, moment, values)


def total(regime: Any, cohort: Any) -> torch.Tensor:
    training = Training(cohort, regime)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    with torch.no_grad():
        moment = training.organism.run(cohort.params, training.own, batch, draw)
        return sum(w * training.costs[name](moment) for name, w in zip(plan.form.live, plan.weights, strict=True))


@pytest.mark.parametrize("act", ["tanh", "softplus", "gelu", "elu", "sigmoid"])
def test_backprop_agrees_with_finite_differences(act: str) -> None:
    costs = {"naming": TWO_COSTS["naming"], "rebuild": {"kind": "autoencode", "at": "a1", "scope": "upstream"}}
    regime = one_stage(chain(7, 6, act=act, norm="layer"), costs=costs)
    cohort = birth(regime, [2, 3])
    grads = gradients(regime, cohort)
    generator = torch.Generator().manual_seed(0)
    for prefix in (
        "area/a1/from/retina/weight",
        "area/a2/bias",
        "area/head/from/a2/weight",
        "cost/rebuild",
    ):
        name, tensor = next(each for each in {**cohort.params, **cohort.learned}.items() if each[0].startswith(prefix))
        value = tensor.detach()
        step = torch.randn(value.shape, generator=generator)
        step /= step.flatten(1).norm(dim=1).reshape(-1, *[1] * (value.dim() - 1))
        kept, size = value.clone(), 0.02
        value.copy_(kept + size * step)
        above = total(regime, cohort)
        value.copy_(kept - size * step)
        below = total(regime, cohort)
        value.copy_(kept)
        slope = (grads[name] * step).flatten(1).sum(1)
        torch.testing.assert_close((above - below) / (2 * size), slope, rtol=2e-2, atol=2e-4)


def test_a_local_cost_moves_its_area_and_nothing_below() -> None:
    regime = one_stage(chain(7, 6), costs={"quiet": TWO_COSTS["quiet"]})
    first, last = state(birth(regime, [1]), 1), state(raised(regime, [1], 3), 1)
    moved = {name for name in first if name.startswith("params/") and not torch.equal(first[name], last[name])}
    assert moved == {"params/area/a2/bias", "params/area/a2/from/a1/weight"}


def test_a_local_cost_beside_an_upstream_one_adds_only_at_its_own_area() -> None:
    both, naming, quiet = (
        one_stage(chain(7, 6), costs={name: TWO_COSTS[name] for name in names})
        for names in (("naming", "quiet"), ("naming",), ("quiet",))
    )
    grads = [gradients(regime, birth(regime, [1])) for regime in (both, naming, quiet)]
    for name in grads[0]:
        expected = grads[1][name] + grads[2][name] if name in grads[2] else grads[1][name]
        assert torch.equal(grads[0][name], expected), name


def test_a_blocked_pathway_lets_no_error_through() -> None:
    organism = chain(7, 6)
    organism["pathways"][1]["gradient"] = "block"
    regime = one_stage(organism)
    first, last = state(birth(regime, [1]), 1), state(raised(regime, [1], 3), 1)
    assert torch.equal(first["params/area/a1/bias"], last["params/area/a1/bias"])
    assert not torch.equal(first["params/area/a2/bias"], last["params/area/a2/bias"])


def test_a_cost_that_never_weighs_changes_nothing() -> None:
    plain = one_stage(chain(7, 6), costs={"naming": TWO_COSTS["naming"]})
    late = {"kind": "pulse", "onset": "4000sp", "duration": "1000sp"}
    stage = {"costs": {"naming": 1.0, "rebuild": late}, "until": {"after": "300ba"}}
    costs = {"naming": TWO_COSTS["naming"], "rebuild": {"kind": "autoencode", "at": "a1", "scope": "upstream"}}
    beside = one_stage(chain(7, 6), costs=costs, stage=stage)
    assert "rebuild" in beside.costs
    left, right = state(raised(plain, [1, 2], 5), 2), state(raised(beside, [1, 2], 5), 2)
    assert differing(left, {name: right[name] for name in left}) == []


def test_a_cost_that_weighs_for_some_lives_leaves_the_others_bits_alone() -> None:
    modulators = {
        "drive": {"level": {"kind": "steps", "points": [["0sp", 0.0], ["2ba", 1.0]]}, "costs": {"quiet": 1.0}}
    }
    stage = UNALIGNED | {"costs": {"naming": 1.0, "quiet": 1.0}}
    regime = one_stage(chain(7, 6), costs=TWO_COSTS, modulators=modulators, stage=stage)
    assert regime.modulators
    old, young = birth(regime, [0, 1]), birth(regime, [1])
    old.age_N[0] = 100 * regime.batch
    for cohort in (old, young):
        training = Training(cohort, regime)
        rows = [training.update() for _ in range(4)]
        assert [only_N is not None for only_N in rows[0].plan.form.only][1:] == ([True] if cohort is old else [])
    assert differing(state(old, 1), state(young, 1)) == []


def test_lives_of_different_ages_meet_a_critical_period_each_at_its_own() -> None:
    periods = {"early": {"areas": ["a1"], "closes": "2ba", "edge": "2ba"}}
    stage = UNALIGNED
    regime = one_stage(chain(7, 6), critical_periods=periods, stage=stage)
    assert regime.critical_periods
    both, alone = birth(regime, [0, 1]), birth(regime, [1])
    both.age_N[0] = 100 * regime.batch
    first = state(both, 0)
    for cohort in (both, alone):
        training = Training(cohort, regime)
        for _ in range(6):
            training.update()
    assert differing(state(both, 1), state(alone, 1)) == []
    assert torch.equal(state(both, 0)["params/area/a1/bias"], first["params/area/a1/bias"])
    assert not torch.equal(state(both, 0)["params/area/a2/bias"], first["params/area/a2/bias"])


def test_a_cut_pathway_passes_nothing_and_its_weights_stand_still() -> None:
    organism = chain(7, 6)
    organism["pathways"].append({"from": "retina", "to": "a2"})
    cut = {"transform": {"kind": "cut_pathway", "pathways": ["retina-a2"]}, "onset": "0sp", "duration": "50ba"}
    regime = one_stage(organism, deficits={"cut": cut}, probes={})
    name = "params/area/a2/from/retina/weight"
    first, last = state(birth(regime, [1]), 1), state(raised(regime, [1], 3), 1)
    assert torch.equal(first[name], last[name])
    assert not last[name.replace("params", "moments/momentum")].any()
    other = birth(regime, [1])
    other.params["area/a2/from/retina/weight"].mul_(3.0)
    train_alike = Training(other, regime)
    for _ in range(3):
        train_alike.update()
    assert torch.equal(state(other, 1)["params/area/a1/bias"], last["params/area/a1/bias"])


def test_cohorts_learn_the_digits() -> None:
    regime = one_stage(chain(32, act="relu"))
    cohort = birth(regime, [0, 1])
    training = Training(cohort, regime)
    costs = np.array([training.update().values[0].numpy() for _ in range(60)])
    assert (costs[-5:].mean(axis=0) < 0.5 * costs[:5].mean(axis=0)).all()


def test_the_probe_of_steps_says_what_is_recorded() -> None:
    probes = {"pace": {"kind": "update_ratio", "at": "V1", "world": "quiz", "every": "1ba"}}
    arm = planned(tiny_schedule(probes=probes, stages=tiny_schedule()["stages"][:1]))
    (probe,) = arm.probes
    _, histories = live(arm, [3])
    norms, ratios = (
        {at: np.frombuffer(told, np.float32)[0] for at, told in histories[3][0, name]}
        for name in ("update_norm.V1", f"{probe}.V1")
    )
    assert sorted(ratios) == list(range(1, 11))  # none before the first update
    early, late = (norms[at] / ratios[at] for at in (1, 2))
    assert late == pytest.approx(early, rel=0.2)  # what it is divided by moves slowly
    whole = live(arm, [1, 3, 5])[1]
    assert whole[3] == histories[3]
