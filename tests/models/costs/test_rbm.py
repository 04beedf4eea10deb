"""Free energy and contrastive divergence against hand values, and the law of lives that dream."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned

from models.costs import build_cost
from models.draw import Draw
from models.protocols import Moment
from models.specs.checks import check_document
from models.specs.costs.statistics import RbmSpec

WEIGHT, BIAS, VISIBLE = "area/V1/from/retina/weight", "area/V1/bias", "cost/dream/visible"
COST: Any = build_cost("dream", RbmSpec(kind="rbm", at="V1"), ["retina"])


def moment(moment_by_hand: Any, x: torch.Tensor, weight: torch.Tensor, bias: Any, visible: Any) -> Moment:
    shown = moment_by_hand({"V1": torch.zeros(*x.shape[:3], weight.shape[2])}, retina=x)
    return replace(shown, weight={WEIGHT: weight, BIAS: bias}, own={VISIBLE: visible})


def test_the_free_energy_is_that_of_all_hidden_states(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    weight, bias, visible = (torch.randn(1, *each, generator=generator) for each in ((3, 2), (1, 2), (1, 3)))
    x = torch.tensor([1.0, 0.0, 1.0])
    seen = moment(moment_by_hand, x.reshape(1, 1, 1, 3), weight, bias, visible)
    total = 0.0
    for hidden in product((0.0, 1.0), repeat=2):
        h = torch.tensor(hidden)
        total += math.exp(float(x @ visible[0, 0] + h @ bias[0, 0] + x @ weight[0] @ h))
    assert COST.energy(x.reshape(1, 1, 3), seen).item() == pytest.approx(-math.log(total), rel=1e-5)


def test_a_dream_goes_on_from_step_to_step_by_weights_and_biases(moment_by_hand: Any) -> None:
    """Two hidden units join three values in a row; either is on if one of its values is, and brings on the other."""
    x = torch.tensor([1.0, 0.0, 0.0]).expand(1, 20, 1, 3)
    weight = torch.tensor([[[60.0, 0.0], [60.0, 60.0], [0.0, 60.0]]])
    seen = moment(moment_by_hand, x, weight, torch.full((1, 1, 2), -30.0), torch.full((1, 1, 3), -30.0))
    for steps, expected in ((1, [1.0, 1.0, 0.0]), (2, [1.0, 1.0, 1.0])):
        judge: Any = build_cost("dream", RbmSpec(kind="rbm", at="V1", steps=steps), ["retina"])
        assert torch.equal(judge.dreamt(x.flatten(1, 2), seen), torch.tensor(expected).expand(1, 20, 3))


def test_the_gradient_is_what_is_dreamt_together_less_what_is_seen_together(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(4)
    weight, bias, visible = (
        torch.randn(2, *each, generator=generator).requires_grad_() for each in ((5, 3), (1, 3), (1, 5))
    )
    x = (torch.rand(2, 40, 1, 5, generator=generator) < 0.5).float()
    seen = moment(moment_by_hand, x, weight, bias, visible)
    found = torch.autograd.grad(COST(seen).sum(), [weight, bias, visible])
    data = x.flatten(1, 2)
    dream = COST.dreamt(data, seen)
    assert set(dream.unique().tolist()) == {0.0, 1.0}

    def together(v: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nmd,nmu->ndu", v, torch.sigmoid(v @ weight + bias)) / 40

    torch.testing.assert_close(found[0], together(dream) - together(data))
    torch.testing.assert_close(found[2], (dream - data).mean(dim=1, keepdim=True))
    hidden = torch.sigmoid(dream @ weight + bias) - torch.sigmoid(data @ weight + bias)
    torch.testing.assert_close(found[1], hidden.mean(dim=1, keepdim=True))


def test_dreams_have_the_statistics_of_what_they_are_drawn_from(moment_by_hand: Any) -> None:
    x = torch.zeros(1, 4000, 1, 2)
    visible = torch.tensor([0.0, math.log(3.0)]).reshape(1, 1, 2)
    seen = moment(moment_by_hand, x, torch.zeros(1, 2, 1), torch.zeros(1, 1, 1), visible)
    assert COST.dreamt(x.flatten(1, 2), seen).mean(dim=(0, 1)).tolist() == pytest.approx([0.5, 0.75], abs=0.03)
    later = replace(seen, draw=Draw(seen.draw.seeds_N, seen.draw.index_NB + 4000))
    assert not torch.equal(COST.dreamt(x.flatten(1, 2), seen), COST.dreamt(x.flatten(1, 2), later))


def dreaming(**area: Any) -> dict[str, Any]:
    document = copy.deepcopy(tiny_schedule())
    document["organism"]["areas"] = {"V1": {"kind": "linear", "size": 6, "act": "sigmoid"} | area}
    document["organism"]["pathways"] = [{"from": "retina", "to": "V1"}]
    document["worlds"] = {"school": {"source": "bars"}}
    document["costs"] = {"dream": {"kind": "rbm", "at": "V1", "steps": 2}}
    document["stages"] = [{"name": "day", "world": "school", "costs": {"dream": 1.0}, "until": {"after": "8ba"}}]
    document["probes"] = {}
    return document


def test_a_life_that_dreams_obeys_the_law() -> None:
    obeys_the_law(planned(dreaming()))


@pytest.mark.parametrize("area", [{"act": "tanh"}, {"depth": 2}, {"bias": False}])
def test_what_has_no_energy_is_refused(area: dict[str, Any]) -> None:
    assert not check_document(dreaming()).errors
    assert {each.code for each in check_document(dreaming(**area)).errors} == {"E14"}
