"""Bursts: what comes down is bounded, and feedback alignment where it is small."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from crediting import angle, asked, hand, newborn, taught, weight
from raising import train

SMALL = {"kind": "burst", "p0": 1e-3}


def bursts_by_hand(p0: float, scale: float = 1.0) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """What areas are asked for, by the rule written out: events, bursts, and bursts as they usually are."""
    regime, cohort = newborn(taught({"kind": "burst", "p0": p0, "scale": scale}))
    by_hand, (asks, _) = hand(regime, cohort), asked(regime, cohort)
    e, wanted = by_hand.h, {}
    usual = p0 * torch.ones_like(by_hand.e)
    changed = usual - p0 * by_hand.e - usual
    names = ["retina", "a1", "a2", "a3", "head"]
    for level in (4, 3, 2, 1):
        wanted[names[level]] = -e[level - 1].mT @ changed / (p0 * e[0].shape[1])
        if level > 1:
            Y = cohort.own[f"rule/area/{names[level]}/from/{names[level - 1]}/weight/feedback"]
            u = (changed @ Y.mT) * (1 - e[level - 1])
            changed = torch.sigmoid(u) * e[level - 1] - 0.5 * e[level - 1]
    return {name: asks[weight(name, below)] for below, name in pairwise(names)}, wanted


@pytest.mark.parametrize(("p0", "scale"), [(0.2, 1.0), (0.5, 8.0)])
def test_changes_of_bursts_are_those_written_out(p0: float, scale: float) -> None:
    asks, wanted = bursts_by_hand(p0, scale)
    for name, value in wanted.items():
        torch.testing.assert_close(asks[name], value, rtol=1e-3, atol=1e-6)


def test_small_bursts_are_feedback_alignment_through_a_quarter_of_the_weights() -> None:
    few, _ = asked(*newborn(taught(SMALL)))
    regime, cohort = newborn(taught({"kind": "feedback_alignment"}))
    burst_regime, burst = newborn(taught(SMALL))
    cohort.params = burst.params
    cohort.own = {name: value / 4 for name, value in burst.own.items()}
    organism = burst_regime.organism.model_copy(update={"credit": regime.organism.credit})
    aligned, _ = asked(regime.model_copy(update={"organism": organism}), cohort)
    for name, value in aligned.items():
        torch.testing.assert_close(few[name], value, rtol=1e-2, atol=1e-6)


def test_no_change_is_larger_than_half_the_events() -> None:
    strong = {"kind": "burst", "p0": 0.5, "scale": 1000.0}
    regime, cohort = newborn(taught(strong))
    asks, true = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    bound = 0.5 * by_hand.h[3].mean(dim=1) / 0.5
    assert (asks["area/a3/bias"].abs()[:, 0] <= bound + 1e-6).all()
    assert (angle(asks[weight("a3", "a2")], true[weight("a3", "a2")]) > 5).all()


def test_a_unit_that_cannot_fire_more_stays_finite() -> None:
    regime, cohort = newborn(taught({"kind": "burst"}))
    cohort.params["area/a2/bias"].fill_(50.0)
    asks, _ = asked(regime, cohort)
    assert all(bool(torch.isfinite(value).all()) for value in asks.values())
    assert not asks[weight("a2", "a1")].any()


def test_lives_under_it_learn() -> None:
    organism = taught({"kind": "burst"}) | {"optimizer": {"kind": "adam", "lr": 0.03}}
    regime, cohort = newborn(organism)
    before = float(train(cohort, regime, 1)[0].groups[0].values[0].mean())
    train(cohort, regime, 150)
    assert float(train(cohort, regime, 1)[0].groups[0].values[0].mean()) < 0.8 * before
