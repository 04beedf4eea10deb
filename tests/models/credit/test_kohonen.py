"""Maps: neighbours on the grid come to answer to what is alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from crediting import asked, hand, lone, newborn, shown_to, taught, weight
from raising import chain, one_stage, raised, train

ADDRESS = weight("a1", "retina")
SQUARE = {"kind": "mixed_sources", "sources": 2, "law": "uniform", "seed": 49}
"""Uniform in a square of side sqrt(12), but for a quarter of a degree."""


def rule(*grid: int, **options: Any) -> dict[str, Any]:
    return {"kind": "kohonen", "grid": list(grid), **options}


def test_it_is_its_closed_form_while_the_neighbourhood_shrinks() -> None:
    regime, cohort = newborn(taught(rule(2, 5, radius=3.0, last_radius=0.6, over=4), chain(10), ["a1"]))
    train(cohort, regime, 2)
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    radius = 3.0 * (0.6 / 3.0) ** (2 / 4)
    for n in range(3):
        W = by_hand.W[0][n].double().numpy()
        growth = np.zeros_like(W)
        for x in by_hand.h[0][n].double().numpy():
            row, column = divmod(int(((x[:, None] - W) ** 2).sum(0).argmin()), 5)
            for k in range(10):
                apart = (k // 5 - row) ** 2 + (k % 5 - column) ** 2
                growth[:, k] += math.exp(-apart / (2 * radius**2)) * (x - W[:, k]) / 64
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth).float(), rtol=1e-4, atol=1e-6)


def test_the_neighbourhood_shrinks_only_while_the_area_is_plastic_and_then_stays() -> None:
    organism = taught(rule(2, 5, over=3), chain(10), ["a1"])
    still = {"plasticity": {"a1": {"kind": "steps", "points": [["0ba", 0.0], ["2ba", 1.0]]}}}
    cohort = raised(one_stage(organism, stage=still), [0, 1], 6)
    assert cohort.own["rule/area/a1/updates"].flatten().tolist() == [4.0, 4.0]


def test_the_last_neighbourhood_is_hard_competition() -> None:
    thin = taught(rule(2, 5, radius=0.1, last_radius=0.1), chain(10), ["a1"])
    hard = taught({"kind": "competitive"}, chain(10), ["a1"])
    asks = [asked(*newborn(organism))[0][ADDRESS] for organism in (thin, hard)]
    torch.testing.assert_close(*asks)


def test_a_square_is_mapped_in_order() -> None:
    born, grown = quality(0), quality(1000)
    assert (born["topographic"] > 0.8).all()
    assert (grown["topographic"] < 0.03).all()
    assert (grown["quantisation"] < 0.058).all()
    assert (born["quantisation"] > 1.5 * grown["quantisation"]).all()


def quality(updates: int) -> dict[str, torch.Tensor]:
    """Mean distance to the nearest unit, in sides of the square; share of items whose two nearest units are apart."""
    regime = lone(rule(8, 8, over=1000), 64, SQUARE, 1.0, init={"kind": "normal", "sd": 0.5})
    cohort = raised(regime, range(5), updates)
    x = shown_to(regime, cohort, 2000).rate["retina"][:, :, 0]
    distance, nearest = torch.cdist(x, cohort.params[ADDRESS].detach().mT).topk(2, largest=False)
    rows, columns = nearest // 8, nearest % 8
    steps = (rows[..., 0] - rows[..., 1]).abs().maximum((columns[..., 0] - columns[..., 1]).abs())
    return {"quantisation": distance[..., 0].mean(1) / math.sqrt(12), "topographic": (steps > 1).float().mean(1)}
