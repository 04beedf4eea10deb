"""Decorrelation against hand values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.properties import DecorrelateSpec

COST = build_cost("apart", DecorrelateSpec(kind="decorrelate", at="V1"))


def test_of_three_units_two_say_the_same_in_opposite_words(moment_by_hand: Any) -> None:
    one, other = [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]
    rate = torch.tensor([one, [-3.0 * x + 2.0 for x in one], other]).T.reshape(1, 4, 1, 3)
    assert COST(moment_by_hand({"V1": rate})).item() == pytest.approx(2 / 6)  # 1 of 3 pairs, each counted both ways


def test_half_a_correlation_costs_a_quarter(moment_by_hand: Any) -> None:
    rate = torch.tensor([[1.0, 1.0, -1.0, -1.0], [2.0, 0.0, 0.0, -2.0]]).T.reshape(1, 2, 2, 2)
    # covariance (2 + 2) / 4 = 1, variances 1 and 2: correlation 1 / sqrt(2), squared 1/2
    assert COST(moment_by_hand({"V1": rate})).item() == pytest.approx(0.5)


def test_variance_is_that_of_all_items_and_steps(moment_by_hand: Any) -> None:
    rate = torch.tensor([[3.0, 1.0, -3.0, -1.0], [3.0, -1.0, -3.0, 1.0]]).T.reshape(1, 2, 2, 2)
    # covariance (18 - 2) / 4 = 4, variances 5: correlation .8; of step by step it would be 0
    assert COST(moment_by_hand({"V1": rate})).item() == pytest.approx(0.64)


def test_independent_units_cost_what_chance_makes(moment_by_hand: Any) -> None:
    rate = torch.randn(1, 500, 4, 6, generator=torch.Generator().manual_seed(0))
    assert COST(moment_by_hand({"V1": rate})).item() == pytest.approx(1 / 2000, rel=0.5)


def test_a_single_unit_has_nobody_to_differ_from(moment_by_hand: Any) -> None:
    rate = torch.randn(2, 16, 1, 1, generator=torch.Generator().manual_seed(0)).requires_grad_()
    value = COST(moment_by_hand({"V1": rate}))
    torch.testing.assert_close(value, torch.zeros(2), atol=1e-6, rtol=0)
    assert torch.autograd.grad(value.sum(), rate)[0].abs().max() < 1e-6


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.randn(2, 4, 2, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: COST(moment_by_hand({"V1": r})), rate)
