"""The stacked optimizers are those of torch, one life at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from raising import chain, differing, one_stage, raised, state

from models.engine.cohort import birth
from models.engine.optimizer import Optimizer

PEERS: list[tuple[dict[str, Any], Any]] = [
    ({"kind": "sgd", "lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    ({"kind": "sgd", "lr": 0.1, "momentum": 0.9}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    (
        {"kind": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    ({"kind": "adam", "lr": 0.01, "weight_decay": 0.02}, lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.02)),
    ({"kind": "adamw", "lr": 0.01, "weight_decay": 0.1}, lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
    (
        {"kind": "rmsprop", "lr": 0.01, "alpha": 0.9},
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9),
    ),
]


@pytest.mark.parametrize(
    ("spec", "peer"), PEERS, ids=lambda each: each.get("kind", "") if isinstance(each, dict) else ""
)
def test_steps_equal_those_of_torch(spec: dict[str, Any], peer: Any) -> None:
    regime = one_stage(chain(9) | {"optimizer": spec})
    cohort = birth(regime, [0])
    optimizer = Optimizer(cohort, regime.organism, {"naming": "head"})
    twins = {name: torch.nn.Parameter(value[0].clone()) for name, value in cohort.params.items()}
    theirs = peer(list(twins.values()))
    moves = {name: np.array([True]) for name in cohort.params}
    rates = {name: np.array([spec["lr"]]) for name in cohort.params}
    generator = torch.Generator().manual_seed(1)
    for _ in range(7):
        grads = {name: torch.randn(value.shape, generator=generator) for name, value in cohort.params.items()}
        for name, twin in twins.items():
            twin.grad = grads[name][0].clone()
        theirs.step()
        optimizer.update(optimizer.mover(moves, rates), grads)
    for name, twin in twins.items():
        torch.testing.assert_close(cohort.params[name][0].detach(), twin.detach(), rtol=2e-6, atol=2e-7)


def test_lives_move_at_their_own_rates_with_the_bits_of_a_life_alone() -> None:
    regime = one_stage(chain(33) | {"optimizer": {"kind": "adam", "lr": 0.01}})
    rate = np.array([0.01, 0.002, 0.01, 0.01])
    moving = np.array([True, True, False, True])
    generator = torch.Generator().manual_seed(1)
    whole = birth(regime, [0, 1, 2, 3])
    ones = [birth(regime, [seed]) for seed in range(4)]
    pairs = [(cohort, Optimizer(cohort, regime.organism, {"naming": "head"})) for cohort in (whole, *ones)]
    for _ in range(3):
        grads = {name: torch.randn(value.shape, generator=generator) for name, value in whole.params.items()}
        for place, (_, optimizer) in enumerate(pairs):
            lives = slice(None) if place == 0 else slice(place - 1, place)
            if not moving[lives].any():
                continue
            mover = optimizer.mover(dict.fromkeys(grads, moving[lives]), dict.fromkeys(grads, rate[lives]))
            optimizer.update(mover, {name: grad[lives].clone() for name, grad in grads.items()})
    for seed, one in enumerate(ones):
        assert differing(state(whole, seed), state(one, seed)) == []
    assert whole.steps["area/a1/bias"].tolist() == [3, 3, 0, 3]


def test_clipping_bounds_the_norm_of_each_life_by_itself() -> None:
    regime = one_stage(chain(9) | {"optimizer": {"kind": "sgd", "lr": 1.0, "clip": 0.5}})
    cohort = birth(regime, [0, 1])
    before = {name: value.clone() for name, value in cohort.params.items()}
    optimizer = Optimizer(cohort, regime.organism, {"naming": "head"})
    small = {name: torch.full_like(value, 1e-4) for name, value in cohort.params.items()}
    grads = {name: torch.stack([value[0], 1e4 * value[1]]) for name, value in small.items()}
    moves = {name: np.array([True, True]) for name in grads}
    optimizer.update(optimizer.mover(moves, {name: np.ones(2) for name in grads}), grads)
    moved = torch.cat([(cohort.params[name] - before[name]).flatten(1) for name in before], dim=1).norm(dim=1)
    untouched = torch.cat([value.flatten(1) for value in small.values()], dim=1).norm(dim=1)[0]
    torch.testing.assert_close(moved, torch.stack([untouched, torch.tensor(0.5)]), rtol=1e-3, atol=1e-4)


def test_an_area_without_plasticity_stands_still_in_every_bit() -> None:
    organism = chain(9, 8) | {"optimizer": {"kind": "adam", "lr": 0.01, "weight_decay": 0.1}}
    costs = {
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
        "rebuild": {"kind": "autoencode", "at": "a1"},
    }
    stage = {"costs": {"naming": 1.0, "rebuild": 1.0}, "plasticity": {"*": 1.0, "a1": 0.0}}
    regime = one_stage(organism, costs=costs, stage=stage)
    first, last = state(birth(regime, [4]), 4), state(raised(regime, [4], 5), 4)
    still = [name for name in last if "area/a1/" in name or "/rebuild/" in name]
    assert len(still) > 4
    for name in still:
        assert torch.equal(last[name], first.get(name, torch.zeros_like(last[name]))), name
    assert not torch.equal(last["params/area/a2/bias"], first["params/area/a2/bias"])


def test_a_feedback_circuit_without_plasticity_keeps_its_feedback_weights() -> None:
    organism = chain(9, 8) | {"credit": [{"areas": ["a1", "a2"], "rule": "feedback_alignment"}]}
    regime = one_stage(organism, stage={"plasticity": {"*": 0.0, "head": 1.0}})
    first, last = state(birth(regime, [4]), 4), state(raised(regime, [4], 5), 4)
    kept = [name for name in last if name.startswith("own/rule/")]
    assert kept
    assert all(torch.equal(first[name], last[name]) for name in kept)
