"""What holds of every area that carries something through an item: buffers, stacks, routers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from carrying import BUFFER, ROUTER, STACK, Carrying, born, rates
from raising import assert_alone_as_among_others, raised, state

from models.credit.backprop import Exact
from models.engine.cohort import birth
from models.protocols import Pass
from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count

ALL = {"gate_buffer": BUFFER, "stack_memory": STACK, "router": ROUTER}
SMALL: dict[str, dict[str, Any]] = {
    "gate_buffer": {"slots": 2, "width": 2, "closed": 0.5},
    "stack_memory": {"size": 2, "depth": 3},
    "router": {"closed": 0.5},
}
LESION: dict[str, Any] = {"onset": "0sp", "duration": "50ba"}

each_kind = pytest.mark.parametrize("which", ALL.values(), ids=ALL)


@each_kind
def test_steps_one_by_one_are_all_steps_at_once(which: Carrying) -> None:
    member, inputs = which.build(), which.heard()
    by = Pass(born(member, 0, 1), Exact(), {})
    carried, parts = member.start(next(iter(inputs.values()))), []
    for t in range(6):
        rate, carried = member.apply({name: x[:, :, t : t + 1] for name, x in inputs.items()}, carried, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), rates(member, inputs, born(member, 0, 1)))


@pytest.mark.parametrize("kind", ALL)
def test_errors_go_back_in_time_as_the_derivative_says(kind: str) -> None:
    member = ALL[kind].build(**SMALL[kind])
    params = {name: value.double().requires_grad_() for name, value in born(member, 0, 1).items()}
    inputs = {name: x.double().requires_grad_() for name, x in ALL[kind].heard(B=2, T=3).items()}

    def told(*values: torch.Tensor) -> torch.Tensor:
        weight, given = dict(zip(params, values, strict=False)), dict(zip(inputs, values[len(params) :], strict=True))
        return rates(member, given, weight)

    assert torch.autograd.gradcheck(told, (*params.values(), *inputs.values()))


@each_kind
def test_parameters_are_counted(which: Carrying) -> None:
    found = which.organism()
    params = birth(which.regime(found), [0]).params
    assert parameter_count(OrganismSpec.model_validate(found)) == sum(each.numel() for each in params.values())


@pytest.mark.parametrize("rule", ["backprop", "bptt", "weight_perturbation"])
@each_kind
def test_rules_that_can_teach_it_do(which: Carrying, rule: str) -> None:
    found = which.organism() | {"credit": [{"areas": [which.name, "head"], "rule": rule}]}
    before, after = (state(raised(which.regime(found), [1], updates), 1) for updates in (0, 3))
    still = [name for name in before if name.startswith("params/") and torch.equal(before[name], after[name])]
    assert still == []


@each_kind
def test_a_reset_takes_what_it_holds_and_a_lesion_its_voice(which: Carrying) -> None:
    name = f"params/area/head/from/{which.name}/weight"
    lesion = LESION | {"transform": {"kind": "lesion", "areas": [which.name]}}
    harmed = which.regime(which.organism(), deficits={"harm": lesion})
    assert torch.equal(state(raised(harmed, [1], 3), 1)[name], state(birth(harmed, [1]), 1)[name])
    reset = LESION | {"transform": {"kind": "reset_context", "areas": [which.name], "every": 2}}
    regimes = (which.regime(which.organism(), deficits=each) for each in ({}, {"harm": reset}))
    whole, forgetful = (state(raised(each, [1], 3), 1) for each in regimes)
    assert not torch.equal(whole[name], forgetful[name])


@pytest.mark.parametrize(
    ("which", "size"),
    [
        *((BUFFER, {"slots": slots}) for slots in (3, 13)),
        *((STACK, {"size": size}) for size in (3, 13)),
        *((ROUTER, {"slots": slots}) for slots in (3, 13)),
    ],
    ids=lambda each: each.name if isinstance(each, Carrying) else "-".join(map(str, each.values())),
)
def test_a_life_is_the_same_alone_and_at_every_slot(which: Carrying, size: dict[str, int]) -> None:
    assert_alone_as_among_others(which.regime(which.organism(**size), clock={"batch": 33}))


@each_kind
def test_what_cannot_teach_it_is_refused(which: Carrying) -> None:
    assert which.errors(which.organism()) == []
    for rule in ("node_perturbation", "forward_gradient", "feedback_alignment", "eprop", "rflo", "hebb"):
        found = {**which.organism(), "credit": [{"areas": [which.name], "rule": rule}]}
        assert "E25" in [code for code, _ in which.errors(found)], rule
