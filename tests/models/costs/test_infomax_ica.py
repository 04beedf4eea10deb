"""The entropy against hand values, its gradient against the rule it stands for, its law."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned

from models.costs import build_cost
from models.specs.checks import check_document
from models.specs.costs.statistics import InfomaxIcaSpec

ADDRESS = "area/V1/from/x/weight"


def value(moment_by_hand: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    rate = torch.einsum("nbts,nsu->nbtu", x, weight)
    cost: Any = build_cost("apart", InfomaxIcaSpec(kind="infomax_ica", at="V1"))
    return cost(replace(moment_by_hand({"V1": rate}), weight={ADDRESS: weight}))


def test_the_value_is_that_by_hand(moment_by_hand: Any) -> None:
    x, weight = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2), torch.tensor([[[2.0, 0.0], [0.0, 3.0]]])
    slope = math.exp(-2.0) / (1.0 + math.exp(-2.0)) ** 2  # of the logistic function at 2; at 0 it is 1/4
    by_hand = -math.log(6.0) - math.log(slope) - math.log(0.25)
    assert value(moment_by_hand, x, weight).item() == pytest.approx(by_hand, rel=1e-6)


def test_the_gradient_is_the_rule_of_bell_and_sejnowski(moment_by_hand: Any) -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, 7, 2, 3, generator=generator, dtype=torch.float64)
    weight = torch.randn(1, 3, 3, generator=generator, dtype=torch.float64).requires_grad_()
    (found,) = torch.autograd.grad(value(moment_by_hand, x, weight).sum(), weight)
    u = torch.einsum("nbts,nsu->nbtu", x, weight)
    rule = torch.linalg.inv(weight).mT + torch.einsum("nbts,nbtu->nsu", x, 1.0 - 2.0 * torch.sigmoid(u)) / 14
    torch.testing.assert_close(-found, rule)
    assert torch.autograd.gradcheck(lambda w: value(moment_by_hand, x, w), [weight])


def mixed(**area: Any) -> dict[str, Any]:
    document = copy.deepcopy(tiny_schedule())
    document["organism"] = {
        "senses": {"x": {"shape": [5]}},
        "areas": {"V1": {"kind": "linear", "size": 5, "act": "none", "init": {"kind": "orthogonal"}} | area},
        "pathways": [{"from": "x", "to": "V1"}],
        "optimizer": {"kind": "adam", "lr": 0.01},
    }
    document["worlds"] = {"school": {"source": {"kind": "mixed_sources", "sources": 5}}}
    document["costs"] = {"apart": {"kind": "infomax_ica", "at": "V1"}}
    document["stages"] = [{"name": "day", "world": "school", "costs": {"apart": 1.0}, "until": {"after": "20ba"}}]
    document["probes"] = {}
    return document


def test_a_life_that_takes_apart_obeys_the_law() -> None:
    obeys_the_law(planned(mixed()), range(5), alone=(0, 3))


@pytest.mark.parametrize("area", [{"size": 4}, {"act": "tanh"}, {"depth": 2}, {"norm": "layer"}])
def test_what_has_no_determinant_is_refused(area: dict[str, Any]) -> None:
    assert not check_document(mixed()).errors
    assert {each.code for each in check_document(mixed(**area)).errors} == {"E14"}
    taught = mixed()
    taught["organism"]["credit"] = [{"areas": ["V1"], "rule": "feedback_alignment"}]
    assert "E14" in {each.code for each in check_document(taught).errors}
