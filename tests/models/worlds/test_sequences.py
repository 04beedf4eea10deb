"""Worlds of symbols: what is asked of memory, and the law of the next word."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from showing import items

from models.specs.worlds.sequences import GrammarSpec
from models.worlds.grammar import Grammar


def test_a_copy_is_what_was_shown_in_its_order() -> None:
    channels, label, factors = items({"kind": "copy", "length": 5, "symbols": 8, "delay": 7}, 400, 17)
    symbol = channels["symbol"][0].argmax(-1)
    assert torch.equal(channels["symbol"].sum(-1), torch.ones(1, 400, 17))
    assert label is not None
    assert torch.equal(label[0, :, 12:], symbol[:, :5])
    assert bool((label[0, :, :12] == 8).all())
    assert bool((symbol[:, 5:11] == 8).all())
    assert bool((symbol[:, 11] == 9).all())
    assert bool((symbol[:, 12:] == 8).all())
    assert torch.equal(factors["asked"][0, 0], torch.tensor([0] * 12 + [1] * 5))
    counts = torch.bincount(symbol[:, :5].flatten(), minlength=8).double()
    assert ((counts - 250).square() / 250).sum().item() < 24.3  # chi squared of 7, one in a thousand


def test_who_keeps_nothing_loses_what_the_page_says() -> None:
    _, label, _ = items({"kind": "copy", "length": 10, "symbols": 8, "delay": 10}, 50, 30)
    assert label is not None
    asked = label < 8
    loss = torch.where(asked, math.log(8), 0.0).mean().item()
    assert loss == pytest.approx(10 * math.log(8) / (10 + 20))


def test_the_value_of_a_key_is_the_one_beside_it() -> None:
    source = {"kind": "recall", "pairs": 4, "keys": 6, "values": 5, "delay": 3}
    channels, label, factors = items(source, 500, 12)
    symbol = channels["symbol"][0].argmax(-1)
    assert label is not None
    keys, values, asked = symbol[:, 0:8:2], symbol[:, 1:8:2] - 6, symbol[:, 11]
    assert bool((keys.sort(dim=1).values.diff(dim=1) > 0).all())
    which = (keys == asked[:, None]).long().argmax(1)
    assert torch.equal(label[0, :, 11], values.gather(1, which[:, None])[:, 0])
    assert bool((label[0, :, :11] == 5).all())
    assert torch.equal(factors["age"][0, :, 0], (3 - which) / 3)
    assert bool((symbol[:, 8:10] == 11).all())
    assert bool((symbol[:, 10] == 12).all())
    counts = torch.bincount(which, minlength=4).double()
    assert ((counts - 125).square() / 125).sum().item() < 16.3  # chi squared of 3, one in a thousand


def test_keys_come_in_any_order_and_all_values_alike() -> None:
    channels, _, _ = items({"kind": "recall", "pairs": 4, "keys": 6, "values": 5, "delay": 3}, 2000, 12)
    symbol = channels["symbol"][0].argmax(-1)
    keys, values = symbol[:, 0:8:2], symbol[:, 1:8:2] - 6
    assert (keys[:, 1:] > keys[:, :-1]).double().mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.bincount(values.flatten(), minlength=5).tolist() == pytest.approx([1600] * 5, abs=150)


def test_there_are_as_many_of_the_second_as_of_the_first_and_then_no_more() -> None:
    channels, label, factors = items({"kind": "counting", "least": 2, "most": 6}, 1000, 13)
    symbol = channels["symbol"][0].argmax(-1)
    assert torch.equal(channels["symbol"].sum(-1), torch.ones(1, 1000, 13))
    assert label is not None
    follows = torch.where(symbol[:, :-1] == 0, 0, symbol[:, 1:])
    assert torch.equal(label[0, :, :-1], follows)
    assert bool((label[0, :, -1] == 2).all())
    count = factors["count"][0, :, 0].long()
    assert all(
        row.tolist() == [0] * n + [1] * n + [2] * (13 - 2 * n) for row, n in zip(symbol, count.tolist(), strict=True)
    )
    assert torch.equal(factors["asked"][0].bool(), symbol == 1)
    counts = torch.bincount(count, minlength=7)[2:].double()
    assert ((counts - 200).square() / 200).sum().item() < 18.5  # chi squared of 4, one in a thousand


def test_counts_are_in_order_and_roles_have_fillers_enough() -> None:
    with pytest.raises(ValidationError, match="least is above most"):
        items({"kind": "counting", "least": 7, "most": 6}, 1, 13)
    with pytest.raises(ValidationError, match="roles x held above fillers"):
        items({"kind": "roles", "roles": 4, "held": 4, "fillers": 15}, 1, 7)


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_the_filler_of_a_role_is_asked_for_and_new_to_it_in_split_test_alone(split: str) -> None:
    source = {"kind": "roles", "roles": 3, "fillers": 10, "held": 2, "delay": 2}
    channels, label, factors = items(source, 3000, 6, split)
    role, filler = (channels[name][0] for name in ("role", "filler"))
    assert label is not None
    order, filled = role[:, :3].argmax(-1), filler[:, :3].argmax(-1)
    assert torch.equal(order.sort(dim=1).values, torch.arange(3).expand(3000, 3))
    assert bool((role[:, :3, :3].sum(-1) == 1).all())
    assert not role[:, :3, 3:].any()
    assert bool((filler[:, :3].sum(-1) == 1).all())
    assert not role[:, 3:5].any()
    assert not filler[:, 3:].any()
    assert not role[:, 5, :3].any()
    asked = role[:, 5, 3:].argmax(-1)
    which = (order == asked[:, None]).long().argmax(1, keepdim=True)
    assert torch.equal(label[0, :, 5], filled.gather(1, which)[:, 0])
    assert torch.equal(label[0, :, :3], filled)
    assert bool((label[0, :, 3:5] == 10).all())
    assert torch.equal(factors["asked"][0, 0], torch.tensor([0] * 5 + [1]))
    new = filled // 2 == order
    answered = new.gather(1, which)[:, 0]
    assert bool(answered.all()) is (split == "test")
    assert int(new.sum()) == int(answered.sum())
    counts = torch.bincount(asked, minlength=3).double()
    assert ((counts - 1000).square() / 1000).sum().item() < 13.8  # chi squared of 2, one in a thousand


def test_roles_have_all_their_fillers_alike_and_wait_as_long_as_they_are_asked_to() -> None:
    source = {"kind": "roles", "roles": 3, "fillers": 10, "held": 2, "delay": 4}
    for split, count in (("train", 8), ("test", 2)):
        channels, label, _ = items(source, 6000, 8, split)
        assert label is not None
        asked = channels["role"][0, :, 7, 3:].argmax(-1)
        for role in range(3):
            found = torch.bincount(label[0, asked == role, 7], minlength=10)
            met = found[found > 0]
            assert met.tolist() == pytest.approx([2000 / count] * count, rel=0.3)
            own = [2 * role, 2 * role + 1]
            assert set(found.nonzero()[:, 0].tolist()) == (set(own) if split == "test" else set(range(10)) - set(own))


def written(count: int = 300, steps: int = 40, **options: Any) -> tuple[torch.Tensor, torch.Tensor, Any]:
    channels, label, factors = items({"kind": "grammar", **options}, count, steps)
    assert label is not None
    return channels["word"][0].argmax(-1), label[0], {name: each[0] for name, each in factors.items()}


@pytest.mark.parametrize("options", [{}, {"embed": 0.75, "depth": 3}, {"semantics": 0.3, "seed": 2}, {"embed": 0.0}])
def test_next_words_are_as_frequent_as_the_law_says(options: dict[str, Any]) -> None:
    _, label, factors = written(2000, 24, **options)
    law = factors["law"].flatten(0, 1).double()
    found = torch.nn.functional.one_hot(label.flatten(), law.shape[1]).double()
    spread = (law * (1 - law)).sum(0).sqrt()
    z = (found - law).sum(0) / spread.clamp(min=1e-9)
    assert bool((z.abs() < 3.9).all())
    assert bool((law.gather(1, label.flatten()[:, None]) > 0).all())


def sentence(words: torch.Tensor, nouns: int, verbs: int, depth: int) -> bool:
    """Whether words are whole sentences and the beginning of one, by a parser of its own."""
    waiting: list[int] = []
    before = "stop"
    for each in words.tolist():
        if each < 2 * nouns:
            kind, fits = "noun", before in ("stop", "pronoun")
            waiting.append(each // nouns)
        elif each < 2 * (nouns + verbs):
            kind = "verb"
            fits = before in ("noun", "verb") and waiting.pop() == (each - 2 * nouns) // verbs
        elif each == 2 * (nouns + verbs):
            kind, fits = "pronoun", before == "noun" and len(waiting) <= depth
        else:
            kind, fits = "stop", before == "verb" and not waiting
        if not fits:
            return False
        before = kind
    return True


@pytest.mark.parametrize(("embed", "depth"), [(0.5, 2), (0.75, 4), (0.0, 2), (0.7, 0)])
def test_every_verb_agrees_with_its_noun_however_far(embed: float, depth: int) -> None:
    words, _, factors = written(200, 40, embed=embed, depth=depth, nouns=3, verbs=2)
    assert all(sentence(each, 3, 2, depth) for each in words)
    deepest = int(factors["depth"].max())
    assert deepest == (1 if embed == 0.0 else depth + 1)
    assert (10 in words) is (embed > 0 and depth > 0)


def test_labels_are_the_words_that_follow_and_depth_counts_the_nouns_that_wait() -> None:
    words, label, factors = written(50, 20, nouns=3, verbs=2, embed=0.6)
    assert torch.equal(words[:, 1:], label[:, :-1])
    steps = torch.where(words < 6, 1, torch.where(words < 10, -1, 0)).cumsum(1)
    assert torch.equal(factors["depth"], steps)


def test_semantics_leaves_nouns_some_verbs_whatever_their_number() -> None:
    source = GrammarSpec(kind="grammar", nouns=5, verbs=8, semantics=0.25, seed=3)
    law = Grammar(source, "train", 4)._verb
    goes = law[:, 10:26].reshape(10, 2, 8)
    assert torch.equal(goes[:5, 0], goes[5:, 1])
    assert not goes[:5, 1].any()
    assert not goes[5:, 0].any()
    assert torch.equal((goes > 0).sum((1, 2)), torch.full((10,), 2))
    assert torch.equal(law.sum(1), torch.ones(10, dtype=torch.float64))
    third = Grammar(source.model_copy(update={"semantics": 0.35}), "train", 4)._verb
    assert torch.equal((third > 0).sum(1), torch.full((10,), 3)), "2.8 of 8"
    other = Grammar(source.model_copy(update={"seed": 4}), "train", 4)._verb
    assert not torch.equal(law, other)


def trial(task: str, count: int, steps: int, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    channels, label, _ = items({"kind": "trials", "task": task, **options}, count, steps)
    assert label is not None
    return channels["x"][0], label[0]


def test_an_n_back_is_a_symbol_that_was_there_n_steps_before() -> None:
    x, label = trial("n_back", 500, 30, back=3, symbols=4)
    symbol = x.argmax(-1)
    assert torch.equal(label[:, 3:], (symbol[:, 3:] == symbol[:, :-3]).long())
    assert not label[:, :3].any()
    assert label[:, 3:].double().mean().item() == pytest.approx(0.25, abs=0.015)


def test_a_match_is_the_first_symbol_once_more() -> None:
    x, label = trial("match", 2000, 8, symbols=5)
    symbol = x.argmax(-1)
    assert torch.equal(label[:, -1], (symbol[:, 0] == symbol[:, -1]).long())
    assert bool((symbol[:, 1:-1] == 5).all())
    assert bool((label[:, :-1] == 2).all())
    assert label[:, -1].double().mean().item() == pytest.approx(0.5, abs=0.04)


def test_a_symbol_that_does_not_match_is_any_other() -> None:
    x, label = trial("match", 3000, 8, symbols=5)
    symbol = x.argmax(-1)
    step = (symbol[:, -1] - symbol[:, 0])[label[:, -1] == 0] % 5
    assert torch.bincount(step, minlength=5).tolist() == pytest.approx([0] + [375] * 4, abs=80)


@pytest.mark.parametrize("length", [4, 5, 21])
def test_adding_adds_one_number_of_each_half(length: int) -> None:
    x, label = trial("adding", 3000, length, length=length)
    number, mark = x.unbind(-1)
    assert bool((mark[:, : length // 2].sum(1) == 1).all())
    assert bool((mark[:, length // 2 :].sum(1) == 1).all())
    assert bool((mark.sum(0) > 0).all())
    torch.testing.assert_close(label, (number * mark).cumsum(1))
    # The sum of two uniform numbers has mean 1 and variance 1/6.
    assert label[:, -1].mean().item() == pytest.approx(1.0, abs=0.03)
    assert label[:, -1].var().item() == pytest.approx(1 / 6, abs=0.015)


def test_flip_flops_keep_the_sign_of_their_last_pulse() -> None:
    x, label = trial("flip_flop", 200, 50, bits=2, pulse=0.1)
    held = torch.zeros(200, 2)
    for step in range(50):
        held = torch.where(x[:, step] != 0, x[:, step], held)
        assert torch.equal(label[:, step], held)
    assert (x != 0).double().mean().item() == pytest.approx(0.1, abs=0.01)
    assert x.mean().item() == pytest.approx(0.0, abs=0.01)


def test_pulses_come_as_often_as_they_are_asked_to() -> None:
    x, _ = trial("flip_flop", 400, 50, bits=2, pulse=0.3)
    shares = [(x == sign).double().mean().item() for sign in (-1.0, 0.0, 1.0)]
    assert shares == pytest.approx([0.15, 0.7, 0.15], abs=0.01)


def test_numbers_of_1_2_ax_and_their_pairs_are_alike() -> None:
    x, _ = trial("one_two_ax", 500, 60)
    rows = ["".join("12ABCXYZ"[symbol] for symbol in item) for item in x.argmax(2).tolist()]
    begins = "".join(row[0] for row in rows)
    assert begins.count("1") / 500 == pytest.approx(0.5, abs=0.08)
    # of the first number: one that goes on to the end would be longer
    pairs = [len(re.split("[12]", row)[1]) / 2 for row in rows]
    assert [pairs.count(each) / 500 for each in (1, 2, 3, 4)] == pytest.approx([0.25] * 4, abs=0.07)


def test_targets_of_1_2_ax_are_those_of_the_last_number() -> None:
    x, label = trial("one_two_ax", 400, 40)
    rows = ["".join("12ABCXYZ"[symbol] for symbol in item) for item in x.argmax(2).tolist()]
    for row, told in zip(rows, label.tolist(), strict=True):
        assert re.fullmatch(r"([12]([ABC][XYZ]){1,4})*([12]([ABC][XYZ]){0,3}[ABC]?)?", row), row
        number = ""
        for step, symbol in enumerate(row):
            number = symbol if symbol in "12" else number
            assert told[step] == (row[step - 1 : step + 1] == {"1": "AX", "2": "BY"}[number]), (row, step)
    whole = "".join(rows)
    assert sum(map(whole.count, ("AX", "BY"))) / sum(map(whole.count, "XYZ")) == pytest.approx(11 / 18, abs=0.02)
    assert label.double().mean().item() == pytest.approx(0.125, abs=0.01)


def test_a_tune_of_four_sines_begins_with_its_pulse() -> None:
    x, label = trial("sines", 50, 60, length=60, period=24, delay=5)
    onset = x[..., 0].argmax(1)
    assert torch.equal(x.sum((1, 2)), torch.ones(50))
    assert set(onset.tolist()) == set(range(5))
    for begins, heard in zip(onset.tolist(), label, strict=True):
        assert not heard[: begins + 1].any()
        told = [
            13 / 15 * sum(math.sin(2 * math.pi * k * t / 24) / by for k, by in ((1, 1), (2, 2), (3, 6), (4, 3)))
            for t in range(60 - begins)
        ]
        torch.testing.assert_close(heard[begins:], torch.tensor(told), rtol=1e-6, atol=1e-6)
    assert label[onset == 0][0, :48].square().mean().item() == pytest.approx(0.5216, abs=1e-4)
