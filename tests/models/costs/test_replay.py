"""A store of what was met: its values by hand, what it keeps, and what it keeps alive."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned
from raising import raised
from torch import Tensor

from models.costs import build_cost
from models.draw import Draw
from models.protocols import Batch, Moment, Params, Variation
from models.specs.checks import check_document
from models.specs.costs.supervised import ReplaySpec

SHAPES: dict[str, tuple[int, ...]] = {"V1": (2,), "point": (2,), "world/label": (2,)}


def cost(slots: int) -> Any:
    return build_cost("past", ReplaySpec.model_validate({"kind": "replay", "at": "V1", "slots": slots}), ["point"])


def met(seeds: list[int], first: int, batch: int, labelled: Tensor | None = None) -> Moment:
    """Items by number; each shows its number and has the parity of it as its class."""
    index = torch.arange(first, first + batch).expand(len(seeds), batch)
    point = torch.stack([index, -index], dim=2).unsqueeze(2).float()
    shown = Batch({"point": point}, (index % 2).unsqueeze(2), {}, index, labelled_NB=labelled)
    return Moment(shown, {"V1": point}, {}, {}, Draw(torch.tensor(seeds), index), {}, lambda at, _: point)


def filled(slots: int, seeds: list[int], batches: int, batch: int = 8) -> Params:
    store = cost(slots)
    own: Params = store.init(SHAPES, Draw(torch.tensor(seeds)))[1]
    for turn in range(batches):
        own |= store.remember(replace(met(seeds, turn * batch, batch), own=own))
    return own


def recalling(own: Params, weight: Tensor) -> Moment:
    """A moment in which V1 says weight times what is recalled."""

    def again(other: Variation) -> Moment:
        return replace(now, rate={"V1": other.senses["point"] * weight})

    now = replace(met([1], 100, 4), own=own, again=again)
    return now


def test_recalled_items_are_judged_by_the_class_they_had() -> None:
    own = {
        "cost/past/kept/point": torch.tensor([[[2.0, 0.0], [0.0, 1.0], [9.0, 9.0]]]),
        "cost/past/label": torch.tensor([[0, 0, 1]]),
        "cost/past/key": torch.tensor([[7, 5, -1]]),
    }
    alone = {name: each[:, [0, 2]] for name, each in own.items()}
    weight = torch.ones(1, requires_grad=True)
    right, wrong = math.log(1.0 + math.exp(-2.0)), math.log(1.0 + math.exp(1.0))
    value = cost(2)(recalling(alone, weight))
    assert value.item() == pytest.approx(right)
    assert torch.autograd.grad(value.sum(), weight)[0].item() == pytest.approx(-2.0 / (1.0 + math.exp(2.0)))
    shares = [k / 4 for k in range(5)]  # of four recalled items so many are the second of the two that there are
    expected = [(1.0 - share) * right + share * wrong for share in shares]
    assert any(cost(3)(recalling(own, weight)).item() == pytest.approx(each) for each in expected)


def test_an_empty_store_says_nothing() -> None:
    weight = torch.ones(1, requires_grad=True)
    value = cost(3)(recalling(cost(3).init(SHAPES, Draw(torch.tensor([1])))[1], weight))
    assert value.item() == 0.0
    assert torch.autograd.grad(value.sum(), weight)[0].item() == 0.0


def test_what_is_recalled_is_any_of_what_is_kept_alike() -> None:
    own = filled(4, [1], 1, batch=4)
    often = torch.zeros(4)

    def again(other: Variation) -> Moment:
        number = other.senses["point"][0, :, 0, 0].long()
        often.index_add_(0, number, torch.ones(len(number)))
        return replace(met([1], 0, 4000), rate={"V1": other.senses["point"]})

    cost(4)(replace(met([1], 0, 4000), own=own, again=again))
    assert often.sum() == 4000
    assert (often - 1000.0).abs().max() < 4.0 * math.sqrt(4000 * 0.25 * 0.75)


def test_the_store_keeps_whole_items_and_any_of_those_met_alike() -> None:
    seeds, slots, items = list(range(400)), 10, 40
    own = filled(slots, seeds, items // 8)
    number = own["cost/past/kept/point"][..., 0].long()
    assert torch.equal(own["cost/past/kept/point"][..., 1].long(), -number)
    assert torch.equal(own["cost/past/label"], number % 2)
    assert all(len(set(each)) == slots for each in number.tolist())
    often = torch.bincount(number.flatten(), minlength=items).double() / len(seeds)
    assert (often - slots / items).abs().max() < 4.0 * math.sqrt(0.25 * 0.75 / len(seeds))


def test_a_life_keeps_the_same_in_any_company_and_of_any_batches() -> None:
    together, alone = filled(5, [3, 14, 15], 4), filled(5, [14], 4)
    for name, value in alone.items():
        assert torch.equal(together[name][1:2], value)
    for name, value in filled(5, [14], 2, batch=16).items():
        assert torch.equal(value, alone[name])


def test_items_without_a_label_are_not_kept() -> None:
    store = cost(6)
    own: Params = store.init(SHAPES, Draw(torch.tensor([1])))[1]
    labelled = (torch.arange(8) % 4 == 1).unsqueeze(0)
    after = store.remember(replace(met([1], 0, 8, labelled), own=own))
    assert sorted(after["cost/past/kept/point"][0, :2, 0].tolist()) == [1.0, 5.0]
    assert (after["cost/past/key"][0, :2] >= 0).all()
    assert after["cost/past/key"][0, 2:].tolist() == [-1] * 4


def schedule(weight: float = 1.0, change: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
    document = copy.deepcopy(tiny_schedule())
    (area,) = {each["at"] for each in document["costs"].values()}
    (stage, *_) = document["stages"]
    document["costs"]["past"] = {"kind": "replay", "at": area, "slots": 50}
    stage["costs"]["past"] = weight
    change(document)
    return document


def test_a_life_with_a_past_obeys_the_law() -> None:
    obeys_the_law(planned(schedule()))


def test_only_what_is_met_while_it_weighs_is_kept() -> None:
    kept = {}
    for weight in (0.0, 1.0):
        regime = planned(schedule(weight)).steps[0].regime
        kept[weight] = int((raised(regime, [3], 1).own["cost/past/key"] >= 0).sum()) if weight else None
        assert ("cost/past/key" in raised(regime, [3], 1).own) == bool(weight)
    assert kept[1.0] == tiny_schedule()["clock"]["batch"]


def test_what_a_store_cannot_keep_is_refused() -> None:
    assert not check_document(schedule()).errors

    def unlabelled(document: dict[str, Any]) -> None:
        for world in document["worlds"].values():
            world["labels"] = "none"

    def narrow(document: dict[str, Any]) -> None:
        document["organism"]["areas"][document["costs"]["past"]["at"]]["size"] = 7

    assert "E06" in {each.code for each in check_document(schedule(change=unlabelled)).errors}
    assert "E14" in {each.code for each in check_document(schedule(change=narrow)).errors}


def test_items_with_a_time_of_their_own_are_refused() -> None:
    def moving(document: dict[str, Any]) -> None:
        (world,) = {stage["world"] for stage in document["stages"]}
        document["worlds"][world]["steps"] = 2

    told = [each for each in check_document(schedule(change=moving)).errors if "past" in each.message]
    assert [each.code for each in told] == ["E06"]
    assert "one time step" in told[0].message
