"""Direct random targets: the label's random image, whatever the output says."""

from __future__ import annotations

import torch
from crediting import agree, asked, hand, newborn, taught, weight
from raising import chain

RULE = {"kind": "direct_random_target"}


def test_it_is_its_closed_form() -> None:
    regime, cohort = newborn(taught(RULE))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    pulls = [by_hand.y @ cohort.own[f"rule/area/{area}/target"] for area in ("a1", "a2", "a3")]
    errors = [-pull * (1 - h * h) for pull, h in zip(pulls, by_hand.h[1:], strict=False)]
    agree(asks, by_hand.weights([*errors, by_hand.e]))


def test_random_images_have_the_gain_of_the_document() -> None:
    _, cohort = newborn(taught(RULE | {"gain": 2.0}, chain(400)))
    target = cohort.own["rule/area/a1/target"]
    assert target.shape == (3, 10, 400)
    assert abs(float(target.std()) * 10**0.5 - 2.0) < 0.05


def test_what_is_asked_below_does_not_depend_on_the_output_weights() -> None:
    regime, cohort = newborn(taught(RULE))
    before, _ = asked(regime, cohort)
    cohort.params[weight("head", "a3")] = torch.randn_like(cohort.params[weight("head", "a3")])
    after, _ = asked(regime, cohort)
    for name, each in before.items():
        assert torch.equal(each, after[name]) == ("head" not in name), name
