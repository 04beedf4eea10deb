"""Oja's rule: the first principal component, at length one."""

from __future__ import annotations

import torch
from crediting import asked, hand, newborn, taught, weight
from raising import chain, one_stage, raised

RULE = {"kind": "oja"}


def test_it_is_its_closed_form() -> None:
    regime, cohort = newborn(taught(RULE, chain(21, act="none"), ["a1"]))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    x, W = by_hand.h[0], by_hand.W[0]
    y = x @ W
    growth = torch.stack([(x[n].mT @ y[n]) / 64 - W[n] * (y[n] ** 2).mean(0) for n in range(3)])
    torch.testing.assert_close(asks[weight("a1", "retina")], -growth, rtol=1e-4, atol=1e-6)


def test_it_learns_without_a_cost_and_its_weights_reach_length_one() -> None:
    organism = taught(RULE, chain(3, act="none", bias=False), ["a1"]) | {"optimizer": {"kind": "sgd", "lr": 0.05}}
    regime = one_stage(organism, costs={}, stage={"costs": {}, "plasticity": {"*": 0.0, "a1": 1.0}}, updates=600)
    cohort = raised(regime, [0, 1], 600)
    lengths = torch.linalg.vector_norm(cohort.params[weight("a1", "retina")].detach(), dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths), rtol=0.05, atol=0.0)
