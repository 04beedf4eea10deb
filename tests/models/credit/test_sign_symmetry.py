"""Sign symmetry against backprop."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import CONV, angle, asked, newborn, taught, weight
from raising import chain

from models.credit.aligned import feedback_address
from models.draw import Draw
from models.engine.organism import Organism

WEIGHTS = ("area/a2/from/a1/weight", "area/head/from/a2/weight")


def used(variant: str, concordance: float = 1.0, index: int = 0) -> tuple[dict[str, torch.Tensor], Any]:
    """Feedback weights of one pass."""
    rule = {"kind": "sign_symmetry", "variant": variant, "concordance": concordance}
    regime, cohort = newborn(taught(rule, chain(40, 60)))
    draw = Draw(cohort.seeds_N, torch.full((3, 4), index))
    own = Organism(regime.organism).circuits.prepared(cohort.params, cohort.own, draw)
    return {name: own[feedback_address(name)] for name in WEIGHTS}, cohort


@pytest.mark.parametrize("organism", [chain(20, 16), CONV], ids=["linear", "conv"])
def test_on_weights_of_one_magnitude_it_is_backprop_up_to_a_factor(organism: dict[str, Any]) -> None:
    regime, cohort = newborn(taught({"kind": "sign_symmetry"}, organism))
    for name, value in cohort.params.items():
        if name.endswith("/weight"):
            value.copy_(value.sign() * 0.1)
    asks, true = asked(regime, cohort)
    for name in (weight("a1", "retina"), weight("a2", "a1")):
        assert (angle(asks[name], true[name]) < 0.1).all()
        assert not torch.allclose(asks[name], true[name], rtol=1e-2)


@pytest.mark.parametrize("variant", ["usf", "frsf", "brsf"])
def test_every_sign_is_that_of_the_forward_weight(variant: str) -> None:
    feedback, cohort = used(variant)
    for name, value in feedback.items():
        assert torch.equal(value.sign(), cohort.params[name].sign())


def test_magnitudes_are_uniform_or_fixed_or_drawn_anew() -> None:
    name = WEIGHTS[0]
    uniform, _ = used("usf")
    torch.testing.assert_close(uniform[name].abs(), torch.full((3, 40, 60), 60**-0.5))
    assert torch.equal(used("frsf", index=0)[0][name], used("frsf", index=1)[0][name])
    assert not torch.equal(used("brsf", index=0)[0][name], used("brsf", index=1)[0][name])
    for variant in ("frsf", "brsf"):
        spread = used(variant)[0][name].square().mean().sqrt() * 60**0.5
        assert abs(float(spread) - 1) < 0.05


def test_concordance_is_the_share_of_signs_that_agree() -> None:
    feedback, cohort = used("frsf", concordance=0.7)
    agree = (feedback[WEIGHTS[0]].sign() == cohort.params[WEIGHTS[0]].sign()).float().mean()
    assert abs(float(agree) - 0.7) < 0.02


def test_the_less_signs_agree_the_wider_the_angle() -> None:
    angles = []
    for concordance in (1.0, 0.8, 0.5):
        rule = {"kind": "sign_symmetry", "concordance": concordance}
        asks, true = asked(*newborn(taught(rule, chain(40, 40))))
        angles.append(float(angle(asks[weight("a1", "retina")], true[weight("a1", "retina")]).mean()))
    assert angles == sorted(angles)
    assert angles[0] < 60
    assert angles[-1] > 75
