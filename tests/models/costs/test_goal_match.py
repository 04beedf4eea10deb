"""The goal and its template against hand values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.draw import Draw
from models.protocols import Remembers
from models.specs.costs import CostSpec

TEMPLATE = "cost/song/template"


def cost(**options: Any) -> Any:
    given = {"kind": "goal_match", "at": "RA", "target": {"kind": "template", "area": "A1"}} | options
    return build_cost("song", TypeAdapter(CostSpec).validate_python(given), [])


@pytest.fixture
def moment(moment_by_hand: Any) -> Any:
    """Two lives, two items of one step; each life has a goal of its own."""
    rate = {
        "RA": torch.tensor([[[[1.0, 0.0]], [[3.0, 0.0]]], [[[0.0, 0.0]], [[0.0, 2.0]]]]),
        "A1": torch.tensor([[[[4.0, 4.0]], [[0.0, 0.0]]], [[[8.0, 0.0]], [[8.0, 0.0]]]]),
    }
    own = {TEMPLATE: torch.tensor([[1.0, 0.0], [0.0, 1.0]])}
    return replace(moment_by_hand(rate), own=own, pace={"RA": torch.tensor([1.0, 0.5]), "A1": torch.zeros(2)})


def test_every_item_is_held_against_the_one_goal_of_its_life(moment: Any) -> None:
    assert cost()(moment).tolist() == pytest.approx([(0 + 4 + 0 + 0) / 4, (0 + 0 + 1 + 1) / 4])


def test_the_template_goes_a_part_of_the_way_at_the_pace_of_the_area(moment: Any) -> None:
    judge = cost(eta=0.2)
    assert isinstance(judge, Remembers)
    # means of A1: (2, 2) and (8, 0); a fifth of the way, and at plasticity one half a tenth
    expected = torch.tensor([[1.0 + 0.2 * 1.0, 0.2 * 2.0], [0.1 * 8.0, 1.0 - 0.1 * 1.0]])
    torch.testing.assert_close(judge.remember(moment)[TEMPLATE], expected)


def test_it_never_goes_beyond_what_was_met(moment: Any) -> None:
    fast = replace(moment, pace={"RA": torch.tensor([100.0, 100.0])})
    torch.testing.assert_close(cost(eta=0.2).remember(fast)[TEMPLATE], torch.tensor([[2.0, 2.0], [8.0, 0.0]]))


def test_a_fixed_template_stays(moment: Any) -> None:
    assert cost().remember(moment) == {}


def test_it_begins_at_nothing_and_is_as_wide_as_its_area() -> None:
    learned, state = cost().init({"RA": (2,), "A1": (3, 2, 2)}, Draw(torch.tensor([1, 2])))
    assert learned == {}
    assert torch.equal(state[TEMPLATE], torch.zeros(2, 12))


def test_no_gradient_enters_the_template(moment: Any) -> None:
    rate, template = moment.rate["RA"].clone().requires_grad_(), moment.own[TEMPLATE].clone().requires_grad_()
    judged = replace(moment, rate={**moment.rate, "RA": rate}, own={TEMPLATE: template})
    found, none = torch.autograd.grad(cost()(judged).sum(), [rate, template], allow_unused=True)
    assert none is None
    torch.testing.assert_close(found, 2 * (moment.rate["RA"] - moment.own[TEMPLATE][:, None, None]) / 4)
