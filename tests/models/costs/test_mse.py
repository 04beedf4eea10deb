"""Mean squared error against hand values."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec


def cost(senses: tuple[str, ...] = (), **options: Any) -> Any:
    return build_cost("pull", TypeAdapter(CostSpec).validate_python({"kind": "mse", "at": "V1"} | options), senses)


def test_a_class_is_one_hot(moment_by_hand: Any) -> None:
    rate = torch.tensor([0.5, 0.0, 1.0]).reshape(1, 1, 1, 3)
    value = cost()(moment_by_hand({"V1": rate}, torch.tensor(2).reshape(1, 1, 1)))
    assert value.item() == pytest.approx(0.25 / 3)


def test_conv_areas_are_compared_unit_by_unit(moment_by_hand: Any) -> None:
    image = torch.arange(8.0).reshape(1, 1, 1, 2, 2, 2)
    value = cost(("retina",), target="input")(moment_by_hand({"V1": image + 2.0}, retina=image))
    assert value.item() == 4.0


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    rate = torch.randn(2, 3, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    label = torch.randint(4, (2, 3, 2), generator=torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(lambda r: cost()(moment_by_hand({"V1": r}, label)), rate)


def test_no_gradient_enters_the_target(moment_by_hand: Any) -> None:
    pupil, teacher = torch.zeros(1, 2, 1, 3, requires_grad=True), torch.ones(1, 2, 1, 3, requires_grad=True)
    value = cost(target={"kind": "area", "area": "V2"})(moment_by_hand({"V1": pupil, "V2": teacher})).sum()
    assert torch.autograd.grad(value, [pupil, teacher], allow_unused=True)[1] is None


def test_a_target_of_another_width_is_refused(moment_by_hand: Any) -> None:
    rates = {"V1": torch.zeros(1, 1, 1, 3), "V2": torch.zeros(1, 1, 1, 4)}
    with pytest.raises(ValueError, match="width 4 does not fit 3"):
        cost(target={"kind": "area", "area": "V2"})(moment_by_hand(rates))


def test_an_input_target_must_name_one_of_two_senses() -> None:
    with pytest.raises(ValueError, match="must name one"):
        cost(("retina", "cochlea"), target="input")
