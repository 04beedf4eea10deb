"""Addressed randomness: the bits never change, whatever computes them, and look like chance."""

from __future__ import annotations

import hashlib

import pytest
import torch

from models.draw import Draw, bank, word

SEEDS = torch.tensor([0, 7, 2**33 + 1, -3])
INDEX = torch.tensor([[0, 5, 2**40 + 3], [1, 2, 3], [9, 8, 7], [2**31, 2**32, 2**62]])
DRAW = Draw(SEEDS, INDEX, word("a", "b"))


def digest(x: torch.Tensor) -> str:
    return hashlib.sha256(x.numpy().tobytes()).hexdigest()[:16]


def test_the_bits_of_an_address_are_for_ever() -> None:
    assert DRAW.bits(2)[0].tolist() == [[3897117264, 2498880089], [1218057779, 569729947], [2855059160, 364604350]]
    assert DRAW.bits(2)[3].tolist() == [[1898054549, 3961778436], [2511843063, 3390030216], [3019563559, 3867200114]]
    assert Draw(torch.tensor([3])).at("x", "y").bits(3).tolist() == [[2998790561, 2487053154, 2313485374]]
    assert DRAW.integers(10, 3)[0].tolist() == [[9, 5, 9], [2, 1, 3], [6, 0, 1]]
    place = DRAW.at("p").permuted(torch.tensor([[0, 1, 2]] * 4), 10)
    assert place.tolist() == [[5, 4, 5], [2, 9, 6], [6, 5, 4], [2, 1, 4]]
    assert digest(DRAW.bits(1000)) == "329a3e4c5d5b7903"
    assert digest(DRAW.uniform(1000)) == "1a2d590e2abb3aa0"
    assert digest(DRAW.integers(1000, 1000)) == "5fdb09daae2cab47"
    assert digest(bank()) == "7a9ac34c49eb9fbf"


def test_every_device_makes_the_same_bits() -> None:
    for draw in (DRAW, Draw(SEEDS, address=5)):
        assert torch.equal(draw.bits(33), draw._bits(33))


def test_a_draw_is_the_same_in_every_slot_and_a_longer_one_begins_as_the_shorter() -> None:
    whole = DRAW.uniform(9)
    assert torch.equal(Draw(SEEDS[2:3], INDEX[2:3, 1:], DRAW.address).uniform(9), whole[2:3, 1:])
    assert torch.equal(DRAW.uniform(4), whole[..., :4])
    assert torch.equal(DRAW.normal(4), DRAW.normal(9)[..., :4])


def test_what_is_given_stays_as_it_was() -> None:
    seeds, index = SEEDS.clone(), INDEX.clone()
    DRAW.normal(5)
    DRAW.permuted(INDEX % 7, 7)
    assert torch.equal(SEEDS, seeds)
    assert torch.equal(INDEX, index)


def test_numbers_look_like_chance() -> None:
    draw = Draw(torch.arange(8), torch.arange(2000).expand(8, 2000), 3)
    uniform, normal = draw.uniform(16), draw.normal(16)
    assert uniform.mean().item() == pytest.approx(0.5, abs=0.002)
    assert uniform.var().item() * 12 == pytest.approx(1.0, abs=0.01)
    assert 0.0 < uniform.min().item() <= uniform.max().item() <= 1.0
    assert normal.mean().item() == pytest.approx(0.0, abs=0.006)
    assert normal.square().mean().item() == pytest.approx(1.0, abs=0.01)
    assert normal.pow(4).mean().item() == pytest.approx(3.0, abs=0.05)
    lanes = torch.corrcoef(uniform.permute(2, 0, 1).reshape(16, -1)) - torch.eye(16)
    lives = torch.corrcoef(uniform.reshape(8, -1)) - torch.eye(8)
    assert lanes.abs().max().item() < 5 / 16000**0.5
    assert lives.abs().max().item() < 5 / 32000**0.5
    counts = torch.bincount(draw.integers(10, 16).flatten(), minlength=10)
    assert counts.float().std().item() / counts.float().mean().item() < 0.02


@pytest.mark.parametrize("size", [1, 2, 3, 10, 1000, 4096])
def test_an_order_is_an_order(size: int) -> None:
    place = Draw(torch.tensor([5, 6]), address=9).permuted(torch.arange(size).expand(2, size), size)
    assert place.sort(dim=1).values.tolist() == [list(range(size))] * 2
    assert size < 10 or not torch.equal(place[0], place[1])


def test_the_bank_serves_windows_with_signs_and_has_an_end() -> None:
    draw = Draw(torch.tensor([1, 2]), torch.arange(300).expand(2, 300), 4)
    window = draw.banked(50)
    assert window.shape == (2, 300, 50)
    assert abs(window.mean().item()) < 0.03
    assert not torch.equal(window[0, 0], window[0, 1])
    with pytest.raises(ValueError, match="half its length"):
        draw.banked(1 << 22)
    with pytest.raises(ValueError, match="indexed draws"):
        Draw(torch.tensor([1])).banked(3)


def test_one_of_several_is_chosen_by_its_probability_alike_in_every_slot_and_from_any_step_on() -> None:
    draw = Draw(torch.arange(4), torch.arange(3000).expand(4, 3000), word("choice"))
    logits = torch.tensor([0.6, 0.3, 0.1]).log().expand(4, 3000, 3, 3)
    begun = torch.zeros(4, 3000, dtype=torch.int64)
    place = draw.chosen(logits, begun)
    share = torch.bincount(place.flatten(), minlength=3) / place.numel()
    assert share.tolist() == pytest.approx([0.6, 0.3, 0.1], abs=0.01)
    assert float((place[..., 0] == place[..., 1]).float().mean()) == pytest.approx(0.46, abs=0.02)
    assert torch.equal(draw.chosen(logits[:, :, 1:], begun + 1), place[:, :, 1:])
    alone = Draw(torch.tensor([2]), torch.arange(3000)[None, 7:9], word("choice"))
    assert torch.equal(alone.chosen(logits[2:3, 7:9], begun[2:3, 7:9]), place[2:3, 7:9])
    sure = torch.full((4, 3000, 1, 3), -torch.inf).index_fill(3, torch.tensor(1), 0.0)
    assert bool((draw.chosen(sure, begun) == 1).all())
