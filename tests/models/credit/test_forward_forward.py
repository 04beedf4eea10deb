"""Forward-forward: strong answers to right labels, weak ones to wrong labels, and no way back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import SMALL, agree, asked, hand, newborn, shown_to, taught, weight
from raising import chain, one_stage, raised
from torch import Tensor

from models.credit.backprop import Exact
from models.credit.disturbed import Pushed
from models.engine.cohort import Cohort
from models.protocols import Variation
from models.specs.regime import RegimeSpec

LINES = "rule/area/a1/label"


def rule(**options: Any) -> dict[str, Any]:
    return {"kind": "forward_forward", **options}


def drawn(share: Tensor, place: Tensor) -> Tensor:
    """The class at a place of the cumulated shares, item by item."""
    bounds = share.cumsum(-1)
    return torch.searchsorted(bounds, place * bounds[..., -1:])[..., 0]


def levelled(h: Tensor) -> Tensor:
    return h / h.square().mean(-1, keepdim=True).sqrt()


@pytest.mark.parametrize(
    "options", [{"sharpness": 2.0}, {"negatives": "uniform", "goodness": "sum", "threshold": 7.0, "sharpness": 0.3}]
)
def test_it_is_its_closed_form(options: dict[str, Any]) -> None:
    regime, cohort = newborn(taught(rule(**options)))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    threshold, sharp = options.get("threshold", 1.0), options["sharpness"]
    share = by_hand.h[-1].softmax(-1) + 1e-6 if "negatives" not in options else torch.ones_like(by_hand.y)
    place = by_hand.draw.at("rule", "area/head/negative").uniform(1, 1)[:, :, 0]
    wrong = torch.nn.functional.one_hot(drawn(share * (1 - by_hand.y), place), 10).float()
    assert not (wrong * by_hand.y).any()
    wanted = [torch.zeros_like(each) for each in by_hand.W]
    for side, label in ((-1.0, by_hand.y), (1.0, wrong)):
        x = by_hand.h[0]
        for k in range(3):
            lines = label @ cohort.learned[LINES].detach() if k == 0 else 0.0
            h = (x @ by_hand.W[k] + by_hand.b[k] + lines).relu()
            units = h.shape[2] if "goodness" not in options else 1
            slope = side * sharp * (side * sharp * (h.square().sum(-1) / units - threshold)).sigmoid()
            wanted[k] += x.mT @ (slope[..., None] * 2 * h / units) / 64
            x = levelled(h)
    wanted[3] = levelled(by_hand.h[3]).mT @ by_hand.e / 64
    agree(asks, wanted)


def test_without_a_label_all_labels_are_heard_alike() -> None:
    regime, cohort = newborn(taught(rule()))
    by_hand = hand(regime, cohort)
    even = cohort.learned[LINES].detach().mean(1, keepdim=True)
    first = (by_hand.h[0] @ by_hand.W[0] + by_hand.b[0] + even).relu()
    second = (levelled(first) @ by_hand.W[1] + by_hand.b[1]).relu()
    torch.testing.assert_close(by_hand.h[1:3], [first, second], rtol=1e-4, atol=1e-5)


def test_label_lines_learn_as_weights_do() -> None:
    regime = one_stage(taught(rule()))
    before, after = (raised(regime, [0], updates).learned[LINES].detach() for updates in (0, 3))
    assert ((before - after) != 0).any(dim=2).all()


def test_right_labels_are_answered_more_strongly_in_every_area() -> None:
    organism = taught(rule(), chain(40, 30, 20)) | {"optimizer": {"kind": "adam", "lr": 0.003}}
    regime, cohort = newborn(organism, seeds=range(5))
    before = lead(regime, cohort)
    grown = raised(one_stage(organism), range(5), 300)
    after = lead(regime, grown)
    assert (after > 0.75).all(), after
    assert (before < 0.65).all(), before


def lead(regime: RegimeSpec, cohort: Cohort) -> Tensor:
    """Share of items to which each hidden area answers more strongly under their label than under the next: (N, 3)."""
    moment = shown_to(regime, cohort, 200)
    label = moment.batch.label
    assert label is not None

    def strength(shift: int) -> list[Tensor]:
        y = torch.nn.functional.one_hot((label + shift) % 10, 10).flatten(1, 2).float()
        lines = torch.bmm(y - 0.1, cohort.learned[LINES].detach())
        told = moment.again(Variation(synapse={"a1": Pushed(Exact(), lambda _, z: z + lines)}))
        return [told.rate[area].detach().square().mean(dim=(2, 3)) for area in SMALL[:3]]

    pairs = zip(strength(0), strength(1), strict=True)
    return torch.stack([(right > wrong).float().mean(1) for right, wrong in pairs], dim=1)


def test_what_areas_above_do_is_nothing_to_those_below() -> None:
    regime, cohort = newborn(taught(rule(negatives="uniform")))
    before, _ = asked(regime, cohort)
    cohort.params[weight("a3", "a2")] = torch.randn_like(cohort.params[weight("a3", "a2")])
    after, _ = asked(regime, cohort)
    for name, each in before.items():
        assert torch.equal(each, after[name]) == (name.split("/")[1] in ("a1", "a2")), name
