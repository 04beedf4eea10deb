"""Templates over a life: set by an act, followed while a window is open, held when it is closed, kept in snapshots."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from living import obeys_the_law, planned
from raising import chain, one_stage, plan, raised, state

from models.engine.cohort import birth
from models.engine.stage import Orders, run

GOAL = {"kind": "goal_match", "at": "a2", "target": {"kind": "template", "area": "a2"}}
FOLLOWING = {"goal": GOAL | {"eta": 0.25}}
SET = {"kind": "set_template", "area": "a2", "world": "quiz", "n": 50}


def template(cohort: Any) -> torch.Tensor:
    value: torch.Tensor = cohort.own["cost/goal/template"]
    return value


def test_a_set_template_is_the_mean_of_the_area_on_the_world_before_anything_is_learned() -> None:
    regime = one_stage(chain(7, 6), costs={"goal": GOAL}, stage={"on_enter": [SET]})
    cohort = birth(regime, [1, 2])
    list(run(cohort, Orders(regime, offsets=[3]), 0, 0))
    from models.engine.examiner import portion_of  # noqa: PLC0415
    from models.engine.feed import Stream  # noqa: PLC0415
    from models.engine.measure import Items  # noqa: PLC0415
    from models.engine.organism import Organism  # noqa: PLC0415

    stream = Stream(regime.looked_at["w0"], regime.organism.senses, {})
    rate = Items(stream, 50, portion_of(cohort, [0, 1]), Organism(regime.organism)).moment().rate["a2"]
    assert rate.shape[:3] == (2, 50, 1)
    torch.testing.assert_close(template(cohort), rate.sum(dim=(1, 2)) / 50)
    list(run(cohort, Orders(regime, offsets=[3]), 0, 3))
    torch.testing.assert_close(template(cohort), rate.sum(dim=(1, 2)) / 50)


def test_it_follows_while_the_area_is_plastic_and_the_cost_weighs() -> None:
    moved = raised(one_stage(chain(7, 6), costs=FOLLOWING), [1], 3)
    assert bool((template(moved) != 0).all())
    for still in ({"plasticity": {"a2": 0.0}}, {"costs": {"goal": 0.0, "naming": 1.0}}):
        costs = FOLLOWING | {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
        weights = {"costs": {"goal": 1.0, "naming": 1.0}} | still
        kept = raised(one_stage(chain(7, 6), costs=costs, stage=weights), [1], 3)
        assert "cost/goal/template" not in kept.own or torch.equal(template(kept), torch.zeros(1, 6))


def test_an_area_that_learns_nothing_else_can_still_be_imprinted() -> None:
    slow = chain(7, 6)
    slow["areas"]["a2"]["lr_scale"] = 0.0
    costs = {"goal": FOLLOWING["goal"] | {"scope": "upstream"}}
    cohort = raised(one_stage(slow, costs=costs), [1], 3)
    first = state(birth(one_stage(slow, costs=costs), [1]), 1)
    assert torch.equal(first["params/area/a2/bias"], state(cohort, 1)["params/area/a2/bias"])
    assert bool((template(cohort) != 0).all())


def test_the_name_of_the_world_that_is_looked_at_is_in_no_regime() -> None:
    def regime(name: str) -> Any:
        worlds = {"school": {"source": "digits", "size": 200}, name: {"source": "digits", "split": "valid"}}
        stage = {"on_enter": [SET | {"world": name}]}
        return one_stage(chain(7, 6), costs={"goal": GOAL}, stage=stage, worlds=worlds, probes={})

    assert regime("quiz") == regime("tutor")


def test_a_stage_without_a_look_has_the_body_it_always_had() -> None:
    assert "looked_at" not in one_stage(chain(7, 6)).model_dump(mode="json")


def imprinting() -> dict[str, Any]:
    stages = [
        {"name": "first", "world": "school", "costs": {"goal": 1.0}, "until": {"after": "6ba"}},
        {"name": "then", "world": "school", "costs": {"goal": 1.0}, "until": {"after": "6ba"}, "on_enter": [SET]},
    ]
    from build import tiny_schedule  # noqa: PLC0415

    window = {"window": {"areas": ["a2"], "level": {"kind": "decay", "half_life": "80sp"}}}
    return tiny_schedule(organism=chain(7, 6), costs=FOLLOWING, stages=stages, critical_periods=window)


def test_a_life_with_a_template_is_the_same_cut_reloaded_and_alone() -> None:
    obeys_the_law(planned(imprinting()), cuts=(5,))


def test_its_step_shrinks_as_the_window_closes() -> None:
    arm = plan(**{key: part for key, part in imprinting().items() if key not in ("ontogeny", "kind", "name")})
    regime = arm.steps[0].regime
    at_once = raised(regime, [1], 1)
    mean = template(at_once) / 0.25  # from 0, a quarter of the way to what the first batch gave
    assert template(raised(regime, [1], 6)).norm() < mean.norm() * (1 - 0.75**6)


@pytest.mark.parametrize("lives", [[1], [1, 2]])
def test_a_template_is_a_life_s_own(lives: list[int]) -> None:
    cohort = raised(one_stage(chain(7, 6), costs=FOLLOWING), lives, 2)
    assert torch.equal(template(cohort)[:1], template(raised(one_stage(chain(7, 6), costs=FOLLOWING), [1], 2)))
