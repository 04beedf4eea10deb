"""Consolidation against hand values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from models.costs import build_cost
from models.specs.costs.wiring import EwcSpec

FROM, BIAS, ABOVE = "area/V1/from/retina/weight", "area/V1/bias", "area/V2/from/V1/weight"
COST = build_cost("keep", EwcSpec(kind="ewc", at="V1", anchor="first"))


@pytest.fixture
def moment(wired_moment: Any) -> Any:
    weight = {
        FROM: torch.tensor([[[1.0, 2.0]]], requires_grad=True),
        BIAS: torch.tensor([[[0.0, -1.0]]], requires_grad=True),
        ABOVE: torch.tensor([[[9.0]]], requires_grad=True),
    }
    rate = {"V1": torch.zeros(1, 1, 1, 2)}
    anchors = {
        f"anchor/first/weight/{FROM}": torch.tensor([[[0.0, 2.5]]]),
        f"anchor/first/fisher/{FROM}": torch.tensor([[[3.0, 4.0]]]),
        f"anchor/first/weight/{BIAS}": torch.tensor([[[2.0, -1.0]]]),
        f"anchor/first/fisher/{BIAS}": torch.tensor([[[0.5, 100.0]]]),
        f"anchor/first/weight/{ABOVE}": torch.tensor([[[0.0]]]),
        f"anchor/first/fisher/{ABOVE}": torch.tensor([[[1.0]]]),
        f"anchor/other/weight/{FROM}": torch.tensor([[[7.0, 7.0]]]),
        f"anchor/other/fisher/{FROM}": torch.tensor([[[7.0, 7.0]]]),
    }
    return replace(wired_moment(rate, weight), own=anchors)


def test_what_moved_costs_as_much_as_it_mattered(moment: Any) -> None:
    assert COST(moment).item() == pytest.approx(3 * 1 + 4 * 0.25 + 0.5 * 4 + 100 * 0)


def test_the_gradient_is_twice_the_stiffness_times_the_way_and_stays_in_the_area(moment: Any) -> None:
    found = torch.autograd.grad(COST(moment).sum(), list(moment.weight.values()), allow_unused=True)
    by_name = dict(zip(moment.weight, found, strict=True))
    torch.testing.assert_close(by_name[FROM], torch.tensor([[[6.0, -4.0]]]))
    torch.testing.assert_close(by_name[BIAS], torch.tensor([[[-2.0, 0.0]]]))
    assert by_name[ABOVE] is None


def test_before_anything_is_anchored_nothing_is_asked(moment: Any) -> None:
    assert COST(replace(moment, own={})).item() == 0.0
