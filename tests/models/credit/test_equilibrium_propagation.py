"""Equilibrium propagation: what differs between a circuit at rest and the same circuit pushed a little."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import asked, newborn, shown_to, taught, weight
from raising import chain, raised, train
from resting import (
    EXACT,
    Rates,
    Rest,
    apart,
    asked_at_rest,
    at_free_state,
    gradient,
    leaves,
    rest,
)
from torch import Tensor

from models.credit.equilibrium_propagation import EquilibriumPropagation
from models.protocols import Params
from models.specs.credit.phases import EquilibriumPropagationSpec

NETS: dict[str, Rest] = {
    "one hidden": rest(6, 8, 4),
    "two hidden": rest(6, 8, 7, 4),
    "with ways around": rest(6, 8, 7, 4, skip=(("a1", "a3"), ("a0", "a2"))),
    "tanh": rest(6, 8, 7, 4, act="tanh"),
    "sigmoid": rest(6, 8, 7, 4, act="sigmoid", gain=2.0),
}
nets = pytest.mark.parametrize("net", NETS)
forces = pytest.mark.parametrize("force", ["fixed", "recomputed"])


def rule(net: Rest, **options: Any) -> EquilibriumPropagation:
    spec: dict[str, Any] = {"kind": "equilibrium_propagation", "free_steps": 120, "nudged_steps": 120}
    return EquilibriumPropagation(EquilibriumPropagationSpec.model_validate(spec | options), net.circuit, EXACT)


def off(net: str, beta: float, **options: Any) -> float:
    """1 - cosine to the gradient at the free state, at its largest."""
    return apart(asked_at_rest(rule(NETS[net], beta=beta, **options), NETS[net]), at_free_state(NETS[net]))


@nets
@forces
def test_pushed_both_ways_it_tends_to_the_gradient_at_the_free_state_with_the_fourth_power(
    net: str, force: str
) -> None:
    at = {beta: off(net, beta, force=force) for beta in (0.5, 0.1, 0.01)}
    assert at[0.5] < 0.4
    assert at[0.1] < 5e-4
    assert at[0.01] < 1e-7
    assert 0.5e4 < at[0.1] / at[0.01] < 2e4


@nets
@forces
@pytest.mark.parametrize("nudge", ["positive", "random_sign"])
def test_pushed_one_way_it_tends_to_it_with_the_second_power(net: str, force: str, nudge: str) -> None:
    at = {beta: off(net, beta, force=force, nudge=nudge) for beta in (0.1, 0.01)}
    assert at[0.1] < 2e-2
    assert at[0.01] < 1e-4
    assert 50 < at[0.1] / at[0.01] < 200


@nets
@forces
def test_it_is_as_long_as_the_gradient_too(net: str, force: str) -> None:
    asks, true = asked_at_rest(rule(NETS[net], beta=0.01, force=force), NETS[net]), at_free_state(NETS[net])
    for name, value in true.items():
        torch.testing.assert_close(asks[name].norm(), value.norm(), rtol=1e-3, atol=0)


@pytest.mark.parametrize("force", ["fixed", "recomputed"])
@pytest.mark.parametrize(("nudge", "sides"), [("centred", (1.0, -1.0)), ("positive", (1.0, 0.0))])
def test_after_few_steps_it_is_the_difference_of_the_potentials(
    force: str, nudge: str, sides: tuple[float, float]
) -> None:
    net, beta = NETS["with ways around"], 0.3
    weight_ = leaves(net.weight)
    free = net.relaxed(net.weight, 7)

    def pushed(side: float) -> Rates:
        def push(s: Rates) -> Rates:
            at = free if force == "fixed" else s
            return {"a3": -side * beta * (at["a3"] - net.wanted[:, :, 0])}

        return net.relaxed(net.weight, 6, free, push=push) if side else free

    up, down = (net.potential(weight_, pushed(side)) for side in sides)
    wanted = gradient((down - up) / ((sides[0] - sides[1]) * beta), weight_)
    options: dict[str, Any] = {"free_steps": 7, "nudged_steps": 6, "beta": beta, "force": force, "nudge": nudge}
    asks = asked_at_rest(rule(net, **options), net)
    for name, value in wanted.items():
        torch.testing.assert_close(asks[name], value, rtol=1e-10, atol=1e-12)


def test_the_error_of_each_item_pushes_it_whatever_the_others_are() -> None:
    net = NETS["two hidden"]
    whole = asked_at_rest(rule(net), net)
    alone = [
        asked_at_rest(rule(one), one)
        for one in (
            Rest(net.circuit, net.weight, net.shown[:, item : item + 1], net.wanted[:, item : item + 1])
            for item in range(net.shown.shape[1])
        )
    ]
    for name, value in whole.items():
        torch.testing.assert_close(value, torch.stack([each[name] for each in alone]).mean(dim=0))


def test_a_random_sign_is_either_of_the_two_and_another_for_every_item() -> None:
    net = NETS["one hidden"]
    signed = rule(net, nudge="random_sign", beta=0.5)
    one = Rest(net.circuit, net.weight, net.shown[:, :1], net.wanted[:, :1])
    up = asked_at_rest(rule(one, nudge="positive", beta=0.5), one)
    centred = asked_at_rest(rule(one, beta=0.5), one)
    name, seen = "area/a2/from/a1/weight", []
    for number in range(12):
        asks = asked_at_rest(signed, one, number)
        for life in range(3):
            positive = torch.allclose(asks[name][life], up[name][life], rtol=1e-9)
            down = 2 * centred[name][life] - up[name][life]
            assert positive != torch.allclose(asks[name][life], down, rtol=1e-9)
            seen.append(positive)
    assert 8 < sum(seen) < 28


def test_damping_changes_the_way_to_rest_but_not_where_it_is() -> None:
    net = NETS["two hidden"]
    plain, damped = (asked_at_rest(rule(net, damp=damp, beta=0.1), net) for damp in (0.0, 0.6))
    for name, value in plain.items():
        torch.testing.assert_close(damped[name], value, rtol=1e-6, atol=1e-9)


def test_the_residual_is_the_largest_change_of_one_more_step() -> None:
    net = NETS["two hidden"]
    for steps in (5, 300):
        short = rule(net, free_steps=steps)
        told = short.residual(net.moment(short))
        now, after = net.relaxed(net.weight, steps), net.relaxed(net.weight, steps + 1)
        for area in net.circuit.areas:
            torch.testing.assert_close(told[area], (after[area] - now[area]).abs().amax(dim=(1, 2)))
    assert all((told[area] < 1e-12).all() for area in net.circuit.areas)


def test_all_costs_see_the_rates_at_rest() -> None:
    regime, cohort = newborn(taught({"kind": "equilibrium_propagation", "free_steps": 60}))
    by_hand, moment = unrolled(regime, cohort, 60)
    for area, rate in by_hand.items():
        torch.testing.assert_close(moment.rate[area][:, :, 0], rate, rtol=1e-5, atol=1e-6)


def test_the_error_of_areas_above_pushes_the_output_as_its_own_cost_would() -> None:
    options = {"kind": "equilibrium_propagation", "beta": 0.05, "free_steps": 60, "nudged_steps": 60}
    regime, cohort = newborn(taught(options, chain(21, 19, 17), ["a1", "a2", "a3"]))
    asks, _ = asked(regime, cohort)
    parameters = leaves({name: value.detach().double() for name, value in cohort.params.items()})
    rates, moment = unrolled(regime, cohort, 60, parameters)
    output = rates["a3"] @ parameters[weight("head", "a3")] + parameters["area/head/bias"]
    label = torch.nn.functional.one_hot(moment.batch.label[:, :, 0], 10)
    surprise = -(label * output.log_softmax(dim=2)).sum(dim=2).mean(dim=1)
    for name, value in gradient(surprise, parameters).items():
        cosine = torch.nn.functional.cosine_similarity(asks[name].flatten(1).double(), value.flatten(1), dim=1)
        assert (cosine > 0.999).all(), name
        torch.testing.assert_close(asks[name].double().norm(), value.norm(), rtol=0.02, atol=0)


def test_a_frame_that_is_held_settles_in_every_step_as_in_one() -> None:
    organism = taught({"kind": "equilibrium_propagation"})
    once, _ = asked(*newborn(organism))
    thrice, _ = asked(*newborn(organism, clock={"batch": 20, "sweeps": 3}))
    for name, value in once.items():
        torch.testing.assert_close(thrice[name], value, rtol=1e-4, atol=1e-6)


def test_the_weight_of_a_cost_is_the_strength_of_the_push() -> None:
    def grown(**options: Any) -> Params:
        stage = {"costs": {"naming": options.pop("weight")}}
        organism = taught({"kind": "equilibrium_propagation", "free_steps": 40, "nudged_steps": 40} | options)
        organism |= {"optimizer": {"kind": "sgd", "lr": options.pop("lr", 1.0)}}
        regime, cohort = newborn(organism, stage=stage)
        before = {name: value.detach().clone() for name, value in cohort.params.items()}
        train(cohort, regime, 1)
        return {name: value.detach() - before[name] for name, value in cohort.params.items()}

    weak, strong = grown(weight=0.5, beta=0.4), grown(weight=1.0, beta=0.2)
    for name, value in weak.items():
        torch.testing.assert_close(2 * value, strong[name], rtol=2e-3, atol=1e-6)


def test_lives_under_it_learn() -> None:
    regime, cohort = newborn(taught({"kind": "equilibrium_propagation"}, chain(40)))
    before = float(train(cohort, regime, 1)[0].groups[0].values[0].mean())
    cohort = raised(regime, [0, 1, 2], 60)
    after = float(train(cohort, regime, 1)[0].groups[0].values[0].mean())
    assert after < before - 0.05


def unrolled(regime: Any, cohort: Any, steps: int, parameters: Params | None = None) -> tuple[Rates, Any]:
    """The circuit of a chain by hand, and the moment of the engine, on 64 items."""
    moment = shown_to(regime, cohort)
    parameters = parameters or {name: value.detach() for name, value in cohort.params.items()}
    areas = list(regime.organism.credit[0].areas)
    x = moment.rate["retina"].flatten(3)[:, :, 0].to(parameters["area/a1/bias"].dtype)
    s: dict[str, Tensor] = {area: x.new_zeros(*x.shape[:2], regime.organism.areas[area].size) for area in areas}
    for _ in range(steps):
        known = {**s, "retina": x}
        new = {}
        for below, area, above in zip(["retina", *areas], areas, [*areas[1:], None], strict=False):
            u = known[below] @ parameters[weight(area, below)] + parameters[f"area/{area}/bias"]
            if above is not None:
                u = u + known[above] @ parameters[weight(above, area)].mT
            new[area] = 0.5 * torch.tanh(2 * u - 1) + 0.5
        s = new
    return s, moment
