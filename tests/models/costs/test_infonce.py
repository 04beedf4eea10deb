"""Telling apart, against hand values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from models.costs import build_cost
from models.specs.costs import CostSpec

AREA = {"target": {"kind": "area", "area": "V2"}}


def cost(**options: Any) -> Any:
    spec = TypeAdapter(CostSpec).validate_python({"kind": "infonce", "at": "V1"} | options)
    return build_cost("tell", spec, ["retina"])


def copying(moment: Any, width: int) -> Any:
    """The moment with a decoder that changes nothing."""
    weight, bias = "cost/tell/decoder/weight", "cost/tell/decoder/bias"
    return replace(moment, own={weight: torch.eye(width)[None], bias: torch.zeros(1, 1, width)})


def test_two_items_at_right_angles(moment_by_hand: Any) -> None:
    asked = torch.tensor([[2.0, 0.0], [0.0, 5.0]]).reshape(1, 2, 1, 2)
    moment = copying(moment_by_hand({"V1": asked, "V2": asked}), 2)
    # cosines 1 and 0, over a temperature of one half: 2 and 0
    assert cost(**AREA, temperature=0.5)(moment).item() == pytest.approx(math.log(1 + math.exp(-2.0)), abs=1e-6)


def test_of_two_items_one_is_taken_for_the_other(moment_by_hand: Any) -> None:
    asked = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).reshape(1, 2, 1, 2)
    shown = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)
    moment = copying(moment_by_hand({"V1": asked, "V2": shown}), 2)
    by_hand = (math.log(1 + math.exp(-1.0)) + math.log(1 + math.exp(1.0))) / 2
    assert cost(**AREA, temperature=1.0)(moment).item() == pytest.approx(by_hand, abs=1e-6)


def test_who_knows_nothing_pays_the_log_of_the_items(moment_by_hand: Any) -> None:
    rate = torch.ones(1, 20, 3, 4)
    assert cost(**AREA)(copying(moment_by_hand({"V1": rate, "V2": rate}), 4)).item() == pytest.approx(math.log(20.0))


def test_other_steps_of_the_clip_are_no_distractors(moment_by_hand: Any) -> None:
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).reshape(1, 2, 1, 2)
    clip = first.expand(1, 2, 7, 2)
    once, often = (cost(**AREA)(copying(moment_by_hand({"V1": x, "V2": x}), 2)) for x in (first, clip))
    torch.testing.assert_close(once, often)


def test_no_gradient_enters_the_target_and_none_the_last_step(moment_by_hand: Any) -> None:
    rate, other = (torch.randn(1, 5, 3, 4, generator=torch.Generator().manual_seed(k)).requires_grad_() for k in (0, 1))
    moment = copying(moment_by_hand({"V1": rate, "V2": other}), 4)
    value = cost(target={"kind": "next", "area": "V2"})(moment).sum()
    found, none = torch.autograd.grad(value, [rate, other], allow_unused=True)
    assert none is None
    assert bool((found[:, :, :2] != 0).any())
    assert torch.equal(found[:, :, 2], torch.zeros_like(found[:, :, 2]))


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(2)
    rate, other = (torch.randn(1, 4, 2, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    own = {"cost/tell/decoder/weight": torch.eye(3).double()[None], "cost/tell/decoder/bias": torch.zeros(1, 1, 3)}

    def value(rate: torch.Tensor) -> torch.Tensor:
        return cost(**AREA)(replace(moment_by_hand({"V1": rate, "V2": other}), own=own))

    own["cost/tell/decoder/bias"] = own["cost/tell/decoder/bias"].double()
    assert torch.autograd.gradcheck(value, rate.requires_grad_())


def test_labels_are_no_places_among_items() -> None:
    with pytest.raises(ValidationError):
        cost(target={"kind": "label"})
