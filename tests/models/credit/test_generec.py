"""GeneRec: units learn what holding the output at the label changed them by."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import newborn, taught
from raising import chain, raised, train
from resting import EXACT, Rest, gradient, labelled, leaves, rest

from models.credit.contrastive_hebbian import ContrastiveHebbian
from models.credit.generec import Generec
from models.protocols import Params
from models.specs.credit.phases import ContrastiveHebbianSpec, GenerecSpec

NETS = {
    "one hidden": rest(6, 8, 4),
    "two hidden": rest(6, 8, 7, 4),
    "a way around": rest(6, 8, 7, 4, skip=(("a1", "a3"),)),
}
LABEL = torch.tensor([[0, 3, 1, 1, 2]] * 3).unsqueeze(2)
nets = pytest.mark.parametrize("net", NETS)


def asks_of(net: Rest, rule: Any) -> Params:
    weight = leaves(net.weight)
    moment = labelled(net.moment(rule, weight), LABEL)
    return gradient(rule.aim(net, torch.ones(3).double(), moment), weight)


def generec(net: Rest, **options: Any) -> Params:
    return asks_of(net, Generec(GenerecSpec.model_validate({"kind": "generec"} | options), net.circuit, EXACT))


@nets
def test_units_learn_their_difference_times_what_they_heard_both_ways(net: str) -> None:
    at = NETS[net]
    end = at.circuit.areas[-1]
    held = {end: torch.nn.functional.one_hot(LABEL[:, :, 0], 4).double()}
    free = at.relaxed(at.weight, 20)
    clamped = at.relaxed(at.weight, 10, free, held=held)
    asks = generec(at)
    for area, given in at.circuit.sources.items():
        change = clamped[area] - free[area]
        torch.testing.assert_close(asks[f"area/{area}/bias"], -change.mean(dim=1, keepdim=True))
        for source in given:
            if source == "a0":
                up = at.shown[:, :, 0].mT @ change
            else:
                up = free[source].mT @ change + (clamped[source] - free[source]).mT @ free[area]
            torch.testing.assert_close(asks[f"area/{area}/from/{source}/weight"], -up / at.shown.shape[1])


@nets
@pytest.mark.parametrize("gamma", [1.0, 0.3])
def test_at_the_midpoint_it_is_contrastive_hebbian_learning(net: str, gamma: float) -> None:
    at = NETS[net]
    spec = ContrastiveHebbianSpec(kind="contrastive_hebbian", gamma=gamma)
    contrastive = asks_of(at, ContrastiveHebbian(spec, at.circuit, EXACT))
    midpoint, plain = generec(at, midpoint=True, gamma=gamma), generec(at, gamma=gamma)
    for name, value in contrastive.items():
        torch.testing.assert_close(midpoint[name], value, rtol=1e-10, atol=1e-12)
    between = "area/a2/from/a1/weight"
    assert not torch.allclose(plain[between], contrastive[between], rtol=1e-3)


def test_lives_under_it_learn() -> None:
    regime, _ = newborn(taught({"kind": "generec"}, chain(40)))
    before, after = (
        float(train(raised(regime, [0, 1, 2], updates), regime, 1)[0].groups[0].values[0].mean()) for updates in (0, 60)
    )
    assert after < before - 0.05
