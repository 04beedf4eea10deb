"""Hebb's rule: principal directions under a length, mean inputs under a decay, and no end without either."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import asked, directions, hand, lone, newborn, shown_to, taught, weight
from raising import chain, raised, train

WORLD = {"kind": "mixed_sources", "sources": 6}
ADDRESS = weight("a1", "retina")


def rule(**options: Any) -> dict[str, Any]:
    return {"kind": "hebb", **options}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("norm", ["none", "l2", "decay"])
def test_it_is_its_closed_form(norm: str, sign: int) -> None:
    regime, cohort = newborn(taught(rule(norm=norm, sign=sign), chain(21), ["a1"]))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    for n in range(3):
        x, y, W = by_hand.h[0][n].numpy(), by_hand.h[1][n].numpy(), by_hand.W[0][n].numpy()
        growth = sum(sign * x[b][:, None] * y[b] - (abs(y[b]) * W if norm == "decay" else 0.0) for b in range(64)) / 64
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth), rtol=1e-4, atol=1e-6)


def test_under_l2_every_update_ends_at_length_one_in_the_direction_it_went() -> None:
    changes = [{"norm": "none"}, {"norm": "l2"}]
    (_, free), (_, held) = (
        (regime, raised(regime, [0, 1], 1)) for regime in (lone(rule(**each), 7, WORLD, 0.1) for each in changes)
    )
    there, here = free.params[ADDRESS].detach(), held.params[ADDRESS].detach()
    torch.testing.assert_close(here, there / torch.linalg.vector_norm(there, dim=1, keepdim=True))


def test_weights_of_all_sources_together_have_length_one() -> None:
    organism = chain(9, 8)
    organism["pathways"].append({"from": "retina", "to": "a2"})
    regime, cohort = newborn(taught(rule(), organism, ["a1", "a2"]))
    train(cohort, regime, 1)
    both = torch.cat([cohort.params[weight("a2", source)].detach() for source in ("a1", "retina")], dim=1)
    torch.testing.assert_close(torch.linalg.vector_norm(both, dim=1), torch.ones(3, 8))


@pytest.mark.parametrize(("sign", "which"), [(1, 0), (-1, -1)])
def test_a_linear_unit_finds_the_first_direction_and_against_hebb_the_last(sign: int, which: int) -> None:
    found = raised(lone(rule(sign=sign), 3, WORLD, 0.2), [0, 1], 3000).params[ADDRESS].detach().double()
    assert ((found * directions(WORLD)[:, which, None]).sum(1).abs() > 0.99).all()


def test_under_decay_weights_become_what_the_unit_answers_to() -> None:
    first = {"kind": "about", "mean": 0.1, "sd": 0.05}
    regime = lone(rule(norm="decay"), 5, {"kind": "bars"}, 0.1, act="relu", init=first)
    cohort = raised(regime, [0], 1000)
    rate = shown_to(regime, cohort, 2048).rate
    x, y = (rate[name][0].flatten(2).flatten(0, 1) for name in ("retina", "a1"))
    torch.testing.assert_close(cohort.params[ADDRESS].detach()[0], (x.mT @ y) / y.sum(0), rtol=0.1, atol=0.02)


def test_without_a_norm_weights_grow_for_ever() -> None:
    regime = lone(rule(norm="none"), 2, WORLD, 0.05)
    cohort = raised(regime, [0], 100)
    early = torch.linalg.vector_norm(cohort.params[ADDRESS].detach())
    train(cohort, regime, 100)
    assert torch.linalg.vector_norm(cohort.params[ADDRESS].detach()) > 10 * early
