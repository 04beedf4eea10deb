"""Hard competition: winners move towards what they win."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from crediting import asked, hand, lone, newborn, shown_to, taught, weight
from raising import chain, raised, train

ADDRESS = weight("a1", "retina")


def rule(**options: Any) -> dict[str, Any]:
    return {"kind": "competitive", **options}


@pytest.mark.parametrize(("options", "winners"), [({}, 1), ({"variant": "k_wta", "k": 4}, 4)], ids=["hard", "k_wta"])
def test_it_is_its_closed_form(options: dict[str, Any], winners: int) -> None:
    regime, cohort = newborn(taught(rule(**options), chain(13), ["a1"]))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    for n in range(3):
        W = by_hand.W[0][n].double().numpy()
        growth = np.zeros_like(W)
        for x in by_hand.h[0][n].double().numpy():
            distance = ((x[:, None] - W) ** 2).sum(0)
            for k in np.argsort(distance)[:winners]:
                growth[:, k] += (x - W[:, k]) / 64
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth).float(), rtol=1e-4, atol=1e-6)


def test_at_rest_each_unit_is_the_mean_of_what_it_wins() -> None:
    regime = lone(rule(), 8, {"kind": "ring"}, 1.0, init={"kind": "normal", "sd": 1.0})
    cohort = raised(regime, range(5), 2000)
    x = shown_to(regime, cohort, 2048).rate["retina"][:, :, 0]
    W = cohort.params[ADDRESS].detach()
    winner = torch.cdist(x, W.mT).argmin(2)
    for n in range(5):
        for k in winner[n].unique().tolist():
            torch.testing.assert_close(W[n, :, k], x[n, winner[n] == k].mean(0), rtol=0.0, atol=0.1)


def test_a_unit_that_never_wins_stays_where_it_was_born() -> None:
    regime = lone(rule(), 2, {"kind": "ring", "modes": 2}, 0.5)
    cohort = raised(regime, [0], 0)
    cohort.params[ADDRESS].detach().copy_(torch.tensor([[[0.1, 90.0], [0.0, 90.0]]]))
    train(cohort, regime, 50)
    moved = cohort.params[ADDRESS].detach()[0]
    assert moved[:, 1].tolist() == [90.0, 90.0]
    assert not torch.equal(moved[:, 0], torch.tensor([0.1, 0.0]))
