"""Judge and forger against hand values; who learns by whose cost."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned
from raising import raised

from models.costs import build_cost
from models.protocols import Moment, Variation
from models.specs.checks import check_document
from models.specs.costs.statistics import AdversarialSpec

LESS = math.log(1.0 + math.exp(-2.0))
MORE = math.log(1.0 + math.exp(3.0))


def cost(role: str) -> Any:
    at, other = ("verdict", "picture") if role == "judge" else ("picture", "verdict")
    spec = {"kind": "adversarial", "at": at, "role": role, "other": other, "sense": "point"}
    return build_cost("duel", AdversarialSpec.model_validate(spec))


def moment(moment_by_hand: Any, picture: torch.Tensor, weight: torch.Tensor) -> Moment:
    """A judge that says weight times what it sees, and sees 2 now."""
    point = torch.full((1, 1, 1, 1), 2.0)

    def judged(seen: torch.Tensor, by: torch.Tensor) -> Moment:
        rate = {"picture": picture, "verdict": seen * by}
        return replace(moment_by_hand(rate, point=seen), weight={"area/verdict/weight": by})

    def again(other: Variation) -> Moment:
        return judged(other.senses["point"], other.weight.get("area/verdict/weight", weight))

    return replace(judged(point, weight), again=again)


def test_both_costs_have_their_values_by_hand(moment_by_hand: Any) -> None:
    seen = moment(moment_by_hand, torch.full((1, 1, 1, 1), 3.0), torch.ones(1, 1, 1, 1))
    assert cost("judge")(seen).item() == pytest.approx(LESS + MORE)  # d(x) = 2, d(G) = 3
    assert cost("forger")(seen).item() == pytest.approx(math.log(1.0 + math.exp(-3.0)))
    blind = moment(moment_by_hand, torch.full((1, 1, 1, 1), 3.0), torch.zeros(1, 1, 1, 1))
    assert cost("judge")(blind).item() == pytest.approx(2 * math.log(2.0))
    assert cost("forger")(blind).item() == pytest.approx(math.log(2.0))


def test_units_of_a_judge_speak_by_their_mean(moment_by_hand: Any) -> None:
    seen = moment(moment_by_hand, torch.full((1, 1, 1, 1), 3.0), torch.tensor([1.5, 0.5]).reshape(1, 1, 1, 2))
    assert cost("judge")(seen).item() == pytest.approx(
        LESS + MORE
    )  # 3 and 1 of what is seen, 4.5 and 1.5 of the forged


@pytest.mark.parametrize("role", ["judge", "forger"])
def test_neither_side_teaches_the_other(moment_by_hand: Any, role: str) -> None:
    picture, weight = torch.full((1, 1, 1, 1), 3.0).requires_grad_(), torch.ones(1, 1, 1, 1).requires_grad_()
    value = cost(role)(moment(moment_by_hand, picture, weight)).sum()
    told = torch.autograd.grad(value, [picture, weight], allow_unused=True)
    assert [each is not None for each in told] == ([False, True] if role == "judge" else [True, False])
    if role == "forger":
        assert told[0].item() == pytest.approx(-1.0 / (1.0 + math.exp(3.0)))
    else:
        assert told[1].item() == pytest.approx(-2.0 / (1.0 + math.exp(2.0)) + 3.0 / (1.0 + math.exp(-3.0)))


def duel(**costs: float) -> dict[str, Any]:
    """A forger of points and its judge; the weights of their costs."""
    document = copy.deepcopy(tiny_schedule())
    names = ["dream", "picture", "look", "verdict"]
    sizes = dict(zip(names, (8, 2, 8, 1), strict=True))
    acts = {"picture": "none", "verdict": "none"}
    areas = {name: {"kind": "linear", "size": sizes[name], "act": acts.get(name, "tanh")} for name in names}
    pairs = [("noise", "dream"), ("dream", "picture"), ("point", "look"), ("look", "verdict")]
    document["organism"] = {
        "senses": {"point": {"shape": [2]}, "noise": {"shape": [2], "channel": "point"}},
        "areas": areas,
        "pathways": [{"from": source, "to": area} for source, area in pairs],
    }
    noise = [{"kind": "replace_noise", "sense": "noise"}]
    document["worlds"] = {"school": {"source": "ring", "labels": "none", "transforms": noise}}
    duel = {"kind": "adversarial", "sense": "point"}
    document["costs"] = {
        "judging": duel | {"at": "verdict", "role": "judge", "other": "picture"},
        "forging": duel | {"at": "picture", "role": "forger", "other": "verdict"},
    }
    document["stages"] = [{"name": "day", "world": "school", "costs": costs, "until": {"after": "10ba"}}]
    document["probes"] = {}
    return document


@pytest.mark.parametrize(("cost", "moved"), [("judging", {"look", "verdict"}), ("forging", {"dream", "picture"})])
def test_each_cost_moves_its_own_side_alone(cost: str, moved: set[str]) -> None:
    regime = planned(duel(**{cost: 1.0})).steps[0].regime
    first, last = raised(regime, [3], 0), raised(regime, [3], 2)
    changed = {name.split("/")[1] for name, each in first.params.items() if not torch.equal(each, last.params[name])}
    assert changed == moved


def test_both_at_once_move_each_side_as_alone() -> None:
    both = raised(planned(duel(judging=1.0, forging=1.0)).steps[0].regime, [3], 1)
    for cost, side in (("judging", ("look", "verdict")), ("forging", ("dream", "picture"))):
        alone = raised(planned(duel(**{cost: 1.0})).steps[0].regime, [3], 1)
        for name in (each for each in both.params if each.split("/")[1] in side):
            torch.testing.assert_close(both.params[name], alone.params[name], atol=1e-7, rtol=1e-5)


def test_a_duel_obeys_the_law() -> None:
    obeys_the_law(planned(duel(judging=1.0, forging=1.0)))


def test_what_is_imagined_must_fit_the_sense() -> None:
    assert not check_document(duel(judging=1.0, forging=1.0)).errors
    document = duel(judging=1.0, forging=1.0)
    document["organism"]["areas"]["picture"]["size"] = 3
    assert {each.code for each in check_document(document).errors} == {"E14"}
    document = duel(judging=1.0)
    document["costs"]["judging"]["other"] = "pictur"
    assert {each.code for each in check_document(document).errors} == {"E03"}
    document["costs"]["judging"] |= {"other": "picture", "sense": "pont"}
    assert {each.code for each in check_document(document).errors} == {"E01"}
