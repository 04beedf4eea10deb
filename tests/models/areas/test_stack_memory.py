"""Stacks: tops written out, last in first out."""

from __future__ import annotations

import numpy as np
import torch
from carrying import STACK, born, rates

from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count


def test_tops_are_those_of_a_stack_written_out() -> None:
    member, inputs = STACK.build(pushes=0.5), STACK.heard()
    params = born(member, 3, 4)
    found = rates(member, inputs, params)
    for n in range(2):
        W = torch.cat([params[f"area/Broca/from/{source}/weight"][n] for source in inputs]).double().numpy()
        s = np.zeros((4, 6, 7))  # four items, places 0 to 3, two more that stay empty
        for t in range(6):
            x = np.concatenate([inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in inputs], axis=1)
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
    member = STACK.build(size=1, act="none", depth=depth)
    params = {name: torch.zeros_like(value) for name, value in born(member, 0).items()}
    params["area/Broca/from/ear/weight"][0, :2] = torch.eye(2)
    given = torch.tensor([[100.0 if act == "push" else -100.0, value, 0, 0, 0] for act, value in acts])[None, None]
    inputs = {"eye": torch.zeros(1, 1, len(acts), 2, 3), "ear": given}
    told: list[float] = rates(member, inputs, params).flatten().tolist()
    return told


def test_what_went_in_last_comes_out_first() -> None:
    pop = ("pop", 9.0)
    assert tops(4, ("push", 5), ("push", 6), ("push", 7), pop, pop, pop, pop, ("push", 8)) == [5, 6, 7, 6, 5, 0, 0, 8]


def test_what_is_pushed_below_the_last_place_is_lost() -> None:
    assert tops(2, ("push", 5), ("push", 6), ("push", 7), ("pop", 0), ("pop", 0)) == [5, 6, 7, 6, 0]


def test_parameters_do_not_grow_with_its_depth() -> None:
    flat, deep = (parameter_count(OrganismSpec.model_validate(STACK.organism(depth=depth))) for depth in (5, 500))
    assert flat == deep


def test_a_stack_without_a_place_is_refused() -> None:
    assert [code for code, _ in STACK.errors(STACK.organism(depth=0))] == ["E30"]
