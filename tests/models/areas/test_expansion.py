"""Granule cells: few inputs each, fixed, read out by the delta rule."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import IMAGE, assert_alone_as_among_others, one_stage, raised, state

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.cohort import birth
from models.engine.step import Training
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

INPUTS = {"eye": (2, 6), "ear": (5,)}


def expansion(size: int, **spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "expansion", "size": size} | spec)
    return build_area("GC", given, INPUTS, (size,))


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def joined(params: Params) -> torch.Tensor:
    return torch.cat([params[f"area/GC/from/{source}/weight"] for source in INPUTS], dim=1)


def organism(**area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "V1": {"kind": "linear", "size": 9, "act": "tanh"},
        "GC": {"kind": "expansion", "size": 127, **area},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    paths = [{"from": below, "to": above} for below, above in pairwise(["retina", *areas])]
    return {"senses": IMAGE, "areas": areas, "pathways": paths, "optimizer": {"kind": "sgd", "lr": 0.05}}


@pytest.mark.parametrize(("hears", "found"), [(4, 4), (17, 17), (40, 17)])
def test_every_unit_hears_so_many_inputs_of_all_sources(hears: int, found: int) -> None:
    weight = joined(born(expansion(300, hears=hears), 0, 1, 2))
    assert ((weight != 0).sum(dim=1) == found).all()
    assert abs(float((weight.square().sum() / weight.shape[0] / 300).sqrt()) - 1.0) < 0.1
    assert not torch.equal(weight[0], weight[1])
    heard = (weight != 0).float().mean(dim=(0, 2))
    assert (heard - found / 17).abs().max() < 0.05


def test_rates_are_what_their_formula_says() -> None:
    member = expansion(40, threshold=0.3)
    params = born(member, 3, 4)
    draw = Draw(torch.arange(2)).at("test", "seen")
    seen = {source: draw.at("test", source).normal(5, 2, *shape) for source, shape in INPUTS.items()}
    rate = member.apply(seen, member.start(seen["eye"]), Pass(params, Exact(), {}))[0]
    x = torch.cat([each.flatten(3) for each in seen.values()], dim=-1).double().numpy()
    for n in range(2):
        expected = np.maximum(x[n] @ joined(params)[n].double().numpy() - 0.3, 0.0)
        np.testing.assert_allclose(rate[n].numpy(), expected, atol=1e-5)


def test_its_read_out_follows_the_delta_rule() -> None:
    organ = organism()
    costs = {"telling": {"kind": "mse", "at": "head", "target": "label"}}
    regime = one_stage(organ, costs=costs, clock={"batch": 5}, stage={"plasticity": {"V1": 0.0}})
    cohort = birth(regime, [0, 1])
    name = "area/head/from/GC/weight"
    before = cohort.params[name].detach().clone()
    training = Training(cohort, regime)
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], {})
    moment = training.organism.run(cohort.params, training.own, batch, draw)
    rate, told = moment.rate["GC"][:, :, 0].detach(), moment.rate["head"][:, :, 0].detach()
    assert batch.label is not None
    wrong = told - torch.nn.functional.one_hot(batch.label[:, :, 0], 10)
    training.update()
    # J = 1/(B K) sum (r - t)^2, so that dw = -rate * 2/(B K) x (r - t).
    expected = before - 0.05 * 2 / 50 * torch.bmm(rate.mT, wrong)
    torch.testing.assert_close(cohort.params[name].detach(), expected, rtol=1e-4, atol=1e-6)


def test_it_never_moves_while_its_reader_learns_and_errors_pass_below() -> None:
    regime = one_stage(organism())
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 4))
    moved = {name for name in before if name.startswith("params/") and not torch.equal(before[name], after[name])}
    assert {name.split("/")[2] for name in moved} == {"V1", "head"}


def test_errors_pass_as_the_derivative_says() -> None:
    member = expansion(20, act="tanh")
    params = {name: value.double() for name, value in born(member, 0, 1).items()}
    seen = torch.linspace(-1, 1, 2 * 3 * 12).double().reshape(2, 3, 1, 2, 6).requires_grad_()
    ear = torch.ones(2, 3, 1, 5).double()
    assert torch.autograd.gradcheck(
        lambda x: member.apply({"eye": x, "ear": ear}, (), Pass(params, Exact(), {}))[0], (seen,)
    )


def test_a_lesioned_area_is_not_heard() -> None:
    harm = {"harm": {"transform": {"kind": "lesion", "areas": ["GC"]}, "onset": "0sp", "duration": "50ba"}}
    regime = one_stage(organism(), deficits=harm, probes={})
    name = "params/area/head/from/GC/weight"
    assert torch.equal(state(raised(regime, [1], 3), 1)[name], state(birth(regime, [1]), 1)[name])


def test_a_life_is_the_same_alone_and_at_every_slot() -> None:
    regime = one_stage(organism(), clock={"batch": 33})
    assert_alone_as_among_others(regime)


def test_what_cannot_be_is_refused() -> None:
    def refusals(found: dict[str, Any]) -> list[str]:
        return [each.code for each in check_document(tiny_schedule(organism=found)).errors]

    assert refusals(organism()) == []
    assert refusals(organism(size=8)) == ["E14"]
    assert refusals(organism(innate=False)) == ["E18"]
    assert refusals({**organism(), "credit": [{"areas": ["GC", "head"], "rule": "feedback_alignment"}]}) != []
