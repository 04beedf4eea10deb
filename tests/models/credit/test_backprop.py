"""Products of the gradient itself, whatever the shapes."""

from __future__ import annotations

import itertools

import pytest
import torch

from models.credit.backprop import Exact, surrogate
from models.credit.products import large, paired, product
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


def test_a_spike_is_above_nothing_and_its_way_back_is_a_fast_sigmoid_s() -> None:
    v = torch.tensor([-1.0, 0.0, 0.5], requires_grad=True)
    spikes = surrogate(v, 4.0)
    (slope,) = torch.autograd.grad(spikes.sum(), v)
    assert spikes.tolist() == [0.0, 0.0, 1.0]
    assert slope.tolist() == pytest.approx([1 / 25, 1.0, 1 / 9])
    usual = torch.autograd.grad(Exact().spike(v).sum(), v)[0]
    assert usual.tolist() == pytest.approx([1 / 121, 1.0, 1 / 36])


@pytest.mark.parametrize("units", [1, 11, 16])
def test_a_life_alone_has_the_products_it_has_among_others(units: int) -> None:
    for rows, sources in itertools.product((1, 16, 33), (1, 13, 40)):
        for whole, alone in zip(
            products(SEEDS, rows, sources, units), products([14], rows, sources, units), strict=True
        ):
            assert torch.equal(whole[1], alone[0]), (rows, sources)


@pytest.mark.parametrize("shape", [(64, 256, 256), (33, 500, 257), (257, 33, 500)])
def test_large_products_of_a_life_alone_are_those_it_has_among_others(shape: tuple[int, int, int]) -> None:
    rows, sources, units = shape
    assert rows * sources * units > 4_000_000
    for whole, alone in zip(products(SEEDS, *shape), products([14], *shape), strict=True):
        assert torch.equal(whole[1], alone[0])


def test_large_products_are_products() -> None:
    draw = Draw(torch.tensor(SEEDS))
    x, weight, error = (
        draw.at(name).normal(*shape) for name, shape in (("x", (64, 300)), ("w", (300, 256)), ("e", (64, 256)))
    )
    assert large(x, weight)
    torch.testing.assert_close(product(x, weight), torch.bmm(x, weight), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(product(error, weight.mT), torch.bmm(error, weight.mT), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(paired(x, error), torch.bmm(x.mT, error), atol=1e-4, rtol=1e-5)


def test_where_a_large_product_lies_in_memory_changes_no_bit() -> None:
    draw = Draw(torch.tensor(SEEDS))
    x, weight = draw.at("x").normal(64, 300), draw.at("w").normal(300, 256)
    moved = torch.empty(x.numel() + 3)[3:].view(x.shape).copy_(x)
    assert torch.equal(product(moved, weight), product(x, weight))
