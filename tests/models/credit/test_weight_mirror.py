"""The weight mirror: feedback weights find the forward weights in noise."""

from __future__ import annotations

from typing import Any

import torch
from crediting import CONV, angle, asked, newborn, taught, weight
from raising import chain, train

from models.credit.aligned import feedback_address

STILL = {"optimizer": {"kind": "sgd", "lr": 1e-6}}


def after(updates: int, rule: dict[str, Any], organism: dict[str, Any]) -> torch.Tensor:
    """Angle between W and B of the middle area."""
    regime, cohort = newborn(taught({"kind": "weight_mirror", **rule}, organism))
    train(cohort, regime, updates)
    name = weight("a2", "a1")
    return angle(cohort.params[name], cohort.learned[feedback_address(name)]).mean()


def test_feedback_weights_come_to_mirror_the_forward_weights() -> None:
    assert after(1, {}, chain(40, 32) | STILL) > 75
    assert after(120, {"draws": 100}, chain(40, 32) | STILL) < 8


def test_kernels_are_mirrored_too() -> None:
    assert after(120, {"draws": 100}, CONV | STILL) < 8


def test_the_angle_that_is_left_falls_with_the_square_root_of_the_draws() -> None:
    few, many = (after(150, {"draws": draws}, chain(40, 32) | STILL) for draws in (10, 160))
    assert 3 < few / many < 5


def test_it_is_feedback_alignment_by_b() -> None:
    regime, cohort = newborn(taught({"kind": "weight_mirror"}, chain(20, 16)))
    other_regime, other = newborn(taught({"kind": "feedback_alignment"}, chain(20, 16)))
    for name in other.own:
        other.own[name] = cohort.learned[name].detach()
    (asks, _), (aligned, _) = asked(regime, cohort), asked(other_regime, other)
    assert all(torch.equal(value, aligned[name]) for name, value in asks.items())


def test_the_optimizer_of_the_areas_does_not_touch_the_mirror() -> None:
    angles = []
    for optimizer in ({"kind": "sgd", "lr": 1e-6}, {"kind": "adam", "lr": 1e-6, "clip": 1e-3}):
        angles.append(after(20, {}, chain(20, 16) | {"optimizer": optimizer}))
    torch.testing.assert_close(angles[0], angles[1], rtol=1e-3, atol=1e-2)
