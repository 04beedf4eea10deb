"""Products of the gradient itself, whatever the shapes."""

from __future__ import annotations

import itertools

import pytest
import torch

from models.credit.backprop import Exact
from models.draw import Draw

SEEDS = [3, 14, 15]


def products(seeds: list[int], rows: int, sources: int, units: int) -> list[torch.Tensor]:
    """The sum, and what comes back to inputs, weights and bias."""
    draw = Draw(torch.tensor(seeds))
    x = draw.at("x").normal(rows, sources).requires_grad_()
    weight = draw.at("weight").normal(sources, units).requires_grad_()
    base = draw.at("base").normal(1, units).requires_grad_()
    found = Exact().linear(x, weight, base, "", {})
    return [found, *torch.autograd.grad((found * draw.at("error").normal(rows, units)).sum(), [x, weight, base])]


@pytest.mark.parametrize("units", [1, 11, 16])
def test_a_life_alone_has_the_products_it_has_among_others(units: int) -> None:
    for rows, sources in itertools.product((1, 16, 33), (1, 13, 40)):
        for whole, alone in zip(
            products(SEEDS, rows, sources, units), products([14], rows, sources, units), strict=True
        ):
            assert torch.equal(whole[1], alone[0]), (rows, sources)
