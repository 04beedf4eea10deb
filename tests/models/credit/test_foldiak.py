"""Foldiak's network: one unit, one cause."""

from __future__ import annotations

from typing import Any

import torch
from build import tiny_schedule
from crediting import lone, shown_to, weight
from raising import assert_alone_as_among_others, chain, differing, raised, state, train

from models.engine import snapshot
from models.engine.cohort import Cohort
from models.engine.step import Training
from models.specs.checks import check_document
from models.specs.regime import RegimeSpec

RULE = {"kind": "competitive", "variant": "foldiak"}
ADDRESS, LATERAL, THRESHOLD = weight("a1", "retina"), "rule/area/a1/lateral", "rule/area/a1/threshold"
FIRST = {"kind": "about", "mean": 0.1, "sd": 0.05}


def bars(units: int = 16, lr: float = 0.1, batch: int = 10, **options: Any) -> RegimeSpec:
    """Units that see bars, each there with probability 1 / 8, and learn at one rate."""
    regime = lone(RULE | options, units, {"kind": "bars"}, lr, batch=batch, act="binary", init=FIRST)
    return regime.model_copy(update={"plasticity": {"a1": 1.0}})


def rates(regime: RegimeSpec, cohort: Cohort, items: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What is there (N, items, S) and the answers (N, items, U)."""
    rate = shown_to(regime, cohort, items).rate
    return rate["retina"].flatten(3).flatten(1, 2), rate["a1"].flatten(3).flatten(1, 2)


def test_answers_and_updates_are_those_written_out() -> None:
    regime = bars(5, lr=0.3, batch=33, lateral=3.0, drift=2.0, activity=0.2)
    cohort = raised(regime, [0, 1], 12)
    assert (cohort.learned[LATERAL] < 0).any()
    x, y = rates(regime, cohort, 40)
    for n in range(2):
        W, L, theta = (each.detach()[n].double() for each in (cohort.params[ADDRESS], *states(cohort)))
        for b in range(40):
            s = torch.zeros(5).double()
            for _ in range(30):
                s = s + 0.2 * ((10 * (x[n, b].double() @ W + s @ L - theta[0])).sigmoid() - s)
            assert torch.equal((s > 0.5).float(), y[n, b])
    before = {name: each.detach().clone() for name, each in {**cohort.params, **cohort.learned}.items()}
    moment = next_answers(regime, cohort)
    train(cohort, regime, 1)
    x, y = moment
    grown = 0.3 * ((x.mT @ y) / 33 - y.mean(1, keepdim=True) * before[ADDRESS])
    torch.testing.assert_close(cohort.params[ADDRESS].detach(), before[ADDRESS] + grown, rtol=1e-4, atol=1e-5)
    pairs = before[LATERAL] - 0.3 * 3 * ((y.mT @ y) / 33 - 0.04) * (1 - torch.eye(5))
    torch.testing.assert_close(cohort.learned[LATERAL].detach(), pairs.clamp(max=0), rtol=1e-4, atol=1e-5)
    drift = before[THRESHOLD] + 0.3 * 2 * (y.mean(1, keepdim=True) - 0.2)
    torch.testing.assert_close(cohort.learned[THRESHOLD].detach(), drift, rtol=1e-4, atol=1e-5)


def states(cohort: Cohort) -> tuple[torch.Tensor, torch.Tensor]:
    return cohort.learned[LATERAL], cohort.learned[THRESHOLD]


def next_answers(regime: RegimeSpec, cohort: Cohort) -> tuple[torch.Tensor, torch.Tensor]:
    """What the next update will see, and the answers to it."""
    training = Training(cohort, regime)
    plan = training.flow.plan(training.knobs.at(cohort.offset, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    rate = training.organism.run(cohort.params, training.own, batch, draw, plan.wiring).rate
    return rate["retina"].flatten(3).flatten(1, 2), rate["a1"].flatten(3).flatten(1, 2)


def test_every_unit_ends_with_one_bar_and_answers_as_often_as_it_should() -> None:
    regime = bars()
    cohort = raised(regime, range(5), 1200)
    shown = shown_to(regime, cohort, 4000)
    there, y = shown.batch.factors["bars"][:, :, 0], shown.rate["a1"][:, :, 0]
    for n in range(5):
        cosine = torch.corrcoef(torch.cat([y[n].T, there[n].T]))[:16, 16:]
        assert sorted(cosine.argmax(1).tolist()) == list(range(16)), n
        assert (cosine.max(1).values > 0.7).all(), n
    assert ((y.mean(1) - 0.125).abs() < 0.2 * 0.125).float().mean() > 0.9


def test_a_life_is_the_same_alone_and_at_every_slot() -> None:
    regime = bars(13, batch=33)
    assert_alone_as_among_others(regime, 9)


def test_interrupted_is_uninterrupted_and_without_plasticity_nothing_moves() -> None:
    regime = bars(13)
    whole = raised(regime, [0, 1, 2], 9)
    half, _ = snapshot.load(snapshot.dump(raised(regime, [0, 1, 2], 4), {}))
    train(half, regime, 5)
    assert snapshot.state_hash(half) == snapshot.state_hash(whole)
    still = regime.model_copy(update={"plasticity": {"a1": 0.0}})
    assert differing(state(raised(still, [1], 0), 1), state(raised(still, [1], 3), 1)) == []


def test_its_units_answer_0_or_1() -> None:
    organism = chain(5) | {"credit": [{"areas": ["a1"], "rule": RULE}]}
    (found,) = check_document(tiny_schedule(organism=organism)).errors
    assert found.code == "E25"
    assert "answer 0 or 1; a1 has act tanh" in found.message
