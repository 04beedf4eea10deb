"""Prediction of what comes against hand values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from models.costs import build_cost
from models.specs.costs import CostSpec

WEIGHT, BIAS = "cost/guess/decoder/weight", "cost/guess/decoder/bias"


def cost(**options: Any) -> Any:
    spec = TypeAdapter(CostSpec).validate_python({"kind": "predict_next", "at": "V1"} | options)
    return build_cost("guess", spec, ["retina"])


def clip(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, -1, 1)


def test_a_copier_pays_for_every_change(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": clip(1.0, 2.0, 5.0, 5.0)}, retina=clip(1.0, 2.0, 5.0, 5.0))
    copies = replace(moment, own={WEIGHT: torch.ones(1, 1, 1), BIAS: torch.zeros(1, 1, 1)})
    assert cost()(copies).item() == pytest.approx((1.0 + 9.0 + 0.0) / 3)
    assert cost(target={"kind": "next", "horizon": 2})(copies).item() == pytest.approx((16.0 + 9.0) / 2)


def test_the_decoder_doubles_and_adds(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": clip(1.0, 2.0, 4.0)}, retina=clip(0.0, 3.0, 6.0))
    doubles = replace(moment, own={WEIGHT: torch.full((1, 1, 1), 2.0), BIAS: torch.ones(1, 1, 1)})
    assert cost()(doubles).item() == pytest.approx(((3 - 3) ** 2 + (6 - 5) ** 2) / 2)


def test_a_symbol_predicted_with_odds_of_three_to_one_costs_its_surprise(moment_by_hand: Any) -> None:
    symbols = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]).reshape(1, 1, 3, 2)
    own = {WEIGHT: torch.zeros(1, 1, 2), BIAS: torch.tensor([[[0.0, math.log(3.0)]]])}  # 1/4, 3/4
    moment = replace(moment_by_hand({"V1": clip(1.0, 1.0, 1.0)}, retina=symbols), own=own)
    value = cost(error="surprise")(moment).item()
    assert value == pytest.approx((math.log(4.0 / 3.0) + math.log(4.0)) / 2)


def test_the_last_step_teaches_nothing_and_the_target_is_taught_nothing(moment_by_hand: Any) -> None:
    rate = torch.randn(1, 2, 4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    other = torch.randn(1, 2, 4, 2, generator=torch.Generator().manual_seed(1)).requires_grad_()
    own = {WEIGHT: torch.ones(1, 3, 2), BIAS: torch.zeros(1, 1, 2)}
    moment = replace(moment_by_hand({"V1": rate, "V2": other}), own=own)
    value = cost(target={"kind": "next", "area": "V2"})(moment).sum()
    found, none = torch.autograd.grad(value, [rate, other], allow_unused=True)
    assert none is None
    assert torch.equal(found[:, :, 3], torch.zeros_like(found[:, :, 3]))
    assert bool((found[:, :, :3] != 0).all())


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(2)
    shapes = [(2, 3, 4, 3), (2, 3, 5), (2, 1, 5)]
    rate, weight, bias = (torch.randn(*each, generator=generator, dtype=torch.float64) for each in shapes)
    x = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64)

    def value(rate: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return cost()(replace(moment_by_hand({"V1": rate}, retina=x), own={WEIGHT: weight, BIAS: bias}))

    assert torch.autograd.gradcheck(value, [each.requires_grad_() for each in (rate, weight, bias)])


def test_what_lies_beyond_the_clip_is_refused(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": clip(1.0, 2.0)}, retina=clip(1.0, 2.0))
    with pytest.raises(ValueError, match="looks 2 steps ahead, items have 2"):
        cost(target={"kind": "next", "horizon": 2})(moment)


def test_what_comes_is_of_a_sense_or_of_an_area() -> None:
    with pytest.raises(ValidationError, match="not both"):
        cost(target={"kind": "next", "sense": "retina", "area": "V2"})
