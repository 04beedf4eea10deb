"""Slowness against hand values and what it is known to find."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.properties import SlowFeatureSpec


def cost(**options: Any) -> Any:
    return build_cost("slow", SlowFeatureSpec(kind="slow_feature", at="V1", **options))


def test_a_unit_that_alternates_takes_steps_of_two_standard_deviations(moment_by_hand: Any) -> None:
    rate = torch.tensor([3.0, 5.0, 3.0, 5.0]).reshape(1, 1, 4, 1)
    assert cost()(moment_by_hand({"V1": rate})).item() == pytest.approx(4.0)
    assert cost(order=2)(moment_by_hand({"V1": rate})).item() == pytest.approx(16.0)


def test_scale_and_offset_of_a_unit_do_not_matter(moment_by_hand: Any) -> None:
    rate = torch.randn(1, 8, 6, 3, generator=torch.Generator().manual_seed(0))
    scaled = rate * torch.tensor([1.0, 20.0, 0.5]) + torch.tensor([0.0, -3.0, 7.0])
    torch.testing.assert_close(cost()(moment_by_hand({"V1": rate})), cost()(moment_by_hand({"V1": scaled})))


def test_white_noise_takes_steps_of_mean_square_two(moment_by_hand: Any) -> None:
    rate = torch.randn(1, 500, 10, 4, generator=torch.Generator().manual_seed(1))
    assert cost()(moment_by_hand({"V1": rate})).item() == pytest.approx(2.0, abs=0.05)
    assert cost(order=2)(moment_by_hand({"V1": rate})).item() == pytest.approx(6.0, abs=0.2)


def test_two_equal_units_pay_the_whole_decorrelation(moment_by_hand: Any) -> None:
    one = torch.randn(1, 20, 4, 1, generator=torch.Generator().manual_seed(2))
    twins = moment_by_hand({"V1": torch.cat([one, -one], dim=-1)})
    assert (cost(decorrelate=0.7)(twins) - cost(decorrelate=0.0)(twins)).item() == pytest.approx(0.7, abs=1e-4)


def test_a_silent_unit_counts_nothing_and_is_taught_nothing(moment_by_hand: Any) -> None:
    rate = torch.zeros(1, 16, 4, 2, requires_grad=True)
    value = cost()(moment_by_hand({"V1": rate}))
    (gradient,) = torch.autograd.grad(value.sum(), rate)
    assert value.item() == 0.0
    assert torch.equal(gradient, torch.zeros_like(gradient))


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.randn(2, 3, 4, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: cost(order=2)(moment_by_hand({"V1": r})), rate)


def test_the_slowest_of_six_mixed_sources_is_found(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(4)
    time = torch.arange(2000) / 50.0
    sources = torch.stack([torch.sin(2 * math.pi * (0.05 + 0.35 * k) * time + k) for k in range(6)], dim=1)
    mixed = sources @ torch.randn(6, 6, generator=generator)
    white = torch.linalg.svd(mixed - mixed.mean(0), full_matrices=False)[0]
    weight = torch.randn(6, 1, generator=generator).requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=0.03)
    for _ in range(300):
        optimizer.zero_grad()
        cost()(moment_by_hand({"V1": (white @ weight).reshape(1, 1, 2000, 1)})).sum().backward()
        optimizer.step()
    found = (white @ weight).detach()[:, 0]
    assert abs(torch.corrcoef(torch.stack([found, sources[:, 0]]))[0, 1]) > 0.9


def test_a_still_is_refused(moment_by_hand: Any) -> None:
    with pytest.raises(ValueError, match="needs more than 2 steps"):
        cost(order=2)(moment_by_hand({"V1": torch.zeros(1, 16, 2, 3)}))
