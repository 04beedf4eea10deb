"""The bound against hand values, and its optimum against probabilistic PCA."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.draw import Draw
from models.specs.costs import CostSpec

WEIGHT, BIAS = "cost/dream/decoder/weight", "cost/dream/decoder/bias"


def cost(**options: Any) -> Any:
    return build_cost("dream", TypeAdapter(CostSpec).validate_python({"kind": "vae", "at": "V1"} | options), ["retina"])


def test_the_divergence_is_that_of_two_normals(moment_by_hand: Any) -> None:
    rate = torch.tensor([1.0, -2.0, 0.0, math.log(4.0)]).reshape(1, 1, 1, 4)  # N(1, 1) and N(-2, 4)
    own = {WEIGHT: torch.zeros(1, 2, 3), BIAS: torch.zeros(1, 1, 3)}
    moment = replace(moment_by_hand({"V1": rate}, retina=torch.zeros(1, 1, 1, 3)), own=own)
    by_hand = 0.5 * (1 + 1 - 1 - 0) + 0.5 * (4 + 4 - 1 - math.log(4.0))
    assert cost()(moment).item() == pytest.approx(by_hand)
    assert cost(beta=4.0)(moment).item() == pytest.approx(4 * by_hand)
    normals = torch.distributions.Normal(torch.tensor([1.0, -2.0]), torch.tensor([1.0, 2.0]))
    closed = torch.distributions.kl_divergence(normals, torch.distributions.Normal(0.0, 1.0)).sum()
    assert by_hand == pytest.approx(closed.item())


def test_without_causes_the_error_is_that_of_the_bias_in_units_of_sd(moment_by_hand: Any) -> None:
    own = {WEIGHT: torch.zeros(1, 1, 2), BIAS: torch.tensor([[[1.0, 0.0]]])}
    rate, x = torch.zeros(1, 1, 1, 2), torch.tensor([4.0, 2.0]).reshape(1, 1, 1, 2)
    moment = replace(moment_by_hand({"V1": rate}, retina=x), own=own)
    assert cost(sd=0.5)(moment).item() == pytest.approx((9.0 + 4.0) / (2 * 0.25))


def test_doubt_adds_its_variance_to_the_error(moment_by_hand: Any) -> None:
    items = 4000
    rate = torch.cat([torch.zeros(1, items, 1, 1), torch.full((1, items, 1, 1), math.log(0.25))], dim=3)
    own = {WEIGHT: torch.full((1, 1, 1), 3.0), BIAS: torch.zeros(1, 1, 1)}
    moment = replace(moment_by_hand({"V1": rate}, retina=torch.zeros(1, items, 1, 1)), own=own)
    expected = 9.0 * 0.25 / 2 + 0.5 * (0.25 - 1 - math.log(0.25))
    assert cost()(moment).item() == pytest.approx(expected, rel=0.05)


def test_doubt_is_new_at_every_presentation_and_the_same_when_repeated(toy_moment: Any) -> None:
    judge = cost()
    own = judge.init({"V1": (6,), "retina": (13,)}, Draw(torch.tensor([4])))[0]
    moment = toy_moment([4], units=6, own=own).moment
    later = replace(moment, draw=moment.draw.indexed(moment.draw.index_NB + 1000))
    assert torch.equal(judge(moment), judge(moment))
    assert not torch.equal(judge(moment), judge(later))


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(5)
    rate, weight, bias, x = (
        torch.randn(*each, generator=generator, dtype=torch.float64)
        for each in [(2, 3, 1, 4), (2, 2, 5), (2, 1, 5), (2, 3, 1, 5)]
    )

    def value(rate: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return cost(sd=0.7, beta=2.0)(replace(moment_by_hand({"V1": rate}, retina=x), own={WEIGHT: weight, BIAS: bias}))

    assert torch.autograd.gradcheck(value, [each.requires_grad_() for each in (rate, weight, bias)])
