"""The hinge against hand values."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec


def cost(**options: Any) -> Any:
    return build_cost("sorting", TypeAdapter(CostSpec).validate_python({"kind": "hinge", "at": "V1"} | options), [])


def test_only_what_a_unit_lacks_of_its_margin_counts(moment_by_hand: Any) -> None:
    rate = torch.tensor([0.25, 0.5, -3.0, -0.5]).reshape(1, 1, 1, 4)  # lacks .75, 1.5, 0, .5
    value = cost()(moment_by_hand({"V1": rate}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    assert value.item() == pytest.approx((0.75 + 1.5 + 0.0 + 0.5) / 4)


def test_a_silent_area_lacks_the_whole_margin(moment_by_hand: Any) -> None:
    value = cost()(moment_by_hand({"V1": torch.zeros(2, 3, 2, 10)}, torch.ones(2, 3, 2, dtype=torch.int64)))
    torch.testing.assert_close(value, torch.ones(2))


def test_the_gradient_is_one_step_inside_the_margin_and_0_outside(moment_by_hand: Any) -> None:
    rate = torch.tensor([0.25, 0.5, -3.0, -0.5]).reshape(1, 1, 1, 4).requires_grad_()
    judged = cost()(moment_by_hand({"V1": rate}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    (gradient,) = torch.autograd.grad(judged.sum(), rate)
    assert gradient.flatten().tolist() == [-0.25, 0.25, 0.0, 0.25]


def test_the_sign_of_numbers_is_what_is_wanted_and_no_gradient_enters_them(moment_by_hand: Any) -> None:
    rate = torch.tensor([0.5, 0.5]).reshape(1, 1, 1, 2).requires_grad_()
    teacher = torch.tensor([4.0, -0.1]).reshape(1, 1, 1, 2).requires_grad_()
    value = cost(target={"kind": "area", "area": "V2"})(moment_by_hand({"V1": rate, "V2": teacher})).sum()
    assert value.item() == pytest.approx((0.5 + 1.5) / 2)
    assert torch.autograd.grad(value, [rate, teacher], allow_unused=True)[1] is None


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.randn(2, 3, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    label = torch.randint(4, (2, 3, 2), generator=torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(lambda r: cost()(moment_by_hand({"V1": r}, label)), rate)
