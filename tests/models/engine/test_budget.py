"""Budgets of labels: which items show theirs, and what costs make of the rest."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned
from raising import IMAGE

from models.costs import build_cost
from models.draw import Draw
from models.engine.feed import Stream
from models.protocols import Batch, Moment
from models.specs.checks import check_schedule
from models.specs.costs.supervised import BceSpec, CrossEntropySpec, HingeSpec, MseSpec
from models.specs.costs.target import LabelTarget
from models.specs.exposure import exposure
from models.specs.numerics import NumericsSpec
from models.specs.organism import SenseSpec
from models.specs.plan import arm_keys
from models.specs.schedule import ScheduleSpec
from models.specs.worlds import WorldSpec

SEEDS = torch.tensor([3, 8])
SENSES = {"retina": SenseSpec.model_validate(IMAGE["retina"], strict=False)}


def stream(size: int = 300, source: Any = "digits", draw: str = "fixed", **labels: Any) -> Stream:
    spec = {"source": source, "size": size, "draw": draw, "labels": {"kind": "budget", **labels}}
    return Stream(WorldSpec.model_validate(spec, strict=False), SENSES, {})


def taught(**labels: Any) -> dict[str, Any]:
    """The tiny schedule under a budget of labels."""
    document = tiny_schedule()
    document["worlds"]["school"]["labels"] = {"kind": "budget", **labels}
    return document


def parsed(document: dict[str, Any]) -> ScheduleSpec:
    return ScheduleSpec.model_validate_json(orjson.dumps(document))


def codes(document: dict[str, Any]) -> list[str]:
    return [each.code for each in check_schedule(parsed(document)) if each.severity == "error"]


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("draw", ["fixed", "per_life"])
def test_a_larger_budget_holds_the_items_of_a_smaller_one(draw: str, balanced: bool) -> None:
    small, large = (stream(draw=draw, count=count, balanced=balanced).subset(SEEDS) for count in (20, 70))
    assert small.shape == (2, 20)
    assert all(set(one.tolist()) < set(other.tolist()) for one, other in zip(small, large, strict=True))
    assert torch.equal(small[0], small[1]) == (draw == "fixed")


def test_free_budgets_are_draws_of_their_own() -> None:
    small, large = (set(stream(count=count, draw="fixed").subset(SEEDS)[0].tolist()) for count in (40, 60))
    free = [set(_free(count).subset(SEEDS)[0].tolist()) for count in (40, 60)]
    assert small < large
    assert not free[0] <= free[1]


def _free(count: int) -> Stream:
    labels = {"kind": "budget", "count": count, "draw": "free"}
    return Stream(WorldSpec.model_validate({"source": "digits", "size": 300, "labels": labels}), SENSES, {})


def test_a_balanced_budget_has_as_many_of_each_class_as_there_are() -> None:
    source = stream(count=73)
    items = source.subset(SEEDS[:1])
    label = source.world.sample(SEEDS[:1] * 0, items)[1]
    assert label is not None
    found = torch.bincount(label.flatten(), minlength=10)
    assert found.sum() == 73
    assert found.max() - found.min() <= 1
    plain = stream(count=73, balanced=False)
    other = plain.world.sample(SEEDS[:1] * 0, plain.subset(SEEDS[:1]))[1]
    assert other is not None
    assert torch.bincount(other.flatten(), minlength=10).float().std() > found.float().std()


def test_a_class_with_too_few_items_leaves_its_place_to_the_others() -> None:
    source = stream(size=12, count=11)
    assert source.subset(SEEDS).shape == (2, 11)


def test_kept_items_show_the_label_of_the_budget_and_of_no_other() -> None:
    kept, dropped = stream(count=40, unlabelled="keep"), stream(count=40)
    items = torch.arange(1200).expand(2, -1)
    batch = kept.show(SEEDS, items, kept.draw(SEEDS, items))
    assert batch.labelled_NB is not None
    assert batch.label is not None
    for life, with_label in enumerate(dropped.subset(SEEDS)):
        assert items[life][batch.labelled_NB[life]].tolist() == with_label.tolist()
        assert not batch.label[life][~batch.labelled_NB[life]].any()
    assert kept.size == 300
    assert dropped.size == 40


COSTS: dict[str, Any] = {
    "cross_entropy": CrossEntropySpec(kind="cross_entropy", at="V1"),
    "mse": MseSpec(kind="mse", at="V1"),
    "bce": BceSpec(kind="bce", at="V1"),
    "hinge": HingeSpec(kind="hinge", at="V1"),
}


@pytest.mark.parametrize("kind", sorted(COSTS))
def test_a_cost_of_labels_is_a_mean_over_the_labelled(kind: str) -> None:
    rate = torch.tensor([0.2, 0.7, 0.4, 0.9, 0.1, 0.6]).reshape(1, 3, 1, 2).requires_grad_()
    label = torch.tensor([1, 0, 1]).reshape(1, 3, 1)
    cost = build_cost("naming", COSTS[kind], ("x",))
    some = _moment(rate, label, torch.tensor([[True, False, True]]))
    lone = _moment(rate[:, [0, 2]], label[:, [0, 2]], None)
    assert cost(some).item() == pytest.approx(cost(lone).item(), rel=1e-6)
    assert cost.per_sample(some).mean(dim=1).item() == pytest.approx(cost(some).item(), rel=1e-6)  # type: ignore[attr-defined]
    (grad,) = torch.autograd.grad(cost(some).sum(), rate)
    assert not grad[:, 1].any()
    assert grad[:, [0, 2]].any()
    none = _moment(rate, label, torch.zeros(1, 3, dtype=torch.bool))
    assert cost(none).item() == 0.0


def test_a_shuffled_label_is_that_of_another_labelled_item() -> None:
    spec = MseSpec(kind="mse", at="V1", target=LabelTarget(kind="label", shuffle=True))
    label, shown = torch.arange(12).reshape(1, 12, 1), torch.arange(12)[None] % 3 == 0
    told = build_cost("naming", spec, ("x",)).target(_moment(torch.zeros(1, 12, 1, 12), label, shown))  # type: ignore[attr-defined]
    assert sorted(told[shown].flatten().tolist()) == [0, 3, 6, 9]
    assert (told[shown] != label[shown]).all()


def _moment(rate: torch.Tensor, label: torch.Tensor, labelled_NB: torch.Tensor | None) -> Moment:
    index = torch.arange(rate.shape[1]).expand(rate.shape[:2])
    batch = Batch({}, label, {}, index, labelled_NB=labelled_NB)
    return Moment(batch, {"V1": rate}, {}, {}, Draw(torch.arange(1), index), {}, lambda at, given: given[at])


@pytest.mark.parametrize("unlabelled", ["drop", "keep"])
def test_a_life_under_a_budget_obeys_the_law(unlabelled: str) -> None:
    obeys_the_law(planned(taught(count=60, unlabelled=unlabelled)))


def test_a_budget_changes_the_key_and_a_pass() -> None:
    keys = [
        arm_keys(planned(document), [0], NumericsSpec())[0]
        for document in (tiny_schedule(), taught(count=60), taught(count=80), taught(count=60, unlabelled="keep"))
    ]
    assert len(set(keys)) == 4
    assert planned(taught(count=60)).updates_max == 10 + 3
    assert planned(taught(count=60, unlabelled="keep")).updates_max == 10 + 10
    found = exposure(parsed(taught(count=60, unlabelled="keep")))
    assert found is not None
    assert (found["lb"], found["items"]) == (60, 200)


def test_budgets_that_cannot_be_are_refused() -> None:
    assert codes(taught(count=60)) == codes(taught(count=60, unlabelled="keep")) == []
    assert codes(taught(count=201)) == ["E15"]
    assert codes(taught(count=10)) == ["E15"]  # a batch of 20
    endless = taught(count=60)
    del endless["worlds"]["school"]["size"]
    endless["worlds"]["school"] |= {"source": {"kind": "moving_shapes", "frame": 8}}
    endless["stages"][1]["until"] = {"after": "10ba"}
    endless["organism"]["areas"]["head"]["size"] = 5
    endless["probes"] = {}
    assert codes(endless) == ["E15"]
    numbers = taught(count=60)
    numbers["worlds"]["school"] |= {"source": {"kind": "linear_map"}, "size": 200}
    assert "E30" in codes(numbers)
    quiz = tiny_schedule()
    quiz["worlds"]["quiz"]["labels"] = {"kind": "budget", "count": 30, "unlabelled": "keep"}
    assert codes(quiz) == ["E36"]
    rule = taught(count=60, unlabelled="keep")
    rule["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": "local_error"}]
    assert set(codes(rule)) == {"E26"}
    rebuilt = taught(count=60, unlabelled="keep")
    rebuilt["costs"]["naming"] = {"kind": "autoencode", "at": "V1", "target": "label"}
    assert set(codes(rebuilt)) == {"E06"}
