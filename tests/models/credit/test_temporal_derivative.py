"""The temporal derivative: rates before synapses times changes of those after them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from crediting import newborn, taught
from raising import chain, raised, train
from resting import EXACT, Rest, apart, asked_at_rest, at_free_state, gradient, leaves, rest

from models.credit.equilibrium_propagation import EquilibriumPropagation
from models.credit.temporal_derivative import TemporalDerivative
from models.protocols import Params
from models.specs.credit.phases import EquilibriumPropagationSpec, TemporalDerivativeSpec

NETS = {"one hidden": rest(6, 8, 4), "a way around": rest(6, 8, 7, 4, skip=(("a1", "a3"),))}
LONG = {"free_steps": 120, "nudged_steps": 120}
nets = pytest.mark.parametrize("net", NETS)


def asks(net: Rest, **options: Any) -> Params:
    spec = TemporalDerivativeSpec.model_validate({"kind": "temporal_derivative"} | options)
    rule, weight = TemporalDerivative(spec, net.circuit, EXACT), leaves(net.weight)
    return gradient(net(net.moment(rule, weight)), weight)


@nets
@pytest.mark.parametrize(("nudge", "sides"), [("centred", (1.0, -1.0)), ("positive", (1.0,))])
def test_it_is_the_sum_of_what_each_step_asks_for_at_both_ends(net: str, nudge: str, sides: tuple[float, ...]) -> None:
    at, beta, steps = NETS[net], 0.3, 6
    free, end = at.relaxed(at.weight, 9), at.circuit.areas[-1]
    error = free[end] - at.wanted[:, :, 0]
    found: Params = {name: torch.zeros_like(value) for name, value in at.weight.items()}
    for side in sides:
        way = [free]
        for _ in range(steps):
            way.append(at.relaxed(at.weight, 1, way[-1], push=lambda s, side=side: {end: -side * beta * error}))
        for now, after in pairwise(way):
            known = {**now, "a0": at.shown[:, :, 0]}
            change = {area: after[area] - now[area] for area in now} | {"a0": torch.zeros_like(known["a0"])}
            for area, given in at.circuit.sources.items():
                share = -side / (beta * at.shown.shape[1] * len(sides))
                found[f"area/{area}/bias"] += share * change[area].sum(1, keepdim=True)
                for source in given:
                    up = known[source].mT @ change[area] + change[source].mT @ known[area]
                    found[f"area/{area}/from/{source}/weight"] += share * up
    told = asks(at, nudge=nudge, beta=beta, free_steps=9, nudged_steps=steps)
    for name, value in found.items():
        torch.testing.assert_close(told[name], value, rtol=1e-9, atol=1e-12)


def off(net: Rest, **options: Any) -> float:
    """How far it is from equilibrium propagation, relative."""
    spec = EquilibriumPropagationSpec.model_validate({"kind": "equilibrium_propagation"} | options)
    wanted = asked_at_rest(EquilibriumPropagation(spec, net.circuit, EXACT), net)
    told, between = asks(net, **options), "area/a2/from/a1/weight"
    return float((told[between] - wanted[between]).norm() / wanted[between].norm())


def test_in_a_chain_where_neighbours_never_move_at_once_it_is_equilibrium_propagation() -> None:
    for steps in (5, 80):
        assert off(NETS["one hidden"], free_steps=120, nudged_steps=steps) < 1e-12


@pytest.mark.parametrize(("net", "damp"), [("one hidden", 0.3), ("a way around", 0.0)])
@pytest.mark.parametrize(("nudge", "power"), [("centred", 2), ("positive", 1)])
def test_elsewhere_it_tends_to_it(net: str, damp: float, nudge: str, power: int) -> None:
    at = {beta: off(NETS[net], nudge=nudge, damp=damp, beta=beta, **LONG) for beta in (0.1, 0.01)}
    assert at[0.1] < 0.2
    assert 0.7 * 10**power < at[0.1] / at[0.01] < 1.4 * 10**power


@nets
def test_pushed_little_it_is_the_gradient_at_the_free_state(net: str) -> None:
    assert apart(asks(NETS[net], beta=0.01, **LONG), at_free_state(NETS[net])) < 1e-6


def test_lives_under_it_learn() -> None:
    regime, _ = newborn(taught({"kind": "temporal_derivative"}, chain(40)))
    before, after = (
        float(train(raised(regime, [0, 1, 2], updates), regime, 1)[0].groups[0].values[0].mean()) for updates in (0, 60)
    )
    assert after < before - 0.05
