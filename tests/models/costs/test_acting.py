"""Costs of acting: what states are worth, and what is done for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from models.costs import build_cost
from models.draw import Draw
from models.protocols import Batch, Moment
from models.specs.costs import CostSpec


def told(value: Tensor, logits: Tensor, reward: list[float], done: list[int], action: list[int]) -> Moment:
    """One life, one fragment."""
    factors = {
        "reward": torch.tensor([[reward]]),
        "done": torch.tensor([[done]]),
        "action": torch.tensor([[action]]),
    }
    batch = Batch({}, None, factors, torch.zeros(1, 1, dtype=torch.int64))
    rate = {"critic": value.reshape(1, 1, -1, 1), "striatum": logits.reshape(1, 1, -1, 2)}
    draw = Draw(torch.tensor([1]))
    return Moment(batch, rate, {}, {}, draw, {}, lambda at, _: rate[at])


def cost(**options: Any) -> Any:
    return build_cost("judge", TypeAdapter(CostSpec).validate_python(options))


VALUE = [0.5, 0.25, 1.0, 2.0]
"""V of four frames; the second way brings 1 and ends an episode, the third brings 3."""


def moment(value: Tensor | None = None, logits: Tensor | None = None) -> Moment:
    value = torch.tensor(VALUE) if value is None else value
    logits = torch.zeros(4, 2) if logits is None else logits
    return told(value, logits, [0.0, 1.0, 3.0, 0.0], [0, 1, 0, 0], [1, 0, 1, 0])


@pytest.mark.parametrize(
    ("trace", "worth"),
    [
        # one step: 0 + .5 * .25, 1 + 0, 3 + .5 * 2
        (0.0, [0.125, 1.0, 4.0]),
        # all of it: .5 * 1, 1, 3 + .5 * 2
        (1.0, [0.5, 1.0, 4.0]),
        # half and half: .5 * (.5 * .25 + .5 * 1), 1, 4
        (0.5, [0.3125, 1.0, 4.0]),
    ],
)
def test_errors_are_those_of_temporal_differences(trace: float, worth: list[float]) -> None:
    value = torch.tensor(VALUE, requires_grad=True)
    judge = cost(kind="td_value", at="critic", discount=0.5, trace=trace)
    errors = [g - v for g, v in zip(worth, VALUE, strict=False)]
    found = judge(moment(value))
    assert found.tolist() == pytest.approx([sum(error**2 for error in errors) / 3])
    assert judge.per_sample(moment(value)).tolist() == [pytest.approx(found.tolist())]
    (down,) = torch.autograd.grad(found.sum(), value)
    # no error goes back through what follows: the last frame only lends its value
    assert down.tolist() == pytest.approx([*(-2 * error / 3 for error in errors), 0.0])


def test_what_went_better_than_expected_is_done_more_often() -> None:
    logits = torch.zeros(4, 2, requires_grad=True)
    judge = cost(kind="policy_gradient", at="striatum", critic="critic", discount=0.5, trace=0.0, entropy=0.0)
    value = torch.tensor(VALUE, requires_grad=True)
    found = judge(moment(value, logits))
    better = [0.125 - 0.5, 1.0 - 0.25, 4.0 - 1.0]
    # every action has probability 1/2
    assert found.tolist() == pytest.approx([sum(better) / 3 * 0.6931472])
    down, none = torch.autograd.grad(found.sum(), [logits, value], allow_unused=True)
    assert none is None
    pushes = [(a / 3 * 0.5, -a / 3 * 0.5) for a in better]
    # actions 1, 0, 1: the other one is pushed the other way
    wanted = [pushes[0], pushes[1][::-1], pushes[2], (0.0, 0.0)]
    torch.testing.assert_close(down, torch.tensor(wanted))


def test_without_a_critic_rewards_count_and_entropy_is_weighed() -> None:
    judge = cost(kind="policy_gradient", at="striatum", discount=0.5, entropy=0.1)
    log_2 = 0.6931472
    # G: .5 * 1, 1, 3
    assert judge(moment()).tolist() == pytest.approx([(0.5 + 1.0 + 3.0) / 3 * log_2 - 0.1 * log_2])


def test_a_critic_that_a_lesion_silences_expects_nothing() -> None:
    options = {"kind": "policy_gradient", "at": "striatum", "discount": 0.5, "trace": 1.0}
    silent = replace(moment(), heard={"critic": torch.zeros(1)})
    assert torch.equal(cost(critic="critic", **options)(silent), cost(**options)(moment()))
    assert not torch.equal(cost(critic="critic", **options)(moment()), cost(**options)(moment()))


def inside(logits: Tensor, places: list[list[int]], right: list[list[int]]) -> Moment:
    """One life, items of two steps: what was chosen, by which logits, and whether the answer was right (class 2)."""
    label = torch.full((1, len(right), 2), 2)
    answer = torch.nn.functional.one_hot(2 * torch.tensor([right]), 3).float()
    batch = Batch({}, label, {}, torch.arange(len(right))[None])
    chosen = torch.tensor([places])
    draw = Draw(torch.tensor([1]), batch.index_NB)
    return Moment(batch, {"head": answer}, {}, {}, draw, {}, lambda at, _: answer, choice=lambda _: (logits, chosen))


PLACES, RIGHT = [[0, 1], [1, 1], [0, 0]], [[0, 1], [1, 1], [0, 0]]


def test_a_choice_that_brought_more_than_those_of_the_others_is_made_more_often() -> None:
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    judge = cost(kind="policy_gradient", at="look", answer="head", discount=0.5, entropy=0.0)
    found = judge(inside(logits, PLACES, RIGHT))
    # G: (.5, 1), (1.5, 1), (0, 0); less the mean of the two others
    better = [[0.5 - 0.75, 1 - 0.5], [1.5 - 0.25, 1 - 0.5], [0 - 1.0, 0 - 1.0]]
    # every place has probability 1/2, and what is better here is worse elsewhere
    assert found.tolist() == pytest.approx([0.0], abs=1e-6)
    (down,) = torch.autograd.grad(found.sum(), logits)
    for item in range(3):
        for step in range(2):
            push = [-better[item][step] / 6 * (0.5 if place == PLACES[item][step] else -0.5) for place in range(2)]
            assert down[0, item, step].tolist() == pytest.approx(push), (item, step)


def test_a_choice_is_judged_item_by_item_and_its_entropy_is_weighed() -> None:
    logits = torch.tensor([1.0986123, 0.0]).expand(1, 3, 2, 2)
    judge = cost(kind="policy_gradient", at="look", answer="head", discount=0.5, entropy=0.1)
    log_p, entropy = (-0.2876821, -1.3862944), 0.75 * 0.2876821 + 0.25 * 1.3862944
    better = [[-0.25, 0.5], [1.25, 0.5], [-1.0, -1.0]]
    wanted = [
        sum(-a * log_p[place] - 0.1 * entropy for a, place in zip(*each, strict=True)) / 2
        for each in zip(better, PLACES, strict=True)
    ]
    there = inside(logits, PLACES, RIGHT)
    assert judge.per_sample(there).tolist() == [pytest.approx(wanted)]
    assert judge(there).tolist() == pytest.approx([sum(wanted) / 3])


def test_what_varies_is_done_less_often_and_the_value_is_the_variance() -> None:
    logits = torch.tensor([[0.0, 0.0], [1.0986123, 0.0], [0.0, 0.0], [5.0, 0.0]], requires_grad=True)
    value = torch.tensor(VALUE, requires_grad=True)
    judge = cost(kind="risk", at="striatum", critic="critic", discount=0.5, trace=0.0)
    found = judge(moment(value, logits))
    off = [(0.125 - 0.5) ** 2, (1.0 - 0.25) ** 2, (4.0 - 1.0) ** 2]
    assert found.tolist() == pytest.approx([sum(off) / 3])
    assert judge.per_sample(moment(value, logits)).tolist() == [pytest.approx(found.tolist())]
    down, none = torch.autograd.grad(found.sum(), [logits, value], allow_unused=True)
    assert none is None
    # actions 1, 0, 1 of probability 1/2, 3/4, 1/2 are made less likely, each by the square of what was not expected
    wanted = [(-0.5 * off[0], 0.5 * off[0]), (0.25 * off[1], -0.25 * off[1]), (-0.5 * off[2], 0.5 * off[2]), (0.0, 0.0)]
    torch.testing.assert_close(down, torch.tensor(wanted) / 3)
    seeker = cost(kind="risk", at="striatum", critic="critic", discount=0.5, trace=0.0, attitude="seeking")
    found = seeker(moment(value, logits))
    assert found.tolist() == pytest.approx([-sum(off) / 3])
    torch.testing.assert_close(torch.autograd.grad(found.sum(), logits)[0], -down)


def test_the_mean_push_of_risk_is_the_gradient_of_the_variance() -> None:
    """Two arms that pay 1 with .2 and .5, as often as they are pulled and pay; the critic knows the mean."""
    pays, share = torch.tensor([0.2, 0.5]), torch.tensor([0.75, 0.25])
    logits = torch.log(share).requires_grad_()
    chance = logits.softmax(dim=0)
    mean = (chance * pays).sum()
    (wanted,) = torch.autograd.grad(mean - mean.square(), logits)
    judge, pushed = cost(kind="risk", at="striatum", critic="critic", discount=0.0), torch.zeros(2)
    for arm in (0, 1):
        for paid in (0.0, 1.0):
            own = torch.log(share).requires_grad_()
            worth = torch.full((2,), float(mean.detach()))
            seen = told(worth, own.expand(2, 2), [paid, 0.0], [0, 0], [arm, 0])
            (down,) = torch.autograd.grad(judge(seen).sum(), own)
            pushed += down * share[arm] * (pays[arm] if paid else 1.0 - pays[arm])
    torch.testing.assert_close(pushed, wanted)


def test_risk_is_about_nothing_where_a_lesion_silences_the_critic() -> None:
    judge = cost(kind="risk", at="striatum", critic="critic", discount=0.5, trace=0.0)
    silent = replace(moment(), heard={"critic": torch.zeros(1)})
    assert judge(silent).tolist() == pytest.approx([(0.0 + 1.0 + 9.0) / 3])


def test_what_another_did_is_made_more_likely() -> None:
    logits = torch.tensor([[0.0, 0.0], [1.0986123, 0.0], [0.0, 0.0], [5.0, 0.0]], requires_grad=True)
    judge = cost(kind="imitation", at="striatum")
    found = judge(moment(logits=logits))
    # actions 1, 0, 1 of probability 1/2, 3/4, 1/2; at the last frame nothing was done
    assert found.tolist() == pytest.approx([(2 * 0.6931472 + 0.2876821) / 3])
    assert judge.per_sample(moment(logits=logits)).tolist() == [pytest.approx(found.tolist())]
    (down,) = torch.autograd.grad(found.sum(), logits)
    wanted = [(0.5, -0.5), (-0.25, 0.25), (0.5, -0.5), (0.0, 0.0)]
    torch.testing.assert_close(down, torch.tensor(wanted) / 3)
