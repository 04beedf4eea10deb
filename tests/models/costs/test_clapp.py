"""The hinge against hand values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.statistics import ClappSpec
from models.specs.costs.target import InputTarget

WEIGHT, BIAS = "cost/tell/decoder/weight", "cost/tell/decoder/bias"
COST: Any = build_cost("tell", ClappSpec(kind="clapp", at="V1", target=InputTarget(kind="input")), ["retina"])


def told(moment_by_hand: Any, rate: torch.Tensor, x: torch.Tensor, gain: float) -> torch.Tensor:
    own = {WEIGHT: gain * torch.eye(2, dtype=rate.dtype)[None], BIAS: torch.zeros(1, 1, 2, dtype=rate.dtype)}
    return COST.per_sample(replace(moment_by_hand({"V1": rate}, retina=x), own=own))


def test_each_item_is_held_against_the_other_of_two(moment_by_hand: Any) -> None:
    rate = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)
    x = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).reshape(1, 2, 1, 2)
    # gain 1: s(b, b) = 1/2, s(b, b') = -1/2; half of each margin is lacking
    assert told(moment_by_hand, rate, x, 1.0).tolist() == [[0.5, 0.5]]
    assert told(moment_by_hand, rate, x, 2.0).tolist() == [[0.0, 0.0]]
    assert told(moment_by_hand, rate, x, 0.0).tolist() == [[1.0, 1.0]]
    assert told(moment_by_hand, rate, -x, 2.0).tolist() == [[2.0, 2.0]]


def test_the_gradient_inside_the_margin_is_a_difference_of_targets(moment_by_hand: Any) -> None:
    rate = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2).requires_grad_()
    x = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).reshape(1, 2, 1, 2)
    (inside,) = torch.autograd.grad(told(moment_by_hand, rate, x, 1.0).sum(), rate)
    torch.testing.assert_close(inside, 0.5 * (x.flip(1) - x) / 2)
    (outside,) = torch.autograd.grad(told(moment_by_hand, rate, x, 3.0).sum(), rate)
    assert not outside.any()


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(3)
    rate, x = (torch.randn(1, 3, 2, 2, generator=generator, dtype=torch.float64) for _ in range(2))
    assert torch.autograd.gradcheck(lambda h: told(moment_by_hand, h, x, 0.3), [rate.requires_grad_()])
    assert told(moment_by_hand, rate, x, 0.3).shape == (1, 3)
    assert told(moment_by_hand, rate, x, 0.3).mean().item() == pytest.approx(
        COST(
            replace(
                moment_by_hand({"V1": rate}, retina=x),
                own={WEIGHT: 0.3 * torch.eye(2).double()[None], BIAS: torch.zeros(1, 1, 2).double()},
            )
        ).item()
    )
