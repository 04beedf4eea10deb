"""Surprise awake and asleep against hand values, the two delta rules, and the law of lives that sleep."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import digest, live, planned
from torch import Tensor

from models.costs import build_cost
from models.engine import snapshot
from models.protocols import Moment
from models.specs.checks import check_document
from models.specs.costs.statistics import WakeSleepSpec

WEIGHT, BIAS = "area/V1/from/retina/weight", "area/V1/bias"
OWN = ("cost/dream/decoder/weight", "cost/dream/decoder/bias", "cost/dream/causes")


def cost(**options: Any) -> Any:
    return build_cost("dream", WakeSleepSpec(kind="wake_sleep", at="V1", **options), ["retina"])


def moment(by_hand: Any, x: Tensor, up: tuple[Tensor, Tensor], down: tuple[Tensor, Tensor, Tensor]) -> Moment:
    shown = by_hand({"V1": torch.zeros(*x.shape[:3], up[0].shape[2])}, retina=x)
    return replace(shown, weight=dict(zip((WEIGHT, BIAS), up, strict=True)), own=dict(zip(OWN, down, strict=True)))


def drawn(seed: int, lives: int = 2, values: int = 5, units: int = 3) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [(values, units), (1, units)], [(units, values), (1, values), (1, units)]
    return tuple(  # type: ignore[return-value]
        tuple(torch.randn(lives, *each, generator=generator).requires_grad_() for each in part) for part in shapes
    )


def test_awake_it_is_the_surprise_about_what_is_seen_and_its_causes(moment_by_hand: Any) -> None:
    x = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    sure = 60.0
    up = (torch.zeros(1, 2, 1), torch.tensor([[[sure]]]))
    down = (torch.tensor([[[math.log(3.0), 0.0]]]), torch.zeros(1, 1, 2), torch.tensor([[[math.log(4.0)]]]))
    # the cause is recognised for sure: p(h) = 4/5, p(x) = 3/4 1/2
    seen = moment(moment_by_hand, x, up, down)
    assert cost(sleep=0.0)(seen).tolist() == pytest.approx([-math.log(0.8 * 0.75 * 0.5)])
    assert cost().bound(seen).tolist() == pytest.approx([-math.log(0.8 * 0.75 * 0.5)])


def test_asleep_it_is_the_surprise_about_causes(moment_by_hand: Any) -> None:
    x = torch.zeros(1, 6, 1, 2)
    up = (torch.tensor([[[0.0], [math.log(3.0)]]]), torch.zeros(1, 1, 1))
    # the cause is always there, and shows in the second value alone: q = 3/4
    down = (torch.tensor([[[-60.0, 60.0]]]), torch.zeros(1, 1, 2), torch.tensor([[[60.0]]]))
    seen = moment(moment_by_hand, x, up, down)
    assert cost().sleep(seen).tolist() == [pytest.approx([-math.log(0.75)] * 6)]
    both = cost(sleep=2.0)(seen) - cost(sleep=0.0)(seen)
    assert both.tolist() == pytest.approx([-2.0 * math.log(0.75)], rel=1e-5)


def test_the_bound_takes_off_how_unsure_the_causes_are(moment_by_hand: Any) -> None:
    x = torch.ones(1, 20_000, 1, 1)
    up = (torch.zeros(1, 1, 1), torch.tensor([[[math.log(3.0)]]]))
    down = (torch.zeros(1, 1, 1), torch.tensor([[[60.0]]]), torch.zeros(1, 1, 1))
    # q = 3/4, p(h) = 1/2, p(x) = 1: log 2 less the entropy of q
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert cost().bound(moment(moment_by_hand, x, up, down)).tolist() == pytest.approx(
        [math.log(2.0) - entropy], abs=0.01
    )


def test_the_bound_is_above_what_all_causes_together_say(moment_by_hand: Any) -> None:
    up, down = [[each.detach() for each in part] for part in drawn(3, 1)]
    x = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0]).expand(1, 4000, 1, 5)
    total = 0.0
    for each in product((0.0, 1.0), repeat=3):
        h = torch.tensor(each)
        prior = torch.where(h > 0, torch.sigmoid(down[2][0, 0]), torch.sigmoid(-down[2][0, 0])).prod()
        odds = h @ down[0][0] + down[1][0, 0]
        total += float(prior * torch.where(x[0, 0, 0] > 0, torch.sigmoid(odds), torch.sigmoid(-odds)).prod())
    assert cost().bound(moment(moment_by_hand, x, up, down)).item() > -math.log(total)


def test_each_phase_is_a_delta_rule_of_its_own(moment_by_hand: Any) -> None:
    (weight, bias), down = drawn(4)
    x = (torch.rand(2, 40, 1, 5, generator=torch.Generator().manual_seed(5)) < 0.5).float()
    seen, judge = moment(moment_by_hand, x, (weight, bias), down), cost()
    found = torch.autograd.grad(judge(seen).sum(), [weight, bias, *down])
    causes, dream = judge.dreamt(seen)
    missed = torch.sigmoid(dream @ weight + bias) - causes
    torch.testing.assert_close(found[0], torch.einsum("nmd,nmu->ndu", dream, missed) / 40)
    torch.testing.assert_close(found[1], missed.mean(dim=1, keepdim=True))
    awake = torch.autograd.grad(judge.wake(x.flatten(1, 2), seen).mean(dim=1).sum(), [*down, weight], allow_unused=True)
    assert awake[3] is None, "awake nothing is learned of recognition"
    for one, other in zip(awake[:3], found[2:], strict=True):
        torch.testing.assert_close(one, other)
    asleep = torch.autograd.grad(judge.sleep(seen).sum(), list(down), allow_unused=True)
    assert asleep == (None, None, None), "asleep nothing is learned of dreams"


def sleeping(**area: Any) -> dict[str, Any]:
    document = copy.deepcopy(tiny_schedule())
    document["organism"]["areas"] = {"V1": {"kind": "linear", "size": 6, "act": "sigmoid"} | area}
    document["organism"]["pathways"] = [{"from": "retina", "to": "V1"}]
    document["worlds"] = {"school": {"source": "bars"}}
    document["costs"] = {"dream": {"kind": "wake_sleep", "at": "V1"}}
    document["stages"] = [{"name": "day", "world": "school", "costs": {"dream": 1.0}, "until": {"after": "8ba"}}]
    document["probes"] = {}
    return document


def test_a_life_that_sleeps_obeys_the_law() -> None:
    arm = planned(sleeping())
    whole, histories = live(arm, [0, 1, 2])
    alone, own = live(arm, [1])
    assert own[1] == histories[1]
    assert snapshot.state_hash(alone) == snapshot.state_hash(whole.take([1]))
    again = live(arm, range(3), lambda cohort: snapshot.load(snapshot.dump(cohort, {}))[0], 3)
    assert digest(*again) == digest(whole, histories)


@pytest.mark.parametrize("area", [{"act": "tanh"}, {"depth": 2}, {"bias": False}])
def test_what_says_neither_yes_nor_no_is_refused(area: dict[str, Any]) -> None:
    assert not check_document(sleeping()).errors
    assert {each.code for each in check_document(sleeping(**area)).errors} == {"E14"}
