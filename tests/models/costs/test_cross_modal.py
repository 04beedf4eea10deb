"""Two senses that agree, against hand values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from models.costs import build_cost
from models.specs.costs import CostSpec

LOG_2 = math.log(2.0)


def cost(**options: Any) -> Any:
    given = {"kind": "cross_modal", "at": "V1", "target": {"kind": "area", "area": "V2"}} | options
    return build_cost("agree", TypeAdapter(CostSpec).validate_python(given), ["retina"])


def items(*rows: list[float]) -> Tensor:
    return torch.tensor(rows).reshape(1, len(rows), 1, -1)


MINE = items([math.log(4.0), 0.0], [0.0, math.log(4.0)])
"""p = .8, .2 and .2, .8; their mean .5, .5."""
OTHER = items([math.log(3.0), 0.0], [0.0, math.log(3.0)])
"""At temperature 1/2 q = .9, .1 and .1, .9."""


def test_two_items_of_two_classes(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": MINE, "V2": OTHER})
    apart = -0.9 * math.log(0.8) - 0.1 * math.log(0.2)
    assert cost(temperature=0.5, balance=0.0)(moment).item() == pytest.approx(apart, abs=1e-6)
    assert cost(temperature=0.5, balance=3.0)(moment).item() == pytest.approx(apart - 3.0 * LOG_2, abs=1e-6)


def test_a_vote_that_is_cast_for_everything_is_no_vote(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": MINE, "V2": OTHER + torch.tensor([5.0, -1.0])})
    apart = -0.9 * math.log(0.8) - 0.1 * math.log(0.2)
    assert cost(temperature=0.5, balance=0.0)(moment).item() == pytest.approx(apart, abs=1e-6)


def test_votes_alike_for_everything_say_nothing_and_agreement_on_several_classes_is_worth_much(
    moment_by_hand: Any,
) -> None:
    nothing, same, several = (
        items(*rows) for rows in ([[0.0, 0.0]] * 2, [[50.0, 0.0]] * 2, [[50.0, 0.0], [0.0, 50.0]])
    )
    told = [
        cost()(moment_by_hand({"V1": mine, "V2": other})).item()
        for mine, other in ((nothing, nothing), (nothing, same), (several, several))
    ]
    assert told == pytest.approx([0.0, 0.0, -LOG_2], abs=1e-6)


def test_errors_are_what_the_other_says_besides_and_none_enters_it(moment_by_hand: Any) -> None:
    mine, other = MINE.clone().requires_grad_(), OTHER.clone().requires_grad_()
    value = cost(temperature=0.5, balance=0.0)(moment_by_hand({"V1": mine, "V2": other}))
    down, none = torch.autograd.grad(value.sum(), [mine, other], allow_unused=True)
    assert none is None
    torch.testing.assert_close(down, items([-0.05, 0.05], [0.05, -0.05]))


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(3)
    mine, other = (torch.randn(2, 5, 2, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    judge = cost(balance=0.7)
    assert torch.autograd.gradcheck(
        lambda rate: judge(moment_by_hand({"V1": rate, "V2": other})), mine.requires_grad_()
    )


def test_a_sense_is_no_area_that_could_vote() -> None:
    with pytest.raises(ValidationError):
        cost(target={"kind": "input"})
