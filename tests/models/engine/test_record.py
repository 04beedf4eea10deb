"""What is written down of an update, held against the tensors it was taken from."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import taught
from raising import chain, one_stage, plan, raised, recorded, train

from models.engine.cohort import Cohort, birth
from models.engine.stage import Orders, run
from models.specs.series import NORMS_EVERY

PLAIN = {"optimizer": {"kind": "sgd", "lr": 0.05}}


def weight_norms(cohort: Cohort, area: str) -> list[float]:
    """Norm of an area's weights by hand, in double precision."""
    own = [name for name in cohort.params if name.startswith(f"area/{area}/") and name.endswith("/weight")]
    parts = [cohort.params[name].detach().double() for name in own]
    return torch.sqrt(sum(part.flatten(1).square().sum(dim=1) for part in parts)).tolist()


def test_norms_are_recorded_at_the_first_update_and_at_every_tenth_after_it() -> None:
    flushes = train(birth(one_stage(chain(7), updates=25), [0, 1]), one_stage(chain(7), updates=25), 25)
    assert list(recorded(flushes, "gradient_norm.a1")) == [1, 1 + NORMS_EVERY, 1 + 2 * NORMS_EVERY]
    assert list(recorded(flushes, "weight_norm.head")) == [1, 11, 21]


def test_a_weight_norm_is_that_of_the_area_after_the_update() -> None:
    regime = one_stage(chain(7))
    cohort = birth(regime, [0, 1, 2])
    flushes = train(cohort, regime, 1)
    assert any(name.endswith("/bias") for name in cohort.params)
    for area in ("a1", "head"):
        assert recorded(flushes, f"weight_norm.{area}")[1] == pytest.approx(weight_norms(cohort, area), rel=1e-6)


def test_a_gradient_norm_is_the_step_over_the_rate_where_nothing_is_between_them() -> None:
    regime = one_stage(chain(7) | PLAIN)
    cohort = birth(regime, [0, 1, 2])
    before = {name: value.detach().clone() for name, value in cohort.params.items()}
    flushes = train(cohort, regime, 1)
    for area in ("a1", "head"):
        moved = [
            (cohort.params[name].detach() - value).flatten(1).double().square().sum(dim=1)
            for name, value in before.items()
            if name.startswith(f"area/{area}/")
        ]
        by_hand = (torch.sqrt(sum(moved)) / 0.05).tolist()
        assert recorded(flushes, f"gradient_norm.{area}")[1] == pytest.approx(by_hand, rel=1e-4)


def test_a_gradient_is_told_as_it_came_before_clipping_and_scaling() -> None:
    optimizers: list[dict[str, Any]] = [
        PLAIN["optimizer"],
        PLAIN["optimizer"] | {"clip": 1e-3},
        {"kind": "adam", "lr": 0.001},
    ]
    told = []
    for optimizer in optimizers:
        regime = one_stage(chain(7) | {"optimizer": optimizer})
        told.append(recorded(train(birth(regime, [4]), regime, 1), "gradient_norm.a1")[1])
    assert told[0] == told[1] == told[2]


def test_an_area_that_does_not_move_has_weights_and_no_gradient() -> None:
    regime = one_stage(chain(7), stage={"plasticity": {"a1": 0.0}})
    flushes = train(birth(regime, [0, 1]), regime, 1)
    assert recorded(flushes, "gradient_norm.a1")[1] == [None, None]
    assert None not in recorded(flushes, "gradient_norm.head")[1]
    assert None not in recorded(flushes, "weight_norm.a1")[1]


def test_norms_end_before_the_first_bad_row_of_a_life() -> None:
    regime = one_stage(chain(9, act="relu"), updates=30)
    cohort = birth(regime, [0, 1, 2])
    flushes = train(cohort, regime, 15)
    cohort.params["area/a1/from/retina/weight"].detach()[1] = 3e38
    flushes += train(cohort, regime, 15)
    for path in ("gradient_norm.a1", "weight_norm.a1"):
        told = recorded(flushes, path)
        assert [told[offset][1] is None for offset in (1, 11, 21)] == [False, False, True]
        assert all(value is not None for offset in told for value in (told[offset][0], told[offset][2]))


def test_norms_of_a_life_are_the_same_alone_and_in_company() -> None:
    regime = one_stage(chain(33, 17), updates=12)
    together = train(birth(regime, [3, 5, 8]), regime, 12)
    for life, seed in enumerate([3, 5, 8]):
        alone = train(birth(regime, [seed]), regime, 12)
        for path in ("gradient_norm.a1", "gradient_norm.head", "weight_norm.a2"):
            mine = {offset: row[life] for offset, row in recorded(together, path).items()}
            assert {offset: row[0] for offset, row in recorded(alone, path).items()} == mine


def test_a_life_that_left_its_stage_has_no_norms_afterwards() -> None:
    until = {"criterion": {"probe": "acc", "op": ">=", "value": 0.5}}
    last = {"name": "school", "world": "school", "costs": {"naming": 1.0}, "until": until, "limit": "40ba"}
    arm = plan(organism=chain(24), stages=[last])
    step = arm.steps[0]
    orders = Orders(step.regime, arm.probes, step.readings, endings={"end": step.demand.ending})
    cohort = raised(step.regime, [0, 1, 2, 3], 0)
    flushes = list(run(cohort, orders, 0, 40))
    ends = {event.seed: event.offset for flush in flushes for event in flush.transitions}
    assert len(set(ends.values())) > 1
    for path in ("gradient_norm.a1", "weight_norm.a1"):
        for offset, row in recorded(flushes, path).items():
            assert [value is not None for value in row] == [offset <= ends[seed] for seed in cohort.seeds]


def test_how_far_a_circuit_was_from_rest_is_recorded_with_the_norms() -> None:
    told = {}
    for steps in (5, 60):
        regime = one_stage(taught({"kind": "equilibrium_propagation", "free_steps": steps}), updates=25)
        told[steps] = recorded(train(birth(regime, [0, 1]), regime, 25), "residual.a2")
    assert list(told[5]) == [1, 1 + NORMS_EVERY, 1 + 2 * NORMS_EVERY]
    assert all(value is not None and 1e-4 < value < 1 for value in told[5][1])
    assert all(value is not None and value < 1e-5 for value in told[60][1])


def test_areas_that_do_not_settle_have_no_residual() -> None:
    regime = one_stage(taught({"kind": "equilibrium_propagation"}, chain(7, 6), ["a2", "head"]))
    paths = {path for flush in train(birth(regime, [0]), regime, 1) for group in flush.groups for path in group.paths}
    assert {path for path in paths if path.startswith("residual")} == {"residual.a2", "residual.head"}
