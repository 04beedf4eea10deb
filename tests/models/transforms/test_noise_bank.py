"""The noise bank: dense normals at the price of one address per item."""

from __future__ import annotations

import pytest
import torch

from models.draw import Draw, bank

INDEX = torch.arange(300).expand(2, 300)


def test_the_bank_is_standard_normal() -> None:
    assert bank().shape == (1 << 22,)
    assert abs(bank().double().mean().item()) < 2e-3
    assert abs(bank().double().std().item() - 1.0) < 2e-3
    assert (bank().abs() > 1.959964).float().mean().item() == pytest.approx(0.05, abs=1e-3)


def test_windows_differ_between_items_and_lives_and_are_the_same_in_any_slot() -> None:
    draw = Draw(torch.tensor([1, 2]), INDEX)
    noise = draw.banked(3, 5)
    assert noise.shape == (2, 300, 3, 5)
    assert noise.flatten(0, 1).flatten(1).unique(dim=0).shape[0] == 600
    alone = Draw(torch.tensor([2]), INDEX[:1, 7:9]).banked(3, 5)
    assert torch.equal(alone[0], noise[1, 7:9])


def test_half_the_windows_are_turned_over() -> None:
    sums = Draw(torch.tensor([1]), torch.arange(2000)[None]).banked(64).mean(-1)
    assert abs(sums.mean().item()) < 0.01


def test_draws_without_indices_or_longer_than_half_the_bank_are_refused() -> None:
    for draw, count in ((Draw(torch.tensor([1])), 4), (Draw(torch.tensor([1]), INDEX[:1]), 1 << 22)):
        with pytest.raises(ValueError, match="at most half"):
            draw.banked(count)
