"""Contrast in time against hand values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.properties import TemporalContrastSpec


def cost(**options: Any) -> Any:
    return build_cost("same", TemporalContrastSpec(kind="temporal_contrast", at="V1", **options))


def test_two_items_that_stand_still_pay_for_standing_too_near(moment_by_hand: Any) -> None:
    rate = torch.tensor([[0.0, 0.0], [0.6, 0.8]]).reshape(1, 2, 1, 2).expand(1, 2, 3, 2)
    apart = 0.5**0.5  # root of the mean of .36 and .64
    assert cost()(moment_by_hand({"V1": rate})).item() == pytest.approx((1.0 - apart) ** 2, abs=1e-6)
    assert cost(margin=0.5)(moment_by_hand({"V1": rate})).item() == 0.0


def test_far_items_pay_for_their_steps_only(moment_by_hand: Any) -> None:
    rate = torch.tensor([[0.0, 1.0, 3.0], [100.0, 100.0, 104.0]]).reshape(1, 2, 3, 1)
    assert cost()(moment_by_hand({"V1": rate})).item() == pytest.approx((1.0 + 4.0 + 0.0 + 16.0) / 4)


def test_every_item_is_held_against_another(moment_by_hand: Any) -> None:
    rate = (torch.arange(16.0) * 10.0).reshape(1, 16, 1, 1).expand(1, 16, 2, 1)
    assert cost(margin=9.0)(moment_by_hand({"V1": rate})).item() == 0.0  # were one held against itself, 81 / 16


def test_collapse_costs_the_squared_margin(moment_by_hand: Any) -> None:
    value = cost(margin=2.0)(moment_by_hand({"V1": torch.ones(2, 16, 3, 4)}))
    torch.testing.assert_close(value, torch.full((2,), 4.0), atol=1e-3, rtol=0)


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.rand(2, 4, 3, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: cost()(moment_by_hand({"V1": r})), rate)


def test_a_still_is_refused(moment_by_hand: Any) -> None:
    with pytest.raises(ValueError, match="needs more than 1 step"):
        cost()(moment_by_hand({"V1": torch.zeros(1, 16, 1, 3)}))
