"""Kolen-Pollack: the feedback weights become the forward weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import CONV, angle, asked, newborn, taught, weight
from raising import chain, train

from models.credit.aligned import feedback_address
from models.engine.cohort import Cohort

RULE = {"kind": "kolen_pollack", "decay": 0.01}
PLAIN = {"optimizer": {"kind": "sgd", "lr": 0.5}}


def apart(cohort: Cohort, name: str) -> torch.Tensor:
    return cohort.params[name].detach() - cohort.learned[feedback_address(name)].detach()


@pytest.mark.parametrize("organism", [chain(20, 16), CONV], ids=["linear", "conv"])
def test_the_difference_shrinks_by_its_exact_factor(organism: dict[str, Any]) -> None:
    regime, cohort = newborn(taught(RULE, organism | {"optimizer": {"kind": "sgd", "lr": 0.1}}))
    name = weight("a2", "a1")
    first = apart(cohort, name)
    train(cohort, regime, 20)
    torch.testing.assert_close(apart(cohort, name), (1 - 0.1 * 0.01) ** 20 * first, rtol=1e-4, atol=1e-6)


def test_momentum_keeps_the_two_on_one_way_and_plasticity_scales_both() -> None:
    regime, cohort = newborn(taught(RULE, chain(20, 16)), stage={"plasticity": {"a1": 1.0, "a2": 0.5, "head": 1.0}})
    before = {name: apart(cohort, name) for name in (weight("a2", "a1"), weight("head", "a2"))}
    train(cohort, regime, 30)
    for name, first in before.items():
        ratio = apart(cohort, name).flatten(1).norm(dim=1) / first.flatten(1).norm(dim=1)
        assert (angle(apart(cohort, name), first) < 0.1).all()
        assert (ratio < 1).all()
    assert ratio.max() < (apart(cohort, weight("a2", "a1")).norm() / before[weight("a2", "a1")].norm())


def test_the_angle_between_the_two_falls_and_so_does_that_to_backprop() -> None:
    regime, cohort = newborn(taught(RULE, chain(20, 16) | PLAIN))
    name, low = weight("a2", "a1"), weight("a1", "retina")

    def angles() -> tuple[torch.Tensor, torch.Tensor]:
        asks, true = asked(regime, cohort)
        return angle(cohort.params[name], cohort.learned[feedback_address(name)]), angle(asks[low], true[low])

    between, to_backprop = angles()
    train(cohort, regime, 600)
    assert (between > 80).all()
    assert (angles()[0] < 20).all()
    assert (angles()[1] < to_backprop).all()


def test_what_is_asked_is_feedback_alignment_and_decay() -> None:
    regime, cohort = newborn(taught(RULE, chain(20, 16)))
    other_regime, other = newborn(taught({"kind": "feedback_alignment"}, chain(20, 16)))
    for name in other.own:
        other.own[name] = cohort.learned[name].detach()
    (asks, _), (aligned, _) = asked(regime, cohort), asked(other_regime, other)
    for name, value in asks.items():
        decay = 0.01 * cohort.params[name].detach() if name.endswith("/weight") else 0.0
        torch.testing.assert_close(value, aligned[name] + decay)
