"""BCM: a sliding threshold makes units selective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from build import tiny_schedule
from crediting import asked, hand, lone, newborn, shown_to, taught, weight
from raising import chain, raised, train

from models.specs.checks import check_document

RULE = {"kind": "bcm", "tau": 20.0}
ADDRESS, THRESHOLD = weight("a1", "retina"), "rule/area/a1/threshold"
PATTERNS = {"kind": "linear_map", "d": 4, "s": [1.0], "inputs": "basis"}
"""Four orthogonal patterns of length two, equally frequent."""


def test_it_is_its_closed_form() -> None:
    regime, cohort = newborn(taught(RULE, chain(13), ["a1"]))
    cohort.own[THRESHOLD].fill_(0.3)
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    for n in range(3):
        x, y = by_hand.h[0][n].numpy(), by_hand.h[1][n].numpy()
        growth = sum(np.outer(x[b], y[b] * (y[b] - 0.3)) for b in range(64)) / 64
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth), rtol=1e-4, atol=1e-6)


def test_the_threshold_follows_the_square_of_the_rate() -> None:
    regime = lone(RULE, 3, PATTERNS, 1e-12, batch=4, act="relu")
    cohort = raised(regime, [0, 1], 0)
    y = shown_to(regime, cohort, 4).rate["a1"]
    mean = y.square().mean(dim=(1, 2))
    train(cohort, regime, 7)
    torch.testing.assert_close(cohort.own[THRESHOLD][:, 0], mean * (1 - (1 - 1 / 20) ** 7), rtol=1e-4, atol=1e-6)


def test_units_become_selective_for_one_pattern_each() -> None:
    first = {"kind": "about", "mean": 0.1, "sd": 0.05}
    regime = lone(RULE, 6, PATTERNS, 0.02, batch=4, act="relu", init=first)
    cohort = raised(regime, range(5), 0)
    before = selectivity(shown_to(regime, cohort, 4).rate["a1"][:, :, 0])
    train(cohort, regime, 1500)
    y = shown_to(regime, cohort, 4).rate["a1"][:, :, 0]
    assert (before.mean(1) < 0.5).all()
    assert (selectivity(y) > 0.7).all()
    torch.testing.assert_close(y.amax(1), torch.full((5, 6), 4.0), rtol=0.1, atol=0.0)


@pytest.mark.parametrize("act", ["none", "tanh"])
def test_it_needs_rates_that_are_not_negative(act: str) -> None:
    organism = chain(5, act=act) | {"credit": [{"areas": ["a1"], "rule": RULE}]}
    (found,) = check_document(tiny_schedule(organism=organism)).errors
    assert found.code == "E25"
    assert f"bcm needs relu; a1 is {act}" in found.message


def selectivity(y_NMU: torch.Tensor) -> torch.Tensor:
    """1 - mean / max of each unit's rates over patterns."""
    return 1 - y_NMU.mean(1) / y_NMU.amax(1)
