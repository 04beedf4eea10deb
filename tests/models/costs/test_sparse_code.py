"""Sparse codes against hand values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.costs import CostSpec

WORDS = "cost/words/dictionary"


def cost(**options: Any) -> Any:
    given = TypeAdapter(CostSpec).validate_python({"kind": "sparse_code", "at": "V1", "sparsity": 0.4} | options)
    return build_cost("words", given, ["retina"])


@pytest.fixture
def moment(moment_by_hand: Any) -> Any:
    """Two words along the axes, of any length: the code of x is x, shrunk by half the price."""
    x = torch.tensor([1.0, -0.1]).reshape(1, 1, 1, 2)
    rate = torch.tensor([0.5, 0.5]).reshape(1, 1, 1, 2)
    return replace(moment_by_hand({"V1": rate}, retina=x), own={WORDS: torch.tensor([[[3.0, 0.0], [0.0, 0.2]]])})


def test_what_is_worth_less_than_half_the_price_is_not_said(moment: Any) -> None:
    torch.testing.assert_close(cost().code(moment).flatten(), torch.tensor([0.8, 0.0]))


def test_the_value_is_error_price_and_what_the_area_failed_to_guess(moment: Any) -> None:
    error = (0.2**2 + 0.1**2 + 0.4 * 0.8) / 2
    guess = ((0.5 - 0.8) ** 2 + (0.5 - 0.0) ** 2) / 2
    assert cost()(moment).item() == pytest.approx(error + guess)


def test_the_search_ends_where_scikit_learn_s_does(moment_by_hand: Any) -> None:
    from sklearn.decomposition import sparse_encode  # noqa: PLC0415

    generator = torch.Generator().manual_seed(0)
    words = torch.randn(1, 4, 6, generator=generator)
    x = torch.randn(1, 5, 1, 6, generator=generator)
    moment = replace(moment_by_hand({"V1": torch.zeros(1, 5, 1, 4)}, retina=x), own={WORDS: words})
    found = cost(steps=300).code(moment)[0, :, 0]
    unit = words[0] / words[0].norm(dim=1, keepdim=True)
    wanted = sparse_encode(x[0, :, 0].double().numpy(), unit.double().numpy(), algorithm="lasso_cd", alpha=0.2)
    torch.testing.assert_close(found, torch.from_numpy(wanted).float(), atol=5e-3, rtol=0)


def test_the_gradient_of_a_word_is_the_error_times_its_use_and_its_length_does_not_matter(moment: Any) -> None:
    words = moment.own[WORDS].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cost()(replace(moment, own={WORDS: words})).sum(), words)
    # |x - a D|^2 / 2 with unit words: - (x - a D) a, less what lies along the word, by the length 3
    torch.testing.assert_close(gradient, torch.tensor([[[0.0, 0.1 * 0.8 / 3.0], [0.0, 0.0]]]))


def test_the_code_is_a_fixed_aim_of_the_area(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    rate = torch.randn(2, 3, 1, 4, generator=generator, dtype=torch.float64).requires_grad_()
    x = torch.randn(2, 3, 1, 5, generator=generator, dtype=torch.float64)
    words = torch.randn(2, 4, 5, generator=generator, dtype=torch.float64)

    def value(rate: torch.Tensor) -> torch.Tensor:
        return cost()(replace(moment_by_hand({"V1": rate}, retina=x), own={WORDS: words}))

    assert torch.autograd.gradcheck(value, rate)
    moment = replace(moment_by_hand({"V1": rate}, retina=x), own={WORDS: words})
    (gradient,) = torch.autograd.grad(value(rate).sum(), rate)
    torch.testing.assert_close(gradient, 2 * (rate - cost().code(moment)).detach() / 12)
