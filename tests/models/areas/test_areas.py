"""Areas compute what their docstrings say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch.nn import functional

from models.areas import build_area
from models.areas.activation import FORMS
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Pass
from models.specs.area_base import Activation
from models.specs.areas import AreaSpec

PEERS = {
    "none": lambda x: x,
    "relu": torch.relu,
    "elu": functional.elu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda x: x.clamp(0, 1),
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "sigmoid4": lambda x: torch.sigmoid(4 * x - 2),
}
SHAPES = {"eye": (2, 6, 6), "ear": (3, 6, 6)}


def area(shape: tuple[int, ...], **spec: Any) -> Any:
    return build_area("V1", TypeAdapter(AreaSpec).validate_python(spec, strict=False), SHAPES, shape)


def seen(N: int = 2, B: int = 5) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(N, B, 1, *shape, generator=generator) for name, shape in SHAPES.items()}


def rates(area: Any, params: dict[str, torch.Tensor], inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    start = area.start(next(iter(inputs.values())))
    return area.apply(inputs, start, Pass(params, Exact(), {}))[0]


@pytest.mark.parametrize("kind", FORMS)
def test_every_activation_is_the_function_of_its_name(kind: Activation) -> None:
    x = torch.linspace(-30, 30, 601)
    torch.testing.assert_close(FORMS[kind](x), PEERS[kind](x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (33, 65), (3, 3)])
def test_an_activation_has_the_same_bits_in_every_slot_forward_and_backward(
    kind: Activation, shape: tuple[int, int]
) -> None:
    x = torch.randn(8, *shape, generator=torch.Generator().manual_seed(1)) * 3

    def both(part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        part = part.clone().requires_grad_()
        y = FORMS[kind](part)
        return y.detach(), torch.autograd.grad(y, part, torch.cos(y.detach()))[0]

    together = both(x)
    for slot in range(8):
        alone = both(x[slot : slot + 1])
        assert all(torch.equal(one[0], all_[slot]) for one, all_ in zip(alone, together, strict=True))


def test_a_linear_area_joins_its_pathways_into_one_layer() -> None:
    V1 = area((4,), kind="linear", size=4, depth=2, act="tanh")
    params = V1.init(Draw(torch.tensor([3, 4])))
    inputs = seen()
    joined = torch.cat([inputs[name].flatten(3) for name in SHAPES], dim=-1)[:, :, 0]
    weight = torch.cat([params[f"area/V1/from/{name}/weight"] for name in SHAPES], dim=1)
    hidden = torch.tanh(joined @ weight + params["area/V1/bias"])
    expected = torch.tanh(hidden @ params["area/V1/layer2/weight"] + params["area/V1/layer2/bias"])
    torch.testing.assert_close(rates(V1, params, inputs)[:, :, 0], expected)


def test_initial_weights_have_the_spread_of_the_whole_input() -> None:
    V1 = area((50,), kind="linear", size=50, act="relu")
    weight = V1.init(Draw(torch.tensor([3])))["area/V1/from/eye/weight"]
    bound = (6 / (72 + 108)) ** 0.5
    assert 0.98 * bound < float(weight.abs().max()) <= bound


def test_a_conv_area_is_a_convolution_of_the_joined_maps() -> None:
    V1 = area((4, 3, 3), kind="conv", channels=4, pool=2, act="relu")
    params, inputs = V1.init(Draw(torch.tensor([3, 4]))), seen()
    params["area/V1/bias"] += 0.1
    for life in range(2):
        maps = torch.cat([inputs[name][life, :, 0] for name in SHAPES], dim=1)
        kernel = torch.cat([params[f"area/V1/from/{name}/weight"][life] for name in SHAPES], dim=1)
        expected = functional.max_pool2d(
            torch.relu(functional.conv2d(maps, kernel, params["area/V1/bias"][life], 1, 1)), 2
        )
        torch.testing.assert_close(rates(V1, params, inputs)[life, :, 0], expected)


@pytest.mark.parametrize(("size", "rows"), [(4, False), (80, True)])
def test_orthogonal_weights_are_orthonormal_times_gain(size: int, rows: bool) -> None:
    shapes = {"eye": (2, 4, 4)}
    spec = TypeAdapter(AreaSpec).validate_python(
        {"kind": "linear", "size": size, "init": {"kind": "orthogonal", "gain": 2.0}}, strict=False
    )
    weight = build_area("V1", spec, shapes, (size,)).init(Draw(torch.tensor([1])))["area/V1/from/eye/weight"][0]
    gram = weight @ weight.mT if rows else weight.mT @ weight
    torch.testing.assert_close(gram, 4.0 * torch.eye(gram.shape[0]), rtol=1e-5, atol=1e-5)


def test_identity_weights_lead_every_unit_to_that_of_its_number() -> None:
    same = area((32,), kind="linear", size=32, act="none", bias=False, init="identity")
    params = same.init(Draw(torch.tensor([1, 2])))
    for life in range(2):
        for source in SHAPES:
            weight = params[f"area/V1/from/{source}/weight"][life]
            torch.testing.assert_close(weight, torch.eye(*weight.shape))


def test_about_weights_are_never_negative_and_zeros_are_zero() -> None:
    about = area((9,), kind="linear", size=9, init={"kind": "about", "mean": 0.1, "sd": 0.5})
    assert (about.init(Draw(torch.tensor([1])))["area/V1/from/eye/weight"] >= 0).all()
    zeros = area((9,), kind="linear", size=9, init="zeros", bias=False).init(Draw(torch.tensor([1])))
    assert set(zeros) == {"area/V1/from/eye/weight", "area/V1/from/ear/weight"}
    assert not any(weight.any() for weight in zeros.values())
