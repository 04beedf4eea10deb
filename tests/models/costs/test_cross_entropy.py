"""Cross entropy against hand values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec


def cost(**options: Any) -> Any:
    return build_cost(
        "naming", TypeAdapter(CostSpec).validate_python({"kind": "cross_entropy", "at": "V1"} | options), []
    )


def test_two_units_log_3_apart_cost_log_4_thirds(moment_by_hand: Any) -> None:
    rate = torch.tensor([[math.log(3.0), 0.0]]).reshape(1, 1, 1, 2)
    value = cost()(moment_by_hand({"V1": rate}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    assert value.item() == pytest.approx(math.log(4.0 / 3.0))


def test_equal_outputs_cost_the_log_of_their_number(moment_by_hand: Any) -> None:
    value = cost()(moment_by_hand({"V1": torch.zeros(2, 3, 2, 10)}, torch.ones(2, 3, 2, dtype=torch.int64)))
    torch.testing.assert_close(value, torch.full((2,), math.log(10.0)))


def test_the_gradient_is_the_softmax_minus_the_label(moment_by_hand: Any) -> None:
    rate = torch.randn(1, 4, 1, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    label = torch.tensor([0, 2, 1, 1]).reshape(1, 4, 1)
    (gradient,) = torch.autograd.grad(cost()(moment_by_hand({"V1": rate}, label)).sum(), rate)
    onehot = torch.nn.functional.one_hot(label, 3).double()
    torch.testing.assert_close(gradient, (rate.softmax(-1) - onehot).detach() / 4)
    assert torch.autograd.gradcheck(lambda r: cost()(moment_by_hand({"V1": r}, label)), rate)


def test_a_teacher_is_matched_where_its_softmax_is_and_is_taught_nothing(moment_by_hand: Any) -> None:
    taught = cost(target={"kind": "area", "area": "V2"})
    teacher = torch.tensor([1.0, -2.0, 0.5]).reshape(1, 1, 1, 3).requires_grad_()
    pupil = (teacher.detach() + 3.0).requires_grad_()
    value = taught(moment_by_hand({"V1": pupil, "V2": teacher})).sum()
    (gradient,) = torch.autograd.grad(value, pupil, retain_graph=True)
    p = teacher.detach().softmax(-1)
    torch.testing.assert_close(value, -(p * p.log()).sum())
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-7, rtol=0)
    assert torch.autograd.grad(value, teacher, allow_unused=True) == (None,)


def test_a_world_without_labels_is_refused(moment_by_hand: Any) -> None:
    with pytest.raises(ValueError, match="shows none"):
        cost()(moment_by_hand({"V1": torch.zeros(1, 1, 1, 2)}))
