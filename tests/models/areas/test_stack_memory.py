"""Stacks: tops written out, gradients by difference, last in first out."""

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
from models.specs.structures import StackMemorySpec

INPUTS = {"eye": (2, 3), "ear": (5,)}
ROWS = {"school": {"source": {"kind": "counting", "most": 3}, "steps": 7}}


def stack(**spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "stack_memory", "size": 7, "depth": 4} | spec)
    assert isinstance(given, StackMemorySpec)
    return build_area("Broca", given, INPUTS, (given.size,))


def seen(N: int = 2, B: int = 4, T: int = 6) -> dict[str, torch.Tensor]:
    draw = Draw(torch.arange(N)).at("test", "seen")
    return {source: draw.at("test", source).normal(B, T, *shape) for source, shape in INPUTS.items()}


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def organism(**area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "Broca": {"kind": "stack_memory", "size": 11, "depth": 5, **area},
        "head": {"kind": "linear", "size": 3, "act": "none"},
    }
    return {
        "senses": {"ear": {"shape": [3]}},
        "areas": areas,
        "pathways": [{"from": "ear", "to": "Broca"}, {"from": "Broca", "to": "head"}],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def regime(found: dict[str, Any], **changes: Any) -> Any:
    return one_stage(found, worlds=ROWS, probes={}, **changes)


def test_tops_are_those_of_a_stack_written_out() -> None:
    member, inputs = stack(pushes=0.5), seen()
    params = born(member, 3, 4)
    found = member.apply(inputs, member.start(inputs["eye"]), Pass(params, Exact(), {}))[0]
    for n in range(2):
        W = torch.cat([params[f"area/Broca/from/{source}/weight"][n] for source in INPUTS]).double().numpy()
        s = np.zeros((4, 6, 7))  # four items, places 0 to 3, two more that stay empty
        for t in range(6):
            x = np.concatenate([inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in INPUTS], axis=1)
            z = x @ W + np.array([0.5] + 7 * [0.0])
            push = 1 / (1 + np.exp(-z[:, :1]))
            new = np.zeros_like(s)
            for place in range(4):
                above = s[:, place - 1] if place else np.tanh(z[:, 1:])
                new[:, place] = push * above + (1 - push) * s[:, place + 1]
            s = new
            np.testing.assert_allclose(found[n, :, t].numpy(), s[:, 0], atol=1e-5)


def tops(depth: int, *acts: tuple[str, float]) -> list[float]:
    """What lies on top after acts that are chosen by hand: the first input chooses, the next is what is put there."""
    member = stack(size=1, act="none", depth=depth)
    params = {name: torch.zeros_like(value) for name, value in born(member, 0).items()}
    params["area/Broca/from/ear/weight"][0, :2] = torch.eye(2)
    given = torch.tensor([[100.0 if act == "push" else -100.0, value, 0, 0, 0] for act, value in acts])[None, None]
    inputs = {"eye": torch.zeros(1, 1, len(acts), 2, 3), "ear": given}
    told: list[float] = member.apply(inputs, member.start(given), Pass(params, Exact(), {}))[0].flatten().tolist()
    return told


def test_what_went_in_last_comes_out_first() -> None:
    pop = ("pop", 9.0)
    assert tops(4, ("push", 5), ("push", 6), ("push", 7), pop, pop, pop, pop, ("push", 8)) == [5, 6, 7, 6, 5, 0, 0, 8]


def test_what_is_pushed_below_the_last_place_is_lost() -> None:
    assert tops(2, ("push", 5), ("push", 6), ("push", 7), ("pop", 0), ("pop", 0)) == [5, 6, 7, 6, 0]


def test_steps_one_by_one_are_all_steps_at_once() -> None:
    member, inputs = stack(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    whole, _ = member.apply(inputs, member.start(inputs["eye"]), by)
    state, parts = member.start(inputs["eye"]), []
    for t in range(6):
        rate, state = member.apply({name: x[:, :, t : t + 1] for name, x in inputs.items()}, state, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), whole)


def test_errors_go_back_through_the_stack_as_the_derivative_says() -> None:
    member = stack(size=2, depth=3)
    params = {name: value.double().requires_grad_() for name, value in born(member, 0, 1).items()}
    inputs = {name: x.double() for name, x in seen(B=2, T=4).items()}

    def rates(*values: torch.Tensor) -> torch.Tensor:
        weight = dict(zip(params, values, strict=True))
        return member.apply(inputs, member.start(inputs["eye"]), Pass(weight, Exact(), {}))[0]

    assert torch.autograd.gradcheck(rates, tuple(params.values()))


def test_parameters_are_counted_and_do_not_grow_with_its_depth() -> None:
    counts = []
    for depth in (5, 500):
        found = organism(depth=depth)
        born_N = birth(regime(found), [0]).params
        counts.append(parameter_count(OrganismSpec.model_validate(found)))
        assert counts[-1] == sum(each.numel() for each in born_N.values())
    assert counts[0] == counts[1]


@pytest.mark.parametrize("rule", ["backprop", "bptt", "weight_perturbation"])
def test_rules_that_can_teach_it_do(rule: str) -> None:
    found = organism() | {"credit": [{"areas": ["Broca", "head"], "rule": rule}]}
    before, after = (state(raised(regime(found), [1], updates), 1) for updates in (0, 3))
    still = [name for name in before if name.startswith("params/") and torch.equal(before[name], after[name])]
    assert still == []


def test_a_reset_takes_what_it_holds_and_a_lesion_its_voice() -> None:
    lesion = {"transform": {"kind": "lesion", "areas": ["Broca"]}, "onset": "0sp", "duration": "50ba"}
    name = "params/area/head/from/Broca/weight"
    harmed = regime(organism(), deficits={"harm": lesion})
    assert torch.equal(state(raised(harmed, [1], 3), 1)[name], state(birth(harmed, [1]), 1)[name])
    reset = {**lesion, "transform": {"kind": "reset_context", "areas": ["Broca"], "every": 2}}
    whole, forgetful = (state(raised(regime(organism(), deficits=each), [1], 3), 1) for each in ({}, {"harm": reset}))
    assert not torch.equal(whole[name], forgetful[name])


@pytest.mark.parametrize("size", [3, 13])
def test_a_life_is_the_same_alone_and_at_every_slot(size: int) -> None:
    found = regime(organism(size=size), clock={"batch": 33})
    alone = {seed: state(raised(found, [seed]), seed) for seed in range(8)}
    for seeds in ([1, 0], [2, 0, 1], [3, 1, 4, 0, 5, 2, 6, 7]):
        together = raised(found, seeds)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


def test_what_cannot_teach_it_is_refused() -> None:
    def refusals(found: dict[str, Any]) -> list[str]:
        costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
        stage = {"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "5ba"}}
        document = tiny_schedule(organism=found, worlds=ROWS, probes={}, costs=costs, stages=[stage])
        return [each.code for each in check_document(document).errors]

    assert refusals(organism()) == []
    assert refusals(organism(depth=0)) == ["E30"]
    for rule in ("node_perturbation", "forward_gradient", "feedback_alignment", "eprop", "rflo", "hebb"):
        assert "E25" in refusals({**organism(), "credit": [{"areas": ["Broca"], "rule": rule}]}), rule
