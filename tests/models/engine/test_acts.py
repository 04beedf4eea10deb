"""What is done to lives on entering a stage."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import chain, differing, plan, state

from models.engine import stage
from models.engine.cohort import Cohort, birth
from models.engine.feed import Stream
from models.engine.stage import Orders, run
from models.specs.regime import RegimeSpec

ADAM = {"kind": "adam", "lr": 0.01}


def regimes(*acts: dict[str, Any]) -> tuple[RegimeSpec, RegimeSpec]:
    """Two stages, the second entered by these acts."""
    common = {"world": "school", "costs": {"naming": 1.0}, "until": {"after": "3ba"}}
    stages = [common | {"name": "one"}, common | {"name": "two", "on_enter": list(acts)}]
    arm = plan(organism=chain(9) | {"optimizer": ADAM}, stages=stages, probes={})
    first, second = (step.regime for step in arm.steps)
    return first, second


def entered(*acts: dict[str, Any], seeds: tuple[int, ...] = (0, 1)) -> tuple[Cohort, Cohort]:
    """A cohort before and after the acts of its second stage."""
    first, second = regimes(*acts)
    cohort = birth(first, list(seeds))
    list(run(cohort, Orders(first, offsets=[3]), 0, 3))
    stage.enter(cohort, second)
    before = cohort.take(range(len(seeds)))
    enter_only(cohort, second)
    return before, cohort


def enter_only(cohort: Cohort, regime: RegimeSpec) -> None:
    list(run(cohort, Orders(regime, offsets=[3]), 0, 0))
    assert cohort.entered


def test_reset_optimizer_empties_the_moments_of_its_areas_and_nothing_else() -> None:
    before, after = entered({"kind": "reset_optimizer", "areas": ["a1"]})
    changed = set(differing(state(before, 1), state(after, 1)))
    assert changed == {
        f"moments/{slot}/area/a1/{part}" for slot in ("mean", "square") for part in ("bias", "from/retina/weight")
    }
    assert not after.moments["mean/area/a1/bias"].any()
    assert after.steps["area/a1/bias"].tolist() == [0, 0]
    assert after.steps["area/head/bias"].tolist() == [3, 3]


def test_reset_area_draws_fresh_values_that_are_not_those_of_birth() -> None:
    before, after = entered({"kind": "reset_area", "areas": ["a1"]})
    name = "area/a1/from/retina/weight"
    assert torch.equal(before.params["area/head/bias"], after.params["area/head/bias"])
    fresh, born = after.params[name][0].detach(), birth_value(name)
    assert not torch.equal(fresh, born)
    assert abs(float(fresh.std() / born.std()) - 1) < 0.1
    _, alone = entered({"kind": "reset_area", "areas": ["a1"]}, seeds=(1,))
    assert differing(state(alone, 1), state(after, 1)) == []


def birth_value(name: str) -> torch.Tensor:
    arm = plan(organism=chain(9) | {"optimizer": ADAM})
    return birth(arm.steps[0].regime, [0]).params[name][0]


def test_shrink_perturb_shrinks_and_adds_a_fresh_draw() -> None:
    before, after = entered({"kind": "shrink_perturb", "shrink": 0.25, "noise": 0.0})
    name = "area/a1/from/retina/weight"
    torch.testing.assert_close(after.params[name].detach(), before.params[name] * 0.75)
    _, noisy = entered({"kind": "shrink_perturb", "shrink": 0.25, "noise": 0.1})
    assert not torch.equal(noisy.params[name], after.params[name])
    torch.testing.assert_close(noisy.moments["mean/area/a1/bias"], before.moments["mean/area/a1/bias"])


def test_two_acts_of_one_entry_draw_different_values() -> None:
    once = entered({"kind": "reset_area", "areas": ["a1"]})[1]
    twice = entered({"kind": "reset_area", "areas": ["a1"]}, {"kind": "reset_area", "areas": ["a1"]})[1]
    name = "area/a1/from/retina/weight"
    assert not torch.equal(once.params[name], twice.params[name])


RESET = {"kind": "reset_units", "areas": ["a1"], "share": 0.4}
HEARS, HEARD = "area/a1/from/retina/weight", "area/head/from/a1/weight"


def quiz() -> torch.Tensor:
    """What the retina is shown of the world that the act looks at, item by item."""
    _, regime = regimes(RESET | {"world": "quiz"})
    (looked_at,) = regime.looked_at.values()
    stream = Stream(looked_at, regime.organism.senses, {})
    seeds, index = torch.tensor([0]), torch.arange(100)[None]
    return stream.show(seeds, index, stream.draw(seeds, index)).senses["retina"].reshape(100, -1)


def test_reset_units_renews_the_least_useful_and_nothing_else() -> None:
    before, after = entered(RESET | {"world": "quiz"})
    weight, bias, out = (before.params[name][0].detach() for name in (HEARS, "area/a1/bias", HEARD))
    rate = torch.tanh(quiz() @ weight + bias)
    gone = set((rate.abs().mean(dim=0) * out.abs().sum(dim=1)).argsort()[:4].tolist())
    renewed = (after.params[HEARS][0].detach() != weight).any(dim=0)
    assert set(renewed.nonzero().flatten().tolist()) == gone
    assert torch.equal(after.params[HEARD][0].detach(), torch.where(renewed[:, None], 0.0, out))
    assert torch.equal((after.moments[f"mean/{HEARS}"][0] == 0).all(dim=0), renewed)
    assert not after.moments[f"square/{HEARD}"][0][renewed].any()
    assert torch.equal(after.params["area/head/bias"], before.params["area/head/bias"])


def test_units_reset_at_random_are_others_for_each_life() -> None:
    before, after = entered(RESET | {"by": "random"}, seeds=(0, 1, 2))
    changed = (after.params[HEARS] != before.params[HEARS]).any(dim=1)
    assert changed.sum(dim=1).tolist() == [4, 4, 4]
    assert not torch.equal(changed[0], changed[1])


@pytest.mark.parametrize("options", [{"by": "random"}, {"world": "quiz"}])
def test_units_are_reset_alike_in_every_cohort(options: dict[str, Any]) -> None:
    _, together = entered(RESET | options, seeds=(0, 1, 2))
    _, alone = entered(RESET | options, seeds=(1,))
    assert differing(state(alone, 1), state(together, 1)) == []
