"""Autoencode and denoise against hand values."""

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

WEIGHT, BIAS = "cost/rebuild/decoder/weight", "cost/rebuild/decoder/bias"


def cost(**options: Any) -> Any:
    return build_cost("rebuild", TypeAdapter(CostSpec).validate_python({"at": "V1"} | options), ["retina"])


def test_autoencode_compares_the_decoded_code_with_the_input(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": torch.tensor([2.0, 1.0]).reshape(1, 1, 1, 2)}, retina=torch.tensor([[[[3.0, 0.0]]]]))
    own = {WEIGHT: torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]), BIAS: torch.tensor([[[0.0, 1.0]]])}
    rebuilt = replace(moment, own=own)  # (2, 1) -> (2, 3): errors 1 and 9 squared
    assert cost(kind="autoencode")(rebuilt).item() == pytest.approx((1.0 + 9.0) / 2)
    assert cost(kind="autoencode", code=0.1)(rebuilt).item() == pytest.approx(5.0 + 0.1 * 2.5)


def test_a_linear_code_of_three_units_finds_the_principal_subspace(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(3)
    x = (torch.randn(400, 8, generator=generator) * torch.tensor([3.0, 2.5, 2.0, 0.3, 0.3, 0.2, 0.2, 0.1])).reshape(
        1, 400, 1, 8
    )
    code = (0.3 * torch.randn(1, 8, 3, generator=generator)).requires_grad_()
    own = {WEIGHT: (0.3 * torch.randn(1, 3, 8, generator=generator)).requires_grad_(), BIAS: torch.zeros(1, 1, 8)}
    optimizer = torch.optim.Adam([code, own[WEIGHT]], lr=0.03)
    for _ in range(400):
        optimizer.zero_grad()
        rate = torch.bmm(x.flatten(1, 2), code).reshape(1, 400, 1, 3)
        cost(kind="autoencode")(replace(moment_by_hand({"V1": rate}, retina=x), own=own)).sum().backward()
        optimizer.step()
    spanned = torch.linalg.qr(own[WEIGHT][0].detach().T)[0]
    principal = torch.linalg.svd(x.reshape(400, 8), full_matrices=False)[2][:3].T
    assert (spanned.T @ principal).square().sum() / 3 > 0.99


def test_denoise_without_corruption_is_autoencode(toy_moment: Any) -> None:
    toy = toy_moment([4, 5], own={WEIGHT: torch.ones(2, 5, 13), BIAS: torch.zeros(2, 1, 13)})
    torch.testing.assert_close(cost(kind="denoise", corrupt=0.0)(toy.moment), cost(kind="autoencode")(toy.moment))


@pytest.mark.parametrize(
    ("by", "corrupt", "expected"), [("mask", 0.25, 0.25 * 4.0), ("gauss", 0.5, 0.25), ("mask", 1.0, 4.0)]
)
def test_an_area_that_copies_pays_for_the_corruption_alone(
    moment_by_hand: Any, by: str, corrupt: float, expected: float
) -> None:
    x = torch.full((1, 200, 1, 50), 2.0)
    moment = replace(
        moment_by_hand({"V1": x}, retina=x),
        inputs={"V1": {"retina": x}},
        apply=lambda at, inputs: inputs["retina"],
        own={WEIGHT: torch.eye(50)[None], BIAS: torch.zeros(1, 1, 50)},
    )
    value = cost(kind="denoise", by=by, corrupt=corrupt)(moment).item()
    assert math.isclose(value, expected, rel_tol=0.05)


def test_corruption_is_new_at_every_presentation_and_the_same_when_repeated(toy_moment: Any) -> None:
    toy = toy_moment([4], own={WEIGHT: torch.ones(1, 5, 13), BIAS: torch.zeros(1, 1, 13)})
    judge = cost(kind="denoise")
    later = replace(toy.moment, draw=toy.moment.draw.indexed(toy.moment.draw.index_NB + 1000))
    assert torch.equal(judge(toy.moment), judge(toy.moment))
    assert not torch.equal(judge(toy.moment), judge(later))


@pytest.mark.parametrize("by", ["mask", "gauss"])
def test_every_source_and_step_is_corrupted_by_itself(moment_by_hand: Any, by: str) -> None:
    x = torch.ones(1, 100, 2, 50)
    seen: list[torch.Tensor] = []

    def apply(at: str, inputs: Any) -> torch.Tensor:
        seen.extend((inputs["retina"], inputs["cochlea"]))
        return inputs["retina"]

    moment = replace(
        moment_by_hand({"V1": x}, retina=x),
        inputs={"V1": {"retina": x, "cochlea": x}},
        apply=apply,
        own={WEIGHT: torch.eye(50)[None], BIAS: torch.zeros(1, 1, 50)},
    )
    cost(kind="denoise", by=by, corrupt=0.5)(moment)
    told = torch.stack([each[0, :, step].flatten() for each in seen for step in (0, 1)])
    torch.testing.assert_close(torch.corrcoef(told), torch.eye(4), atol=0.06, rtol=0)


def test_first_weights_of_a_decoder_keep_the_variance_of_rates() -> None:
    learned, _ = cost(kind="autoencode").init({"V1": (300,), "retina": (20,)}, Draw(torch.tensor([1, 2])))
    weight, most = learned[WEIGHT], math.sqrt(3.0 / 300)
    assert weight.shape == (2, 300, 20)
    assert weight.abs().max().item() == pytest.approx(most, rel=0.01)
    assert weight.mean().item() == pytest.approx(0.0, abs=0.003)
    assert weight.var().item() == pytest.approx(1 / 300, rel=0.05)
    assert not learned[BIAS].any()


@pytest.mark.parametrize("kind", ["autoencode", "denoise"])
def test_the_gradients_agree_with_differences(moment_by_hand: Any, kind: str) -> None:
    generator = torch.Generator().manual_seed(5)
    shapes = [(2, 3, 1, 4), (2, 4, 2), (2, 2, 4), (2, 1, 4)]
    x, weight, decoder, bias = (torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes)

    def value(weight: torch.Tensor, decoder: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        def apply(at: str, inputs: Any) -> torch.Tensor:
            return torch.tanh(torch.bmm(inputs["retina"].flatten(1, 2), weight)).reshape(2, 3, 1, 2)

        moment = moment_by_hand({"V1": apply("V1", {"retina": x})}, retina=x)
        seen = replace(moment, inputs={"V1": {"retina": x}}, apply=apply, own={WEIGHT: decoder, BIAS: bias})
        return cost(kind=kind)(seen)

    assert torch.autograd.gradcheck(value, [each.requires_grad_() for each in (weight, decoder, bias)])
