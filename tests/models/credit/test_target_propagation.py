"""Target propagation: inverses carry targets down."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import Hand, agree, asked, hand, newborn, taught, weight
from raising import chain, train

from models.engine.cohort import Cohort
from models.engine.feed import Feed, Stream
from models.engine.organism import Organism

STEP = 0.3


def inverse(cohort: Cohort, area: str) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(cohort.learned[f"rule/area/{area}/inverse/{part}"].detach() for part in ("weight", "bias"))  # type: ignore[return-value]


def targets_by_hand(by_hand: Hand, cohort: Cohort, variant: str) -> list[torch.Tensor]:
    """Errors at the drives of all areas."""
    h = by_hand.h
    target = h[3] - STEP * (by_hand.e @ by_hand.W[3].mT)
    asks = [h[3] - target]
    for level, area in ((2, "a2"), (1, "a1")):
        Q, c = inverse(cohort, area)
        reached = torch.tanh(target @ Q + c)
        target = reached + (h[level] - torch.tanh(h[level + 1] @ Q + c) if variant == "difference" else 0)
        asks.insert(0, h[level] - target)
    return [*(ask * (1 - rate * rate) / STEP for ask, rate in zip(asks, h[1:], strict=False)), by_hand.e]


@pytest.mark.parametrize("variant", ["difference", "vanilla"])
def test_every_area_descends_its_distance_from_its_target(variant: str) -> None:
    regime, cohort = newborn(taught({"kind": "target_propagation", "variant": variant, "step": STEP}))
    by_hand, (asks, true) = hand(regime, cohort), asked(regime, cohort)
    agree(asks, by_hand.weights(targets_by_hand(by_hand, cohort, variant)))
    torch.testing.assert_close(asks[weight("a3", "a2")], true[weight("a3", "a2")], rtol=1e-4, atol=1e-6)


def test_a_target_that_is_the_rate_moves_nothing() -> None:
    regime, cohort = newborn(taught({"kind": "target_propagation"}))
    cohort.params[weight("head", "a3")].zero_()
    asks, _ = asked(regime, cohort)
    assert all(bool((asks[weight(*pair)].abs() < 1e-6).all()) for pair in (("a1", "retina"), ("a2", "a1")))


def test_with_exact_inverses_of_linear_areas_it_is_the_gauss_newton_step() -> None:
    organism = chain(10, 10, 10, act="none", init={"kind": "orthogonal", "gain": 0.8})
    regime, cohort = newborn(taught({"kind": "target_propagation", "step": 1.0}, organism))
    by_hand = hand(regime, cohort)
    delta = by_hand.e @ by_hand.W[3].mT
    errors = [delta]
    for area, level in (("a2", 2), ("a1", 1)):
        cohort.learned[f"rule/area/{area}/inverse/weight"] = torch.linalg.inv(by_hand.W[level])
        delta = torch.linalg.solve(by_hand.W[level].mT, delta.mT).mT
        errors.insert(0, delta)
    asks, _ = asked(regime, cohort)
    agree(asks, by_hand.weights([*errors, by_hand.e]))


def test_inverses_descend_the_distance_of_what_they_rebuild() -> None:
    regime, cohort = newborn(taught({"kind": "target_propagation", "sigma": 0.2}))
    body = Organism(regime.organism)
    stream = Stream(regime.world, regime.organism.senses, {})
    batch, draw = Feed(stream, cohort.seeds, 20).next(torch.zeros(3, dtype=torch.int64).numpy(), {})
    moment = body.run(cohort.params, {**cohort.own, **cohort.learned}, batch, draw)
    found = body.circuits.steered({}, [], moment, cohort.learned)
    assert found.keys() == cohort.learned.keys()
    W, b = cohort.params[weight("a2", "a1")].detach(), cohort.params["area/a2/bias"].detach()
    Q, c = inverse(cohort, "a1")
    noise = draw.at("rule", "rule/area/a1/inverse/weight/noise").normal(1, 21).flatten(1, 2)
    blurred = moment.rate["a1"].detach().flatten(1, 2) + 0.2 * noise
    above = torch.tanh(blurred @ W + b)
    guess = torch.tanh(above @ Q + c)
    error = (guess - blurred) * (1 - guess * guess) / 20
    torch.testing.assert_close(found["rule/area/a1/inverse/weight"], above.mT @ error, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found["rule/area/a1/inverse/bias"], error.sum(1, keepdim=True), rtol=1e-4, atol=1e-6)


def test_inverses_learn_at_their_own_rate() -> None:
    def moved(rule: dict[str, Any]) -> torch.Tensor:
        organism = chain(21, 19, 17) | {"optimizer": {"kind": "sgd", "lr": 0.1}}
        regime, cohort = newborn(taught({"kind": "target_propagation", **rule}, organism))
        before = inverse(cohort, "a1")[0].clone()
        train(cohort, regime, 1)
        return inverse(cohort, "a1")[0] - before

    torch.testing.assert_close(moved({"own_rate": 0.05}) * 2, moved({}), rtol=1e-3, atol=1e-6)


def test_inverses_come_to_rebuild_what_is_below() -> None:
    regime, cohort = newborn(taught({"kind": "target_propagation", "own_rate": 0.1}))

    def miss() -> torch.Tensor:
        by_hand = hand(regime, cohort)
        Q, c = inverse(cohort, "a1")
        return (torch.tanh(by_hand.h[2] @ Q + c) - by_hand.h[1]).square().sum(-1).mean(1)

    before = miss()
    train(cohort, regime, 150)
    assert (miss() < 0.5 * before).all()
