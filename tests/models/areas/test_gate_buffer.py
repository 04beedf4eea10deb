"""Gated slots: rates written out, gradients by difference, what is held over a delay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import differing, one_stage, raised, state

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.cohort import birth
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec, GateBufferSpec
from models.specs.checks import check_document
from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count

INPUTS = {"eye": (2, 3), "ear": (5,)}
MATCH = {"school": {"source": {"kind": "trials", "task": "match", "delay": 3}, "steps": 5}}


def buffer(**spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "gate_buffer", "slots": 3, "width": 7} | spec)
    assert isinstance(given, GateBufferSpec)
    return build_area("PFC", given, INPUTS, (given.size,))


def seen(N: int = 2, B: int = 4, T: int = 6) -> dict[str, torch.Tensor]:
    draw = Draw(torch.arange(N)).at("test", "seen")
    return {source: draw.at("test", source).normal(B, T, *shape) for source, shape in INPUTS.items()}


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def organism(**area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "PFC": {"kind": "gate_buffer", "slots": 3, "width": 11, **area},
        "head": {"kind": "linear", "size": 3, "act": "none"},
    }
    return {
        "senses": {"eye": {"shape": [4]}},
        "areas": areas,
        "pathways": [{"from": "eye", "to": "PFC"}, {"from": "PFC", "to": "head"}],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def regime(found: dict[str, Any], **changes: Any) -> Any:
    return one_stage(found, worlds=MATCH, probes={}, **changes)


def test_rates_are_those_of_gated_slots_written_out() -> None:
    member, inputs = buffer(closed=1.0), seen()
    params = born(member, 3, 4)
    found = member.apply(inputs, member.start(inputs["eye"]), Pass(params, Exact(), {}))[0]
    for n in range(2):
        W = torch.cat([params[f"area/PFC/from/{source}/weight"][n] for source in INPUTS]).double().numpy()
        R, b = (params[f"area/PFC/{name}"][n].double().numpy() for name in ("recurrent/weight", "bias"))
        assert b[0, :3].tolist() == [-1.0] * 3
        m = np.zeros((4, 3, 7))
        for t in range(6):
            x = np.concatenate([inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in INPUTS], axis=1)
            z = x @ W + b
            g = 1 / (1 + np.exp(-(z[:, :3] + m.reshape(4, -1) @ R)))[..., None]
            m = g * np.tanh(z[:, None, 3:]) + (1 - g) * m
            np.testing.assert_allclose(found[n, :, t].numpy(), m.reshape(4, -1), atol=1e-5)


def test_closed_gates_hold_and_open_ones_take_what_comes() -> None:
    inputs = seen(T=9)
    shut, wide = buffer(closed=20.0), buffer(closed=-20.0, act="none")
    held = shut.apply(inputs, (torch.ones(2, 4, 21),), Pass(born(shut, 0, 1), Exact(), {}))[0]
    torch.testing.assert_close(held, torch.ones_like(held), rtol=0, atol=1e-4)
    taken = wide.apply(inputs, wide.start(inputs["eye"]), Pass(born(wide, 0, 1), Exact(), {}))[0]
    torch.testing.assert_close(taken[..., :7], taken[..., 14:], rtol=0, atol=1e-4)


def test_steps_one_by_one_are_all_steps_at_once() -> None:
    member, inputs = buffer(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    whole, _ = member.apply(inputs, member.start(inputs["eye"]), by)
    state, parts = member.start(inputs["eye"]), []
    for t in range(6):
        rate, state = member.apply({name: x[:, :, t : t + 1] for name, x in inputs.items()}, state, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), whole)


def test_errors_go_back_through_time_as_the_derivative_says() -> None:
    member = buffer(slots=2, width=2, closed=0.5)
    params = {name: value.double().requires_grad_() for name, value in born(member, 0, 1).items()}
    inputs = {name: x.double() for name, x in seen(B=2, T=3).items()}

    def rates(*values: torch.Tensor) -> torch.Tensor:
        weight = dict(zip(params, values, strict=True))
        return member.apply(inputs, member.start(inputs["eye"]), Pass(weight, Exact(), {}))[0]

    assert torch.autograd.gradcheck(rates, tuple(params.values()))


def test_parameters_are_counted() -> None:
    found = organism()
    born_N = birth(regime(found), [0]).params
    assert parameter_count(OrganismSpec.model_validate(found)) == sum(each.numel() for each in born_N.values())


@pytest.mark.parametrize("rule", ["backprop", "bptt", "weight_perturbation"])
def test_rules_that_can_teach_it_do(rule: str) -> None:
    found = organism() | {"credit": [{"areas": ["PFC", "head"], "rule": rule}]}
    before, after = (state(raised(regime(found), [1], updates), 1) for updates in (0, 3))
    still = [name for name in before if name.startswith("params/") and torch.equal(before[name], after[name])]
    assert still == []


def test_a_reset_takes_what_it_holds_and_a_lesion_its_voice() -> None:
    lesion = {"transform": {"kind": "lesion", "areas": ["PFC"]}, "onset": "0sp", "duration": "50ba"}
    name = "params/area/head/from/PFC/weight"
    harmed = regime(organism(), deficits={"harm": lesion})
    assert torch.equal(state(raised(harmed, [1], 3), 1)[name], state(birth(harmed, [1]), 1)[name])
    reset = {**lesion, "transform": {"kind": "reset_context", "areas": ["PFC"], "every": 2}}
    whole, forgetful = (state(raised(regime(organism(), deficits=each), [1], 3), 1) for each in ({}, {"harm": reset}))
    assert not torch.equal(whole[name], forgetful[name])


@pytest.mark.parametrize("slots", [3, 13])
def test_a_life_is_the_same_alone_and_at_every_slot(slots: int) -> None:
    found = regime(organism(slots=slots), clock={"batch": 33})
    alone = {seed: state(raised(found, [seed]), seed) for seed in range(8)}
    for seeds in ([1, 0], [2, 0, 1], [3, 1, 4, 0, 5, 2, 6, 7]):
        together = raised(found, seeds)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


def test_what_cannot_teach_it_is_refused() -> None:
    def refusals(found: dict[str, Any]) -> list[str]:
        costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
        stage = {"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "5ba"}}
        document = tiny_schedule(organism=found, worlds=MATCH, probes={}, costs=costs, stages=[stage])
        return [each.code for each in check_document(document).errors]

    assert refusals(organism()) == []
    for rule in (
        "node_perturbation",
        "forward_gradient",
        "feedback_alignment",
        "eprop",
        "rflo",
        "surrogate_gradient",
        "hebb",
    ):
        assert "E25" in refusals({**organism(), "credit": [{"areas": ["PFC"], "rule": rule}]}), rule
