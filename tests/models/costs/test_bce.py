"""Binary cross entropy against hand values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec


def cost(**options: Any) -> Any:
    return build_cost("deciding", TypeAdapter(CostSpec).validate_python({"kind": "bce", "at": "V1"} | options), [])


TAUGHT = {"target": {"kind": "area", "area": "V2"}}


def rates(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_of_two_units_at_a_quarter_one_should_be_on(moment_by_hand: Any) -> None:
    value = cost()(moment_by_hand({"V1": rates(0.25, 0.25)}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    assert value.item() == pytest.approx((math.log(4.0) + math.log(4.0 / 3.0)) / 2, abs=1e-6)


def test_a_yes_may_weigh_more(moment_by_hand: Any) -> None:
    value = cost(pos_weight=3.0)(moment_by_hand({"V1": rates(0.25, 0.25)}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    assert value.item() == pytest.approx((3 * math.log(4.0) + math.log(4.0 / 3.0)) / 2, abs=1e-6)


def test_an_unsure_teacher_is_not_heard(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": rates(0.5, 0.5, 0.5), "V2": rates(0.95, 0.8, 0.1)})
    assert cost(**TAUGHT)(moment).item() == pytest.approx(math.log(2.0), abs=1e-6)
    assert cost(**TAUGHT, min_confidence=0.9)(moment).item() == pytest.approx(2 / 3 * math.log(2.0), abs=1e-6)
    assert cost(**TAUGHT, min_confidence=0.93)(moment).item() == pytest.approx(1 / 3 * math.log(2.0), abs=1e-6)


def test_a_unit_that_is_surely_wrong_has_a_finite_cost(moment_by_hand: Any) -> None:
    value = cost()(moment_by_hand({"V1": rates(0.0, 1.0)}, torch.zeros(1, 1, 1, dtype=torch.int64)))
    assert value.item() == pytest.approx(-math.log(1e-7), rel=0.02)


def test_the_gradient_agrees_with_differences_and_none_enters_the_teacher(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    pupil = (0.1 + 0.8 * torch.rand(2, 3, 2, 4, generator=generator, dtype=torch.float64)).requires_grad_()
    teacher = torch.rand(2, 3, 2, 4, generator=generator, dtype=torch.float64).requires_grad_()
    judge = cost(**TAUGHT, pos_weight=2.0)
    assert torch.autograd.gradcheck(lambda r: judge(moment_by_hand({"V1": r, "V2": teacher.detach()})), pupil)
    value = judge(moment_by_hand({"V1": pupil, "V2": teacher})).sum()
    assert torch.autograd.grad(value, teacher, allow_unused=True) == (None,)


def test_at_the_target_the_gradient_is_p_less_y_over_its_variance(moment_by_hand: Any) -> None:
    p = rates(0.3, 0.6).double().requires_grad_()
    (gradient,) = torch.autograd.grad(cost(**TAUGHT)(moment_by_hand({"V1": p, "V2": rates(0.5, 0.5).double()})), p)
    expected = [(0.3 - 0.5) / (0.3 * 0.7) / 2, (0.6 - 0.5) / (0.6 * 0.4) / 2]
    assert gradient.flatten().tolist() == pytest.approx(expected, rel=1e-5)
