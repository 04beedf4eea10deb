"""Rules that hear of reward: attention-gated and reward-modulated learning."""

from __future__ import annotations

import pytest
import torch
from crediting import SMALL, Hand, agree, asked, hand, newborn, taught
from raising import chain, train

from models.costs import build_cost
from models.credit.attention_gated import AttentionGated
from models.credit.backprop import Exact
from models.crediting import Circuit
from models.draw import Draw
from models.engine.judging import Judged
from models.engine.organism import Organism
from models.protocols import Batch
from models.specs.credit.reward import AttentionGatedSpec


def drawn_actions(by_hand: Hand) -> torch.Tensor:
    """Actions (N, B) that the rule draws."""
    p = by_hand.h[-1].softmax(-1)
    level = by_hand.draw.at("rule", "head/action").uniform(1, 1)[:, :, 0]
    return (p.cumsum(-1) < level).sum(-1).clamp(max=9)


@pytest.mark.parametrize("expansive", [False, True])
def test_attention_gating_is_its_closed_form(expansive: bool) -> None:
    regime, cohort = newborn(taught({"kind": "attention_gated", "expansive": expansive}))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    action = drawn_actions(by_hand)
    p_a = by_hand.h[-1].softmax(-1).gather(2, action[..., None])
    rewarded = by_hand.y.gather(2, action[..., None])
    q = torch.where(rewarded > 0, ((1 - p_a) / (p_a + 0.01)).clamp(max=5), -1.0) if expansive else rewarded - p_a
    d = [-q * torch.nn.functional.one_hot(action, 10)]
    for k in (3, 2, 1):
        d.insert(0, (d[0] @ by_hand.W[k].mT) * (1 - by_hand.h[k] ** 2))
    agree(asks, by_hand.weights(d))


def test_averaged_over_actions_the_error_is_that_of_backprop_times_the_probability() -> None:
    regime, cohort = newborn(taught({"kind": "attention_gated", "expansive": False}, chain(7)))
    by_hand = hand(regime, cohort)
    p = by_hand.h[-1].softmax(-1)
    mean = torch.zeros_like(p)
    for a in range(10):
        q = by_hand.y[..., a : a + 1] - p[..., a : a + 1]
        mean += p[..., a : a + 1] * -q * torch.nn.functional.one_hot(torch.tensor(a), 10)
    torch.testing.assert_close(mean, p * by_hand.e, rtol=1e-5, atol=1e-7)


def test_actions_are_drawn_by_their_probabilities() -> None:
    p = torch.tensor([0.5, 0.2, 0.3]).expand(1, 20_000, 1, 3)
    circuit = Circuit(("head",), {}, {}, ("head",), {"head": (3,)}, {}, {})
    rule = AttentionGated(AttentionGatedSpec(kind="attention_gated"), circuit, Exact())
    action = rule._drawn(p, Draw(torch.tensor([1]), torch.arange(20_000)[None]))
    found = torch.nn.functional.one_hot(action, 3).float().mean((0, 1, 2))
    torch.testing.assert_close(found, p[0, 0, 0], atol=0.015, rtol=0.0)


@pytest.mark.parametrize("baseline", ["critic", "running"])
def test_reward_modulation_is_its_closed_form(baseline: str) -> None:
    regime, cohort = newborn(taught({"kind": "reward_modulated", "baseline": baseline}))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    xi = [
        by_hand.draw.at("rule", f"area/{name}/push/0/0").normal(1, h.shape[2])[:, :, 0]
        for name, h in zip(SMALL, by_hand.h[1:], strict=True)
    ]
    h = [by_hand.h[0]]
    for k, push in enumerate(xi):
        z = h[-1] @ by_hand.W[k] + by_hand.b[k] + 0.3 * push
        h.append(torch.tanh(z) if k < 3 else z)
    action = h[-1].argmax(-1, keepdim=True)
    reward = by_hand.y.gather(2, action)
    expected = (
        (by_hand.h[-1].softmax(-1) * by_hand.y).sum(-1, keepdim=True) if baseline == "critic" else torch.tensor(0.1)
    )
    agree(asks, by_hand.weights([-(reward - expected) / 0.3 * push for push in xi], h))


def test_what_is_expected_goes_a_part_of_the_way_to_what_came() -> None:
    regime, cohort = newborn(taught({"kind": "reward_modulated", "baseline": "running", "tau": 0.25}))
    train(cohort, regime, 1)
    mean = 0.1 + (cohort.learned["rule/area/head/expected"][:, 0].detach() - 0.1) / 0.25
    rewarded = mean * regime.batch
    torch.testing.assert_close(rewarded, rewarded.round(), atol=1e-3, rtol=0)
    assert 0.0 < mean.max() < 1.0
    assert mean.min() > -1e-4


def test_a_reward_that_is_expected_changes_nothing() -> None:
    regime, cohort = newborn(taught({"kind": "reward_modulated", "baseline": "running"}))
    cohort.params["area/head/bias"][..., 3] = 1e3  # the action is always 3
    rewarded = (hand(regime, cohort).y.argmax(-1) == 3).float().mean(1)
    cohort.learned["rule/area/head/expected"] = rewarded[:, None]
    asks, _ = asked(regime, cohort)
    many, _ = asked(*newborn(taught({"kind": "reward_modulated", "baseline": "running"})))
    name = "area/head/bias"
    assert float(asks[name].mean().abs()) < float(many[name].abs().max())


@pytest.mark.parametrize("leaf", ["bias", "from/a1/weight"])
def test_the_mean_update_is_the_slope_of_the_mean_reward(leaf: str) -> None:
    lives, items, sigma = 2000, 4, 0.5
    regime, cohort = newborn(taught({"kind": "reward_modulated", "sigma": sigma}, chain(7)), range(lives))
    for value in cohort.params.values():
        value.copy_(value[:1].expand_as(value).clone())
    cohort.params["area/head/from/a1/weight"] *= 2.0  # so that the reward depends on the push of what is below
    by_hand = hand(regime, cohort, items)
    index = torch.arange(items).expand(lives, -1)
    label = torch.zeros(lives, items, 1, dtype=torch.int64)
    batch = Batch({"retina": by_hand.h[0].reshape(lives, items, 1, 1, 8, 8)}, label, {}, index)
    body = Organism(regime.organism)
    moment = body.run(cohort.params, {}, batch, Draw(torch.arange(lives), index))
    cost = build_cost("naming", regime.costs["naming"].cost)
    judged = Judged("head", True, frozenset({"head"}), cost(moment), cost, cost, lambda other: label, torch.ones(lives))
    found = body.circuits.steered({}, [judged], moment, cohort.params)[f"area/head/{leaf}"]
    weight, still = by_hand.W[1][:1], torch.zeros(10)
    unit = torch.nn.functional.one_hot(torch.tensor(0), 10).float()
    if leaf != "bias":
        unit = unit * weight / (unit * weight).norm()

    def mean_reward(shift: float) -> float:
        x, generator, total = by_hand.h[0][:1], torch.Generator().manual_seed(0), 0.0
        W, b = (weight, still + shift * unit) if leaf == "bias" else (weight + shift * unit, still)
        for _ in range(20):
            pushes = [sigma * torch.randn(2000, items, size, generator=generator) for size in (7, 10)]
            z = torch.tanh(x @ by_hand.W[0][:1] + pushes[0]) @ W + b + pushes[1]
            total += float((z.argmax(-1) == 0).float().mean()) / 20
        return total

    slope = (mean_reward(0.1) - mean_reward(-0.1)) / 0.2
    said = -(found * unit).flatten(1).sum(1)
    assert abs(slope) > 0.05
    assert abs(float(said.mean()) - slope) < 4 * float(said.std()) / lives**0.5 + 0.01
