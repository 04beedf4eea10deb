"""Contrastive Hebbian learning: the output at the label, against the output free."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import asked, newborn, taught
from raising import chain, raised, train
from resting import EXACT, Rest, apart, gradient, labelled, leaves, rest
from torch import Tensor

from models.credit.contrastive_hebbian import ContrastiveHebbian
from models.protocols import Params
from models.specs.credit.phases import ContrastiveHebbianSpec

NETS = {
    "one hidden": rest(6, 8, 4),
    "two hidden": rest(6, 8, 7, 4),
    "a way around": rest(6, 8, 7, 4, skip=(("a1", "a3"),)),
}
LABEL = torch.tensor([[0, 3, 1, 1, 2]] * 3).unsqueeze(2)


def asks_of(net: Rest, weigh: float = 1.0, label: Tensor = LABEL, **options: Any) -> Params:
    spec = ContrastiveHebbianSpec.model_validate({"kind": "contrastive_hebbian"} | options)
    rule, weight = ContrastiveHebbian(spec, net.circuit, EXACT), leaves(net.weight)
    moment = labelled(net.moment(rule, weight), label)
    return gradient(rule.aim(net, torch.full((3,), weigh).double(), moment), weight)


def by_hand(net: Rest, free_steps: int, clamped_steps: int) -> Params:
    """The gradient of the difference of the two potentials."""
    weight, end = leaves(net.weight), net.circuit.areas[-1]
    held = {end: torch.nn.functional.one_hot(LABEL[:, :, 0], 4).double()}
    free = net.relaxed(net.weight, free_steps)
    clamped = net.relaxed(net.weight, clamped_steps, free, held=held)
    return gradient(net.potential(weight, free) - net.potential(weight, clamped), weight)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(("free_steps", "clamped_steps"), [(6, 5), (60, 40)])
def test_it_is_the_difference_of_the_potentials(net: str, free_steps: int, clamped_steps: int) -> None:
    asks = asks_of(NETS[net], free_steps=free_steps, clamped_steps=clamped_steps)
    for name, value in by_hand(NETS[net], free_steps, clamped_steps).items():
        torch.testing.assert_close(asks[name], value, rtol=1e-10, atol=1e-12)


def difference_sent_back(net: Rest) -> Params:
    """What backprop makes of the output's difference to the label, taken as the error at the output's drive."""
    weight, areas = leaves(net.weight), net.circuit.areas
    rate, total = net.shown[:, :, 0], None
    for area, below in zip(areas, ["a0", *areas], strict=False):
        drive = rate @ weight[f"area/{area}/from/{below}/weight"] + weight[f"area/{area}/bias"]
        rate = net.circuit.act[area](drive)
    lost = (rate - torch.nn.functional.one_hot(LABEL[:, :, 0], 4)).detach()
    total = (drive * lost).sum(dim=2).mean(dim=1)
    return gradient(total, weight)


@pytest.mark.parametrize("net", ["one hidden", "two hidden"])
def test_with_weak_messages_down_it_is_backprop_of_the_outputs_difference(net: str) -> None:
    wanted = difference_sent_back(NETS[net])
    steps = {"free_steps": 80, "clamped_steps": 60}
    off = {gamma: apart(asks_of(NETS[net], gamma=gamma, **steps), wanted) for gamma in (1.0, 0.3, 0.1, 0.03)}
    assert off[1.0] > 0.03
    assert off[0.3] < 0.1
    assert off[0.1] < 0.02
    assert off[0.03] < 2e-3
    for name, value in asks_of(NETS[net], gamma=0.01, free_steps=80, clamped_steps=60).items():
        torch.testing.assert_close(value.norm(), wanted[name].norm(), rtol=0.02, atol=0)


def test_the_weight_of_the_cost_weighs_and_its_formula_does_not() -> None:
    net = NETS["one hidden"]
    once, twice = asks_of(net), asks_of(net, weigh=2.0)
    for name, value in once.items():
        torch.testing.assert_close(twice[name], 2 * value)
    surprised, squared = (
        asked(*newborn(taught({"kind": "contrastive_hebbian"}), costs={"naming": {"kind": kind, "at": "head"}}))[0]
        for kind in ("cross_entropy", "mse")
    )
    assert all(torch.equal(value, squared[name]) for name, value in surprised.items())


def test_a_label_of_numbers_holds_the_output_at_them() -> None:
    net = NETS["one hidden"]
    numbers = torch.nn.functional.one_hot(LABEL, 4).double()
    for name, value in asks_of(net).items():
        assert torch.equal(value, asks_of(net, label=numbers)[name])


def test_an_output_that_is_the_label_teaches_nothing() -> None:
    net = NETS["two hidden"]
    free = net.relaxed(net.weight, 100)[net.circuit.areas[-1]].unsqueeze(2)
    for value in asks_of(net, label=free, free_steps=100).values():
        assert value.abs().max() < 1e-12


def test_lives_under_it_learn() -> None:
    regime, _ = newborn(taught({"kind": "contrastive_hebbian"}, chain(40)))
    before, after = (
        float(train(raised(regime, [0, 1, 2], updates), regime, 1)[0].groups[0].values[0].mean()) for updates in (0, 60)
    )
    assert after < before - 0.05
