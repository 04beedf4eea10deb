"""Information between neighbours against hand values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec

COST = build_cost(
    "agree",
    TypeAdapter(CostSpec).validate_python({"kind": "imax", "at": "V1", "target": {"kind": "area", "area": "V2"}}),
    [],
)


def test_units_that_differ_by_a_third_of_their_sum_share_a_nat_or_so(moment_by_hand: Any) -> None:
    a = torch.tensor([2.0, -2.0, 1.0, -1.0]).reshape(1, 4, 1, 1)
    b = torch.tensor([1.0, -1.0, 2.0, -2.0]).reshape(1, 4, 1, 1)
    # sums 3 -3 3 -3: variance 9; differences 1 -1 -1 1: variance 1
    assert COST(moment_by_hand({"V1": a, "V2": b})).item() == pytest.approx(-0.5 * math.log(9.0), abs=1e-5)


def test_what_units_always_say_tells_nothing(moment_by_hand: Any) -> None:
    a = torch.tensor([2.0, -2.0, 1.0, -1.0]).reshape(1, 4, 1, 1) + 7.0
    b = torch.tensor([1.0, -1.0, 2.0, -2.0]).reshape(1, 4, 1, 1) - 3.0
    assert COST(moment_by_hand({"V1": a, "V2": b})).item() == pytest.approx(-0.5 * math.log(9.0), abs=1e-5)


def test_signal_and_noise_of_equal_variance_share_half_log_three(moment_by_hand: Any) -> None:
    draws = torch.randn(3, 1, 40_000, 1, 1, generator=torch.Generator().manual_seed(0))
    signal, one, other = draws
    moment = moment_by_hand({"V1": signal + one, "V2": signal + other})
    # sum: 4 + 1 + 1, difference: 1 + 1 -> 1/2 log 3
    assert COST(moment).item() == pytest.approx(-0.5 * math.log(3.0), abs=0.02)


def test_strangers_share_nothing_and_opposites_less(moment_by_hand: Any) -> None:
    a, b = torch.randn(2, 1, 10_000, 1, 2, generator=torch.Generator().manual_seed(1))
    assert COST(moment_by_hand({"V1": a, "V2": b})).item() == pytest.approx(0.0, abs=0.03)
    assert COST(moment_by_hand({"V1": a, "V2": -a})).item() > 5.0


def test_no_gradient_enters_the_neighbour(moment_by_hand: Any) -> None:
    a, b = (torch.randn(1, 16, 1, 2, generator=torch.Generator().manual_seed(k)).requires_grad_() for k in (0, 1))
    found = torch.autograd.grad(COST(moment_by_hand({"V1": a, "V2": b})).sum(), [a, b], allow_unused=True)
    assert found[0] is not None
    assert found[1] is None


def test_the_gradient_agrees_with_differences(moment_by_hand: Any) -> None:
    a, b = torch.randn(2, 2, 5, 2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda r: COST(moment_by_hand({"V1": r, "V2": b})), a.requires_grad_())
