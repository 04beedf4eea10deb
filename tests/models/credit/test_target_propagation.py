"""Target propagation: inverses carry targets down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from crediting import Hand, agree, asked, hand, newborn, taught, weight
from pydantic import ValidationError
from raising import chain, train

from models.draw import Draw
from models.engine.cohort import Cohort
from models.engine.feed import Feed, Stream
from models.engine.organism import Organism
from models.specs.credit.targets import TargetPropagationSpec

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


def steered(rule: dict[str, Any]) -> tuple[Cohort, Any, Any]:
    """Newborn lives, a moment of theirs and where their inverses go."""
    regime, cohort = newborn(taught({"kind": "target_propagation", "sigma": 0.2} | rule))
    body = Organism(regime.organism)
    batch, draw = Feed(Stream(regime.world, regime.organism.senses, {}), cohort.seeds, 20).next(
        torch.zeros(3, dtype=torch.int64).numpy(), {}
    )
    moment = body.run(cohort.params, {**cohort.own, **cohort.learned}, batch, draw)
    return cohort, moment, body.circuits.steered({}, [], moment, cohort.learned)


def test_under_drl_inverses_give_back_what_noise_does_to_the_highest_area() -> None:
    cohort, moment, found = steered({"variant": "drl"})
    h = {area: moment.rate[area].detach().flatten(1, 2) for area in ("a1", "a2", "a3")}
    Qs = {area: [part.requires_grad_() for part in inverse(cohort, area)] for area in ("a1", "a2")}

    def up(x: torch.Tensor, area: str, below: str) -> torch.Tensor:
        return torch.tanh(x @ cohort.params[weight(area, below)].detach() + cohort.params[f"area/{area}/bias"].detach())

    def down(area: str, above: torch.Tensor, usual: torch.Tensor) -> torch.Tensor:
        Q, c = Qs[area]
        return torch.tanh(above @ Q + c) + h[area] - torch.tanh(usual @ Q + c)

    def noisy(area: str) -> torch.Tensor:
        noise = moment.draw.at("rule", f"rule/area/{area}/inverse/weight/noise").normal(1, h[area].shape[2])
        return h[area] + 0.2 * noise.flatten(1, 2)

    high = noisy("a2")
    missed = {"a2": down("a2", up(high, "a3", "a2"), h["a3"]) - high}
    low = noisy("a1")
    returned = down("a2", up(up(low, "a2", "a1"), "a3", "a2"), h["a3"]).detach()
    missed["a1"] = down("a1", returned, h["a2"]) - low
    for area, error in missed.items():
        wanted = torch.autograd.grad(0.5 / 0.04 * error.square().sum(2).mean(1).sum(), Qs[area])
        for part, value in zip(("weight", "bias"), wanted, strict=True):
            torch.testing.assert_close(found[f"rule/area/{area}/inverse/{part}"], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("variant", ["difference", "drl"])
def test_several_steps_are_as_many_with_other_noise(variant: str) -> None:
    name, far = "rule/area/a1/inverse/weight", 0.5
    cohort, moment, whole = steered({"variant": variant, "own_rate": far, "inverse_steps": 3})
    _, _, first = steered({"variant": variant, "own_rate": far})
    assert not torch.allclose(whole[name], 3 * first[name], rtol=1e-2)
    regime, _ = newborn(taught({"kind": "target_propagation", "sigma": 0.2, "variant": variant}))
    body, total, own = Organism(regime.organism), {}, dict(cohort.learned)
    for step in range(3):
        renamed = replace(moment, own={**moment.own, **own}, draw=Renamed(moment.draw, step))
        for each, down in body.circuits.steered({}, [], renamed, cohort.learned).items():
            total[each] = total.get(each, 0.0) + down
            own[each] = own[each].detach() - far * down
    for each, value in whole.items():
        torch.testing.assert_close(value, total[each], rtol=1e-4, atol=1e-7)


class Renamed:
    """A draw that adds the number of a step to every name."""

    def __init__(self, draw: Draw, step: int) -> None:
        self._draw, self._end = draw, f"/{step}" if step else ""

    def at(self, purpose: str, name: str) -> Draw:
        return self._draw.at(purpose, name + self._end)


@pytest.mark.parametrize("variant", ["difference", "drl"])
def test_what_noise_does_above_comes_back_the_better_the_longer_inverses_learn(variant: str) -> None:
    organism = chain(12, 16, 20) | {"optimizer": {"kind": "sgd", "lr": 1e-7}}
    rule = {
        "kind": "target_propagation",
        "variant": variant,
        "own_rate": {"difference": 0.3, "drl": 0.05}[variant],
        "inverse_steps": 5,
    }
    regime, cohort = newborn(taught(rule, organism))

    def lost() -> float:
        by_hand = hand(regime, cohort)
        h, W, b = by_hand.h, by_hand.W, by_hand.b
        push = 0.05 * torch.randn(h[1].shape, generator=torch.Generator().manual_seed(0))
        top = torch.tanh(torch.tanh((h[1] + push) @ W[1] + b[1]) @ W[2] + b[2])
        back, usual = top, h[3]
        for level, area in ((2, "a2"), (1, "a1")):
            Q, c = inverse(cohort, area)
            back, usual = h[level] + torch.tanh(back @ Q + c) - torch.tanh(usual @ Q + c), h[level]
        return float((back - h[1] - push).square().sum() / push.square().sum())

    before = lost()
    train(cohort, regime, 60)
    assert lost() < {"difference": 0.8, "drl": 0.5}[variant] * before


def test_several_steps_need_a_length() -> None:
    with pytest.raises(ValidationError, match="needs an own_rate"):
        TargetPropagationSpec.model_validate({"kind": "target_propagation", "inverse_steps": 2})


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
