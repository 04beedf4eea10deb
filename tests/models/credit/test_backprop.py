"""Products of the gradient itself, whatever the shapes."""

from __future__ import annotations

import itertools

import pytest
import torch

from models.credit import products as taking
from models.credit.backprop import Exact, surrogate
from models.credit.products import apart, paired, product
from models.draw import Draw
from models.engine.numerics import arithmetic

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


APART = [
    pytest.param((64, 256, 256), id="large"),
    pytest.param((33, 500, 257), id="large, odd"),
    pytest.param((257, 33, 500), id="large, few sources"),
    pytest.param((65, 64, 129), id="unpacked"),
    pytest.param((65, 127, 130), id="in halves"),
    pytest.param((33, 40, 10), id="few units"),
    pytest.param((64, 2, 11), id="two sources"),
]
"""Rows, sources and units of products that are not left to torch."""


@pytest.mark.parametrize("shape", APART)
def test_products_taken_apart_of_a_life_alone_are_those_it_has_among_others(shape: tuple[int, int, int]) -> None:
    for whole, alone in zip(products(SEEDS, *shape), products([14], *shape), strict=True):
        assert torch.equal(whole[1], alone[0])


def factors(rows: int, sources: int, units: int) -> list[torch.Tensor]:
    """Inputs, weights and errors."""
    draw, shapes = Draw(torch.tensor(SEEDS)), {"x": (rows, sources), "w": (sources, units), "e": (rows, units)}
    return [draw.at(name).normal(*shape) for name, shape in shapes.items()]


@pytest.mark.parametrize("shape", APART)
def test_products_taken_apart_are_products(shape: tuple[int, int, int]) -> None:
    x, weight, error = factors(*shape)
    assert apart(x, weight)
    torch.testing.assert_close(product(x, weight), torch.bmm(x, weight), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(product(error, weight.mT), torch.bmm(error, weight.mT), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(paired(x, error), torch.bmm(x.mT, error), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("shape", APART)
def test_where_a_product_taken_apart_lies_in_memory_changes_no_bit(shape: tuple[int, int, int]) -> None:
    x, weight, _ = factors(*shape)
    moved = torch.empty(x.numel() + 3)[3:].view(x.shape).copy_(x)
    assert torch.equal(product(moved, weight), product(x, weight))


def test_factors_that_no_blas_knows_are_multiplied_all_the_same() -> None:
    x, weight, _ = factors(16, 24, 10)
    every_second = torch.stack([x, x], dim=3).flatten(2)[:, :, ::2]
    one_for_all = weight[:, :1].expand(-1, 24, -1)
    torch.testing.assert_close(product(every_second, weight), torch.bmm(x, weight), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(product(x, one_for_all), torch.bmm(x, one_for_all), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(16, 24, 10), (65, 127, 130)])
def test_subnormal_numbers_are_zero_in_every_product(shape: tuple[int, int, int]) -> None:
    x, weight, _ = factors(*shape)
    with arithmetic():
        assert not product(torch.full_like(x, 1e-39), weight).any()


@pytest.mark.parametrize(("openblas", "onednn"), [(False, True), (False, False)])
def test_products_are_products_with_whatever_libraries_there_are(
    openblas: bool, onednn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_OPENBLAS", openblas)
    monkeypatch.setattr(taking, "_ONEDNN", onednn)
    for shape in ((64, 300, 256), (65, 64, 129), (33, 40, 10)):
        x, weight, error = factors(*shape)
        torch.testing.assert_close(product(x, weight), torch.bmm(x, weight), atol=1e-4, rtol=1e-5)
        torch.testing.assert_close(paired(x, error), torch.bmm(x.mT, error), atol=1e-4, rtol=1e-5)
