"""The rate target against hand values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.properties import ActivitySpec

COST = build_cost("rest", ActivitySpec(kind="activity", at="V1", target_rate=0.25))


def test_only_the_mean_rate_of_a_unit_counts(moment_by_hand: Any) -> None:
    rate = torch.tensor([[[[0.0, 1.0]], [[0.5, 1.0]]]])  # means .25 and 1
    assert COST(moment_by_hand({"V1": rate})).item() == pytest.approx(0.75**2 / 2)


def test_at_the_target_rate_there_is_no_gradient(moment_by_hand: Any) -> None:
    rate = torch.tensor([[[[0.0]], [[0.5]]]], requires_grad=True)
    (gradient,) = torch.autograd.grad(COST(moment_by_hand({"V1": rate})).sum(), rate)
    assert torch.equal(gradient, torch.zeros_like(gradient))


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.rand(2, 4, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: COST(moment_by_hand({"V1": r})), rate)
