"""What any cost may have: targets that are late or wrong, errors over their running size."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from living import live, obeys_the_law, planned
from raising import chain, one_stage, raised

from models.costs import build_cost, target
from models.draw import Draw
from models.engine.cohort import address_of_size
from models.engine.step import SIZE_UPDATES
from models.protocols import Batch, Moment
from models.specs.checks import check_document
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.costs.target import AreaTarget, LabelTarget
from models.specs.numerics import NumericsSpec
from models.specs.plan import arm_keys


def moment(label: torch.Tensor, rate: torch.Tensor) -> Moment:
    index = torch.arange(label.shape[1]).expand(label.shape[:2])
    draw = Draw(torch.arange(len(label)), index)
    return Moment(Batch({}, label, {}, index), {"V1": rate}, {}, {}, draw, {}, lambda at, given: given[at])


def test_a_late_target_is_that_of_so_many_steps_before() -> None:
    label = torch.arange(6).reshape(1, 1, 6)
    seen = moment(label, torch.zeros(1, 1, 6, 7))
    late = target.read(LabelTarget(kind="label", lag=2), "c", "", seen)
    assert late.flatten().tolist() == [0, 0, 0, 1, 2, 3]


def test_so_many_classes_are_wrong_and_each_other_one_as_likely() -> None:
    label = (torch.arange(8000) % 5).reshape(2, 4000, 1).expand(2, 4000, 3)
    cost = build_cost("c", CrossEntropySpec(kind="cross_entropy", at="V1", target=LabelTarget(kind="label", flip=0.3)))
    told = cost.target(moment(label, torch.zeros(2, 4000, 3, 5)))  # type: ignore[attr-defined]
    wrong = told != label
    assert wrong.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(wrong[..., 0], wrong[..., 2])
    steps = torch.bincount(((told - label) % 5)[..., 0][wrong[..., 0]], minlength=5)
    assert steps[0] == 0
    assert steps[1:].min() > 0.85 * steps[1:].max()


def test_units_that_say_yes_or_no_are_wrong_each_for_itself() -> None:
    rate = torch.zeros(1, 500, 1, 8)
    told = target.read(AreaTarget(kind="area", area="V1", flip=0.25), "c", "", moment(torch.zeros(1, 500, 1), rate))
    assert set(told.unique().tolist()) == {0.0, 1.0}
    assert told.mean().item() == pytest.approx(0.25, abs=0.03)


def taught(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(tiny_schedule())
    document["costs"]["naming"] |= changes
    return document


@pytest.mark.parametrize("changes", [{"normalise": "running"}, {"target": {"kind": "label", "flip": 0.3}}])
def test_a_life_with_options_obeys_the_law(changes: dict[str, Any]) -> None:
    obeys_the_law(planned(taught(**changes)))
    keys = [arm_keys(planned(document), [0], NumericsSpec())[0] for document in (tiny_schedule(), taught(**changes))]
    assert keys[0] != keys[1]


def costs(**more: Any) -> dict[str, Any]:
    return {"naming": {"kind": "cross_entropy", "at": "head", "target": "label", **more}}


def test_the_units_of_a_normalised_cost_do_not_matter() -> None:
    organism = chain(8)
    organism["optimizer"] = {"kind": "sgd", "lr": 0.05}
    loud = {"costs": {"naming": 1.0}}
    mse = {"naming": {"kind": "mse", "at": "head", "target": "label", "normalise": "running"}}
    plain = {"naming": {"kind": "mse", "at": "head", "target": "label"}}
    one = raised(one_stage(organism, costs=mse, stage=loud), [0, 1], 1)
    first = raised(one_stage(organism, costs=plain, stage=loud), [0, 1], 0)
    moved = raised(one_stage(organism, costs=plain, stage=loud), [0, 1], 1)
    size = one.own[address_of_size("naming")]
    for name, value in first.params.items():
        shape = (-1, *[1] * (value.dim() - 1))
        step = (moved.params[name] - value) / size.reshape(shape)
        torch.testing.assert_close(one.params[name] - value, step, atol=1e-6, rtol=1e-4)


def test_the_size_is_a_running_mean_of_what_is_recorded() -> None:
    arm = planned(taught(normalise="running"))
    cohort, histories = live(arm, [4])
    values = [np.frombuffer(told, np.float32)[0] for ordinal in range(len(arm.steps)) for _, told in
              histories[4][ordinal, "cost.naming"]]  # fmt: skip
    size = float(values[0])
    for each in values[1:]:
        size += (abs(float(each)) - size) / SIZE_UPDATES
    assert cohort.own[address_of_size("naming")].item() == pytest.approx(size, rel=1e-5)


def test_a_cost_that_ceases_forgets_its_size() -> None:
    document = taught(normalise="running")
    document["costs"]["rebuild"] = {"kind": "autoencode", "at": "V1", "target": "input"}
    document["stages"][1]["costs"] = {"rebuild": 1.0}
    cohort, _ = live(planned(document), [0])
    assert address_of_size("naming") not in cohort.own


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"target": {"kind": "label", "flip": 0.2}}, set()),
        ({"target": {"kind": "label", "flip": 1.2}}, {"E30"}),
        ({"target": {"kind": "label", "lag": 1}}, {"E06"}),
        ({"kind": "mse", "target": {"kind": "area", "area": "head", "flip": 0.2}}, {"E14"}),
        ({"kind": "autoencode", "at": "V1", "target": {"kind": "input", "flip": 0.2}}, {"E14"}),
        ({"normalise": "batch"}, {"E29"}),
    ],
)
def test_options_that_mean_nothing_are_refused(changes: dict[str, Any], codes: set[str]) -> None:
    found = {each.code for each in check_document(taught(**changes)).errors}
    assert found == codes or (codes == {"E29"} and found)
