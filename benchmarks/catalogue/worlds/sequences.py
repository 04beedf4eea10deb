"""Worlds of symbols: what memory makes of them and what nobody without it can."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace


def _copy(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "copy"}, 2000, 40)
    assert label is not None
    symbol = channels["symbol"][0].argmax(-1)
    kept = (symbol[:, :10] == label[0, :, 30:]).float().mean()
    yield Figure("kept", float(kept), "share", "== 1", "who says what was shown 30 steps before")
    asked = (label[0] < 8).float().mean() * math.log(8)
    wanted = 10 * math.log(8) / 40
    yield Figure("know_nothing", float(asked), "nats", f"within {wanted - 1e-6} {wanted + 1e-6}", "10 ln 8 / 40")
    now = (symbol[:, 30:] == label[0, :, 30:]).float().mean()
    yield Figure("control", float(now), "share", "<= 0.125", "who looks at the present step")


def _recall(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "recall"}, 4000, 13)
    assert label is not None
    symbol, answer = channels["symbol"][0].argmax(-1), label[0, :, -1]
    keys, values = symbol[:, 0:8:2], symbol[:, 1:8:2] - 16
    at = (keys == symbol[:, -1:]).long().argmax(1, keepdim=True)
    found = (values.gather(1, at)[:, 0] == answer).float().mean()
    yield Figure("by_key", float(found), "share", "== 1", "the value beside the key")
    last = (values[:, -1] == answer).float().mean()
    # The last pair is asked for one time in four, else its value is right by chance, one in eight.
    wanted = 1 / 4 + 3 / 4 / 8
    yield Figure("control", float(last), "share", f"within {wanted - 0.03} {wanted + 0.03}", "the value shown last")


def _counting(quick: bool) -> Iterator[Figure]:
    channels, label, factors = readers.items({"kind": "counting", "most": 20}, 2000, 41)
    assert label is not None
    symbol, asked = channels["symbol"][0].argmax(-1), factors["asked"][0].bool()
    left = (symbol == 0).cumsum(1) - (symbol == 1).cumsum(1)
    counted = torch.where(left > 0, 1, 2) == label[0]
    yield Figure("counted", float(counted[asked].float().mean()), "share", "== 1", "who counts what was shown")
    always = (label[0] == 1)[asked].float().mean()
    # The last of n is told wrongly: 1 - items / symbols, a mean of 10.5 each.
    yield Figure("control", float(always), "share", "within 0.895 0.915", "who always says the same: 1 - 1 / 10.5")


def _roles(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "roles"}, 3000, 6, "test")
    assert label is not None
    role, filler, answer = channels["role"][0], channels["filler"][0], label[0, :, -1]
    at = (role[:, :3].argmax(-1) + 3 == role[:, -1:].argmax(-1)).long().argmax(1, keepdim=True)
    filled = filler[:, :3].argmax(-1)
    found = (filled.gather(1, at)[:, 0] == answer).float().mean()
    yield Figure("by_role", float(found), "share", "== 1", "the filler beside the role")
    known, told, _ = readers.items({"kind": "roles"}, 3000, 6)
    assert told is not None
    ever = torch.zeros(6, 13).index_put_((known["role"][0, :, -1].argmax(-1), told[0, :, -1]), torch.ones(1))
    met = ever[role[:, -1].argmax(-1), answer].mean()
    yield Figure("control", float(met), "share", "== 0", "who knows which fillers a role had")


def _grammar(quick: bool) -> Iterator[Figure]:
    channels, label, factors = readers.items({"kind": "grammar"}, 500 if quick else 4000, 32)
    assert label is not None
    law = factors["law"].flatten(0, 2).double()
    found = torch.nn.functional.one_hot(label.flatten(), law.shape[1]).double()
    spread = (law * (1 - law)).sum(0).sqrt()
    free = spread > 1e-9  # a stop comes when it must
    z = (found - law).sum(0)[free] / spread[free]
    yield Figure("frequencies", float(z.square().mean().sqrt()), "s.e.", "<= 1.5", "next words against the law, rms")
    word = channels["word"].flatten(0, 2).double()
    pairs = word.T @ law
    apart = torch.xlogy(law, law) - torch.xlogy(law, (word @ (pairs / pairs.sum(1, keepdim=True))))
    deep = factors["depth"].flatten() > 0
    yield Figure("control", float(apart.sum(1)[deep].mean()), "nats", ">= 0.02", "who knows only the last word")


def _trials(quick: bool) -> Iterator[Figure]:
    def trial(task: str, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
        channels, label, _ = readers.items({"kind": "trials", "task": task}, 2000, steps)
        assert label is not None
        return channels["x"][0], label[0]

    x, label = trial("adding", 20)
    number, mark = x.unbind(-1)
    kept = ((number * mark).sum(1) - label[:, -1]).square().mean()
    yield Figure("adding", float(kept), "1", "<= 1e-10", "who adds what was marked")
    # The variance of two uniform numbers is 1/6.
    yield Figure("adding_control", float((label[:, -1] - 1.0).square().mean()), "1", "within 0.15 0.185", "who says 1")
    x, label = trial("flip_flop", 50)
    held = torch.zeros(2000, 3)
    for step in range(50):
        held = torch.where(x[:, step] != 0, x[:, step], held)
    yield Figure("flip_flop", float((held - label[:, -1]).square().mean()), "1", "== 0", "who keeps the last pulse")
    now = float((x[:, -1] - label[:, -1]).square().mean())
    yield Figure("flip_flop_control", now, "1", "within 0.75 0.85", "who looks at the present step: 1 - pulse")
    x, label = trial("one_two_ax", 60)
    yield Figure("one_two_ax", _hits(x.argmax(dim=2), label), "share", "== 1", "who keeps the last number and letter")
    never = float((label == 0).float().mean())
    yield Figure("one_two_ax_control", never, "share", "within 0.86 0.89", "who always says no: about 7/8")
    channels, sung, _ = readers.items({"kind": "trials", "task": "sines", "length": 246}, 200, 246)
    assert sung is not None
    begins = channels["x"][0, ..., 0].argmax(1, keepdim=True) + torch.arange(240)
    tune = sung[0].gather(1, begins)
    again = (tune[:, 120:] - tune[:, :120]).square().mean()
    yield Figure("sines", float(again), "1", "<= 1e-9", "who sings what was sung a period before")
    yield Figure("sines_control", float(tune.square().mean()), "1", "within 0.5216 0.5217", "who is silent")


def _hits(symbol: torch.Tensor, label: torch.Tensor) -> float:
    """Share of steps that are told rightly by a number and a letter that are kept."""
    number, letter = torch.full_like(symbol[:, 0], -1), torch.full_like(symbol[:, 0], -1)
    right = torch.zeros(())
    for step in range(symbol.shape[1]):
        now = symbol[:, step]
        hit = (now >= 5) & (now - 5 == number) & (letter - 2 == number)
        right += (hit == label[:, step].bool()).float().mean() / symbol.shape[1]
        number = torch.where(now < 2, now, number)
        letter = torch.where((now >= 2) & (now < 5), now, letter)
    return round(float(right), 6)


ENTRIES = (
    entry("copy", _copy, pace("copy")),
    entry("recall", _recall, pace("recall")),
    entry("counting", _counting, pace("counting")),
    entry("roles", _roles, pace("roles")),
    entry("grammar", _grammar, pace("grammar")),
    entry("trials", _trials, pace("trials")),
)
