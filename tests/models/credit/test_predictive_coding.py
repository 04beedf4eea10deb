"""Predictive coding: settle first, learn then."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import CONV, Hand, agree, angle, asked, hand, newborn, taught, weight
from raising import chain

Tensors = list[torch.Tensor]


def rule(variant: str, steps: int, rate: float) -> dict[str, Any]:
    return {"kind": "predictive_coding", "variant": variant, "steps": steps, "rate": rate}


def free_energy(by_hand: Hand, z: Tensors) -> torch.Tensor:
    """Energies of all lives, summed over the batch."""
    pre = [by_hand.h[0], *z]
    *mu, output = [x @ W + b for x, W, b in zip(pre, by_hand.W, by_hand.b, strict=True)]
    errors = sum((each - torch.tanh(m)).square().sum((1, 2)) / 2 for each, m in zip(z, mu, strict=True))
    return errors - (by_hand.y * output.log_softmax(-1)).sum((1, 2))


def settled(by_hand: Hand, steps: int, rate: float) -> tuple[list[torch.Tensor], list[Tensors]]:
    """Directions of the weights, and the activities on the way, in closed form."""
    W, b, top = by_hand.W, by_hand.b, len(by_hand.W) - 1
    z, way = list(by_hand.h[1:-1]), []

    def errors(z: Tensors) -> tuple[Tensors, Tensors, Tensors]:
        pre = [by_hand.h[0], *z]
        mu = [torch.tanh(pre[k] @ W[k] + b[k]) for k in range(top)]
        e = [each - m for each, m in zip(z, mu, strict=True)]
        output = by_hand.y - (z[-1] @ W[-1] + b[-1]).softmax(-1)
        return e, [*(each * (1 - m * m) for each, m in zip(e, mu, strict=True)), output], pre

    for _ in range(steps):
        way.append(z)
        e, d, _ = errors(z)
        z = [z[k] + rate * (d[k + 1] @ W[k + 1].mT - e[k]) for k in range(top)]
    _, d, pre = errors(z)
    return by_hand.weights([-each for each in d], pre), [*way, z]


def settled_errors(by_hand: Hand, steps: int, rate: float) -> list[torch.Tensor]:
    """Directions of the weights where errors settle, in closed form."""
    W, b, top = by_hand.W, by_hand.b, len(by_hand.W) - 1
    e = [torch.zeros_like(h) for h in by_hand.h[1:-1]]

    def run(e: Tensors) -> tuple[Tensors, Tensors, torch.Tensor]:
        z, mu = [by_hand.h[0]], []
        for k in range(top):
            mu.append(torch.tanh(z[-1] @ W[k] + b[k]))
            z.append(mu[-1] + e[k])
        return z, mu, (z[-1] @ W[-1] + b[-1]).softmax(-1) - by_hand.y

    for _ in range(steps):
        z, mu, output = run(e)
        g, new = output @ W[-1].mT, list(e)
        for k in reversed(range(top)):
            new[k] = e[k] - rate * (e[k] + g)
            g = (g * (1 - mu[k] * mu[k])) @ W[k].mT
        e = new
    z, mu, output = run(e)
    return by_hand.weights([*(-each * (1 - m * m) / rate for each, m in zip(e, mu, strict=True)), output], z)


@pytest.mark.parametrize(("steps", "rate"), [(1, 0.1), (20, 0.1), (7, 0.3)])
def test_strict_is_its_closed_form(steps: int, rate: float) -> None:
    regime, cohort = newborn(taught(rule("strict", steps, rate)))
    asks, _ = asked(regime, cohort)
    agree(asks, settled(hand(regime, cohort), steps, rate)[0])


@pytest.mark.parametrize(("steps", "rate"), [(1, 0.1), (5, 0.1)])
def test_settling_errors_is_its_closed_form(steps: int, rate: float) -> None:
    regime, cohort = newborn(taught(rule("error", steps, rate)))
    asks, _ = asked(regime, cohort)
    agree(asks, settled_errors(hand(regime, cohort), steps, rate))


def test_settling_never_raises_the_energy() -> None:
    by_hand = hand(*newborn(taught(rule("strict", 20, 0.1))))
    energies = torch.stack([free_energy(by_hand, z) for z in settled(by_hand, 40, 0.1)[1]])
    assert (energies.diff(dim=0) <= 1e-5).all()


@pytest.mark.parametrize("organism", [chain(21, 19, 17), CONV], ids=["linear", "conv"])
def test_fixed_with_a_step_for_every_area_is_backprop(organism: dict[str, Any]) -> None:
    hidden = len(organism["areas"]) - 1
    asks, true = asked(*newborn(taught(rule("fixed", hidden, 1.0), organism)))
    for name, value in true.items():
        torch.testing.assert_close(asks[name], value, rtol=1e-4, atol=1e-6)


def test_a_step_less_leaves_the_lowest_area_without_credit() -> None:
    asks, true = asked(*newborn(taught(rule("fixed", 2, 1.0))))
    assert not asks[weight("a1", "retina")].any()
    torch.testing.assert_close(asks[weight("a2", "a1")], true[weight("a2", "a1")], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("variant", "steps", "rate"), [("strict", 3, 2e-3), ("error", 1, 1e-3)])
def test_with_small_steps_it_goes_the_way_of_backprop(variant: str, steps: int, rate: float) -> None:
    asks, true = asked(*newborn(taught(rule(variant, steps, rate), chain(32, 20))))
    for name, value in true.items():
        assert (angle(asks[name], value) < 0.5).all(), name


def test_with_many_steps_it_goes_another() -> None:
    asks, true = asked(*newborn(taught(rule("strict", 60, 0.1))))
    assert (angle(asks[weight("a2", "a1")], true[weight("a2", "a1")]) > 5).all()


def test_the_error_of_the_lowest_area_goes_on_below_the_circuit() -> None:
    organism = chain(13, 14, 15, 16)
    asks, true = asked(*newborn(taught(rule("fixed", 2, 1.0), organism, ["a3", "a4", "head"])))
    for name, value in true.items():
        torch.testing.assert_close(asks[name], value, rtol=1e-4, atol=1e-6)


def test_what_an_item_settles_to_does_not_depend_on_the_batch() -> None:
    regime, cohort = newborn(taught(rule("strict", 20, 0.1)))
    whole, half = (settled(hand(regime, cohort, items), 20, 0.1)[1][-1] for items in (64, 32))
    asks, _ = asked(regime, cohort, 32)
    agree(asks, settled(hand(regime, cohort, 32), 20, 0.1)[0])
    torch.testing.assert_close(whole[0][:, :32], half[0], rtol=1e-4, atol=1e-6)
