"""Routes: what is sent written out, gradients by difference, contents that never choose their way."""

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
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count
from models.specs.structures import RouterSpec

INPUTS = {"what": (2, 3), "where": (5,)}
SENTENCES = {"school": {"source": {"kind": "roles", "fillers": 11, "delay": 1}, "steps": 5}}


def router(**spec: Any) -> Area:
    options = {"kind": "router", "size": 6, "slots": 2, "control": "where"} | spec
    given = TypeAdapter(AreaSpec).validate_python(options)
    assert isinstance(given, RouterSpec)
    return build_area("BG", given, INPUTS, (given.size,))


def seen(N: int = 2, B: int = 4, T: int = 5) -> dict[str, torch.Tensor]:
    draw = Draw(torch.arange(N)).at("test", "seen")
    return {source: draw.at("test", source).normal(B, T, *shape) for source, shape in INPUTS.items()}


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def organism(**area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "BG": {"kind": "router", "size": 11, "slots": 3, "control": "role", **area},
        "head": {"kind": "linear", "size": 12, "act": "none"},
    }
    ways = [("role", "BG"), ("filler", "BG"), ("BG", "head")]
    return {
        "senses": {"role": {"shape": [6]}, "filler": {"shape": [11]}},
        "areas": areas,
        "pathways": [{"from": below, "to": above} for below, above in ways],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def regime(found: dict[str, Any], **changes: Any) -> Any:
    return one_stage(found, worlds=SENTENCES, probes={}, **changes)


def test_what_goes_out_is_what_the_routes_send_written_out() -> None:
    member, inputs = router(closed=0.7), seen()
    params = born(member, 3, 4)
    found = member.apply(inputs, member.start(inputs["what"]), Pass(params, Exact(), {}))[0]
    for n in range(2):
        W, b = (params[f"area/BG/{name}"][n].double().numpy() for name in ("from/where/weight", "bias"))
        assert np.allclose(b.reshape(3, 3), [[0, 0, 0], [0, 0.7, -0.7], [0, -0.7, 0.7]])
        m = np.zeros((4, 2, 6))
        for t in range(5):
            sent, asked = (inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in INPUTS)
            q = np.exp((asked @ W + b).reshape(4, 3, 3))
            gone = (q / q.sum(axis=2, keepdims=True)) @ np.concatenate([sent[:, None], m], axis=1)
            m = gone[:, 1:]
            np.testing.assert_allclose(found[n, :, t].numpy(), gone[:, 0], atol=1e-5)


def test_a_thing_goes_into_a_buffer_on_to_another_and_out_again() -> None:
    """Routes by hand, one for each step, each by a unit of the control."""
    member = router(size=6, closed=20.0)
    params = born(member, 0)
    ways = torch.zeros(5, 3, 3)
    ways[0, 1, 0] = 400.0  # what comes in, into the first buffer
    ways[1, 2, 1] = 400.0  # the first buffer into the second
    ways[2, 0, 2] = 400.0  # out of the second
    ways[3, 0, 0] = 400.0  # straight through
    params["area/BG/from/where/weight"] = ways.reshape(1, 5, 9)
    what = Draw(torch.arange(1)).at("test", "what").normal(1, 4, 2, 3)
    where = torch.eye(5)[None, None, :4]
    out, (held,) = member.apply({"what": what, "where": where}, member.start(what), Pass(params, Exact(), {}))
    first, last = (what[0, 0, step].flatten() for step in (0, 3))
    torch.testing.assert_close(out[0, 0, 2], first)
    torch.testing.assert_close(out[0, 0, 3], last)
    torch.testing.assert_close(held[0, 0], torch.stack([first, first]))


def test_what_is_sent_has_no_say_in_where_it_goes() -> None:
    member, inputs = router(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    once, twice = (
        member.apply({**inputs, "what": times * inputs["what"]}, member.start(inputs["what"]), by)[0]
        for times in (1.0, 2.0)
    )
    assert torch.equal(2.0 * once, twice)


def test_steps_one_by_one_are_all_steps_at_once() -> None:
    member, inputs = router(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    whole, _ = member.apply(inputs, member.start(inputs["what"]), by)
    state, parts = member.start(inputs["what"]), []
    for t in range(5):
        rate, state = member.apply({name: x[:, :, t : t + 1] for name, x in inputs.items()}, state, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), whole)


def test_errors_go_back_along_the_routes_as_the_derivative_says() -> None:
    member = router(closed=0.5)
    params = {name: value.double().requires_grad_() for name, value in born(member, 0, 1).items()}
    inputs = {name: x.double().requires_grad_() for name, x in seen(B=2, T=3).items()}

    def rates(*values: torch.Tensor) -> torch.Tensor:
        weight, given = dict(zip(params, values, strict=False)), dict(zip(inputs, values[len(params) :], strict=True))
        return member.apply(given, member.start(given["what"]), Pass(weight, Exact(), {}))[0]

    assert torch.autograd.gradcheck(rates, (*params.values(), *inputs.values()))


def test_parameters_are_counted() -> None:
    found = organism()
    born_N = birth(regime(found), [0]).params
    assert parameter_count(OrganismSpec.model_validate(found)) == sum(each.numel() for each in born_N.values())


@pytest.mark.parametrize("rule", ["backprop", "bptt", "weight_perturbation"])
def test_rules_that_can_teach_it_do(rule: str) -> None:
    found = organism() | {"credit": [{"areas": ["BG", "head"], "rule": rule}]}
    before, after = (state(raised(regime(found), [1], updates), 1) for updates in (0, 3))
    still = [name for name in before if name.startswith("params/") and torch.equal(before[name], after[name])]
    assert still == []


def test_a_reset_takes_what_it_holds_and_a_lesion_its_voice() -> None:
    lesion = {"transform": {"kind": "lesion", "areas": ["BG"]}, "onset": "0sp", "duration": "50ba"}
    name = "params/area/head/from/BG/weight"
    harmed = regime(organism(), deficits={"harm": lesion})
    assert torch.equal(state(raised(harmed, [1], 3), 1)[name], state(birth(harmed, [1]), 1)[name])
    reset = {**lesion, "transform": {"kind": "reset_context", "areas": ["BG"], "every": 2}}
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


def refusals(found: dict[str, Any]) -> list[tuple[str, str]]:
    costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    stage = {"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "5ba"}}
    document = tiny_schedule(organism=found, worlds=SENTENCES, probes={}, costs=costs, stages=[stage])
    return [(each.code, each.message) for each in check_document(document).errors]


def test_what_cannot_teach_it_is_refused() -> None:
    assert refusals(organism()) == []
    for rule in ("node_perturbation", "forward_gradient", "feedback_alignment", "eprop", "rflo", "hebb"):
        codes = [code for code, _ in refusals({**organism(), "credit": [{"areas": ["BG"], "rule": rule}]})]
        assert "E25" in codes, rule


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ({"size": 12}, "router sends what filler brings: 11 units, its size is 12"),
        ({"control": "head"}, "router takes two pathways, one of them from its control head; here role, filler"),
    ],
)
def test_what_does_not_fit_is_refused(area: dict[str, Any], said: str) -> None:
    (found,) = (each for each in refusals(organism(**area)) if "BG" in each[1])
    assert found[0] == "E14"
    assert said in found[1]
