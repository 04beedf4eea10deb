"""Predictive coding: settle first, learn then."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import CONV, Hand, agree, angle, asked, hand, newborn, shown_to, taught, weight
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


@pytest.mark.parametrize(("steps", "rate"), [(1, 0.1), (7, 0.3)])
def test_incremental_is_the_mean_of_what_all_steps_ask_for(steps: int, rate: float) -> None:
    regime, cohort = newborn(taught(rule("incremental", steps, rate)))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    each = [settled(by_hand, step, rate)[0] for step in range(1, steps + 1)]
    agree(asks, [torch.stack(several).mean(dim=0) for several in zip(*each, strict=True)])


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


WAYS_AROUND = chain(21, 19, 17)
WAYS_AROUND["pathways"] += [{"from": "a1", "to": "a3"}, {"from": "a2", "to": "head"}, {"from": "retina", "to": "a2"}]


def test_fixed_is_backprop_where_ways_meet_too() -> None:
    asks, true = asked(*newborn(taught(rule("fixed", 3, 1.0), WAYS_AROUND)))
    for name, value in true.items():
        torch.testing.assert_close(asks[name], value, rtol=1e-4, atol=1e-6)
    short, _ = asked(*newborn(taught(rule("fixed", 2, 1.0), WAYS_AROUND)))
    assert not torch.allclose(short[weight("a1", "retina")], true[weight("a1", "retina")], rtol=1e-2)


@pytest.mark.parametrize("variant", ["strict", "incremental", "error"])
def test_where_ways_meet_it_lowers_one_energy(variant: str) -> None:
    steps, rate = 6, 0.2
    regime, cohort = newborn(taught(rule(variant, steps, rate), WAYS_AROUND))
    asks, _ = asked(regime, cohort)
    wanted = around(regime, cohort, variant, steps, rate)
    for name, value in wanted.items():
        torch.testing.assert_close(asks[name].double(), value, rtol=1e-4, atol=1e-6)


def around(regime: Any, cohort: Any, variant: str, steps: int, rate: float) -> dict[str, torch.Tensor]:
    """What the weights are asked for where ways meet, by autograd of the energy written out, in double precision."""
    moment = shown_to(regime, cohort)
    x, label = moment.rate["retina"].flatten(2).double(), moment.batch.label[..., 0]
    P = {name: value.detach().double().requires_grad_() for name, value in cohort.params.items()}
    into = {"a1": ["retina"], "a2": ["a1", "retina"], "a3": ["a2", "a1"], "head": ["a3", "a2"]}

    def drive(area: str, known: dict[str, torch.Tensor]) -> torch.Tensor:
        return P[f"area/{area}/bias"] + sum(known[source] @ P[weight(area, source)] for source in into[area])

    def energies(state: dict[str, torch.Tensor], *, of_errors: bool) -> torch.Tensor:
        known, total = {"retina": x}, 0.0
        for area in ("a1", "a2", "a3"):
            mu = torch.tanh(drive(area, {**state, **known} if not of_errors else known))
            e = state[area] if of_errors else state[area] - mu
            known[area] = mu + e if of_errors else state[area]
            total = total + 0.5 * e.square().sum(2)
        surprise = -drive("head", known).log_softmax(2).gather(2, label.unsqueeze(2))[..., 0]
        return total + surprise

    start: dict[str, torch.Tensor] = {"retina": x}
    for area in ("a1", "a2", "a3"):
        start[area] = torch.tanh(drive(area, start)).detach()
    of_errors = variant == "error"
    state = {area: torch.zeros_like(start[area]) if of_errors else start[area] for area in ("a1", "a2", "a3")}
    way = []
    for _ in range(steps):
        leaves = {area: each.detach().requires_grad_() for area, each in state.items()}
        slopes = torch.autograd.grad(energies(leaves, of_errors=of_errors).sum(), list(leaves.values()))
        state = {area: leaves[area].detach() - rate * slope for area, slope in zip(leaves, slopes, strict=True)}
        way.append(state)
    if of_errors:
        known = {"retina": x}
        for area in ("a1", "a2", "a3"):
            known[area] = (torch.tanh(drive(area, known)) + state[area]).detach()
        wish = sum(
            (-state[area] / rate * torch.tanh(drive(area, known))).sum(2).mean(1).sum() for area in ("a1", "a2", "a3")
        )
        surprise = -drive("head", known).log_softmax(2).gather(2, label.unsqueeze(2)).mean((1, 2)).sum()
        total = wish + surprise
    else:
        met = way if variant == "incremental" else way[-1:]
        total = sum(energies(each, of_errors=False).mean(1).sum() for each in met) / len(met)
    return dict(zip(P, torch.autograd.grad(total, list(P.values())), strict=True))


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
