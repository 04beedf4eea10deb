"""Costs of weights against hand values: l1, l2, wiring."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.costs.wiring import lengths
from models.specs.costs import CostSpec

FROM, BETWEEN, BIAS = "area/V1/from/retina/weight", "area/V1/recurrent/weight", "area/V1/bias"
ABOVE = "area/V2/from/V1/weight"


def cost(kind: str) -> Any:
    return build_cost("thrift", TypeAdapter(CostSpec).validate_python({"kind": kind, "at": "V1"}), [])


@pytest.fixture
def moment(wired_moment: Any) -> Any:
    """Two units that hear three inputs and each other."""
    rate = {"retina": torch.zeros(1, 1, 1, 3), "V1": torch.zeros(1, 1, 1, 2)}
    weight = {
        FROM: torch.tensor([[[1.0, -2.0], [0.0, 3.0], [-1.0, 0.5]]]),
        BETWEEN: torch.tensor([[[0.0, 4.0], [-1.0, 0.0]]]),
        BIAS: torch.full((1, 1, 2), 100.0),
        ABOVE: torch.full((1, 2, 5), 100.0),
    }
    return wired_moment(rate, {address: value.requires_grad_() for address, value in weight.items()})


def test_l1_adds_up_absolute_weights_per_unit_without_biases_and_other_areas(moment: Any) -> None:
    assert cost("l1")(moment).item() == pytest.approx((1 + 2 + 0 + 3 + 1 + 0.5 + 4 + 1) / 2)


def test_l2_adds_up_squared_weights_per_unit(moment: Any) -> None:
    assert cost("l2")(moment).item() == pytest.approx((1 + 4 + 0 + 9 + 1 + 0.25 + 16 + 1) / 2)


def test_wiring_weighs_what_is_far(moment: Any) -> None:
    # Three inputs on a sheet of 2 x 2 at (1/4, 1/4), (1/4, 3/4), (3/4, 1/4); two units at the first two of these.
    far, across = 0.5, math.sqrt(0.5)
    inputs = 2.0 * far + 0.0 * far + 1.0 * far + 0.5 * across
    assert cost("wiring")(moment).item() == pytest.approx((inputs + (4 + 1) * far) / 2)


def test_pixels_of_a_map_lie_where_they_are_and_maps_on_one_another() -> None:
    between = lengths((2, 2, 4), (1,))
    one = [[math.hypot((i + 0.5) / 2 - 0.5, (j + 0.5) / 4 - 0.5) for j in range(4)] for i in range(2)]
    torch.testing.assert_close(between.reshape(2, 2, 4), torch.tensor([one, one]))


@pytest.mark.parametrize("kind", ["l1", "l2", "wiring"])
def test_the_gradient_reaches_the_area_s_own_weights_only(moment: Any, kind: str) -> None:
    value = cost(kind)(moment).sum()
    found = torch.autograd.grad(value, list(moment.weight.values()), allow_unused=True)
    reached = {address for address, gradient in zip(moment.weight, found, strict=True) if gradient is not None}
    assert reached == {FROM, BETWEEN}


def test_a_synapse_at_0_stays_under_l1(moment: Any) -> None:
    (gradient,) = torch.autograd.grad(cost("l1")(moment).sum(), [moment.weight[FROM]])
    assert gradient.tolist() == [[[0.5, -0.5], [0.0, 0.5], [-0.5, 0.5]]]


@pytest.mark.parametrize("kind", ["l1", "l2", "wiring"])
def test_the_gradient_agrees_with_differences(wired_moment: Any, kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    rate = {"retina": torch.zeros(2, 1, 1, 1, 3, 2), "V1": torch.zeros(2, 1, 1, 5)}
    weight = torch.randn(2, 6, 5, generator=generator, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: cost(kind)(wired_moment(rate, {FROM: w})), weight)


def test_weights_of_gates_bridge_the_same_distances(wired_moment: Any) -> None:
    rate = {"retina": torch.zeros(1, 1, 1, 3), "V1": torch.zeros(1, 1, 1, 2)}
    ones = torch.ones(1, 3, 2)
    once = cost("wiring")(wired_moment(rate, {FROM: ones}))
    assert cost("wiring")(wired_moment(rate, {FROM: ones.repeat(1, 1, 3)})).item() == pytest.approx(3 * once.item())
