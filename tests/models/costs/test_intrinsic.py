"""Costs of acting for its own sake, by hand."""

from __future__ import annotations

from math import log, nan, sqrt
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from models.costs import build_cost
from models.costs.empowerment import bits
from models.costs.learning_progress import progress
from models.draw import Draw
from models.protocols import Batch, Moment
from models.specs.costs import CostSpec

FORETOLD = [9.0, 1.0, 0.0, 2.0]
CAME = [0.0, 0.0, 0.0, 5.0]
"""Errors of the frames that the three actions led to: 1, 0, 9; that of the first frame, 81, follows from none."""
PLACE = [2, 0, 1, 0]


def cost(**options: Any) -> Any:
    return build_cost("judge", TypeAdapter(CostSpec).validate_python({"at": "striatum"} | options), ["outcome"])


def moment(logits: Tensor | None = None, done: tuple[int, ...] = (0, 0, 0, 0), own: Any = None) -> Moment:
    """One life, one fragment of four frames; actions 1, 0, 1."""
    factors = {
        "reward": torch.zeros(1, 1, 4),
        "done": torch.tensor([[done]]),
        "action": torch.tensor([[[1, 0, 1, 0]]]),
    }
    came = torch.tensor(CAME).reshape(1, 1, 4, 1)
    batch = Batch({"outcome": came}, None, factors, torch.zeros(1, 1, dtype=torch.int64))
    logits = torch.zeros(4, 2) if logits is None else logits
    rate = {
        "striatum": logits.reshape(1, 1, 4, 2),
        "cortex": torch.tensor(FORETOLD, requires_grad=True).reshape(1, 1, 4, 1),
        "where": torch.nn.functional.one_hot(torch.tensor(PLACE), 3).float().reshape(1, 1, 4, 3),
    }
    return Moment(batch, rate, {}, own or {}, Draw(torch.tensor([1])), {}, lambda at, _: rate[at])


def advantages(gains: list[float]) -> list[float]:
    mean = sum(gains) / len(gains)
    sd = sqrt(sum((each - mean) ** 2 for each in gains) / len(gains))
    return [(each - mean) / sd for each in gains]


def pushes(better: list[float], count: int) -> Tensor:
    """Gradient of -A log p at two even actions 1, 0, 1: (p - onehot) A / count."""
    actions = [1, 0, 1]
    rows = [
        [(0.5 - (action == unit)) * a / count for unit in (0, 1)] for action, a in zip(actions, better, strict=True)
    ]
    return torch.tensor([*rows, [0.0, 0.0]])


def test_curiosity_does_more_often_what_surprised() -> None:
    logits = torch.zeros(4, 2, requires_grad=True)
    judge = cost(kind="curiosity", model="cortex", entropy=0.25)
    seen = moment(logits)
    found = judge(seen)
    better = advantages([1.0, 0.0, 9.0])
    assert found.tolist() == pytest.approx([sum(better) / 3 * log(2) - 0.25 * log(2)], abs=1e-6)
    down, none = torch.autograd.grad(found.sum(), [logits, seen.rate["cortex"]], allow_unused=True)
    assert none is None
    torch.testing.assert_close(down, pushes(better, 3))


def test_what_comes_later_counts_by_the_discount_and_an_end_is_left_out() -> None:
    logits = torch.zeros(4, 2, requires_grad=True)
    judge = cost(kind="curiosity", model="cortex", entropy=0.0, discount=0.5)
    (down,) = torch.autograd.grad(judge(moment(logits)).sum(), logits)
    # 1 + .5 (0 + .5 * 9), 0 + .5 * 9, 9
    torch.testing.assert_close(down, pushes(advantages([3.25, 4.5, 9.0]), 3))
    (down,) = torch.autograd.grad(judge(moment(logits, (0, 0, 1, 0))).sum(), logits)
    # the third action ended the episode: it brought nothing to those before it, and is no part of mean and sd
    torch.testing.assert_close(down, pushes([*advantages([1.0, 0.0]), 0.0], 3))


def test_where_all_actions_brought_the_same_none_is_preferred() -> None:
    logits = torch.zeros(4, 2, requires_grad=True)
    judge = cost(kind="novelty", place="where", entropy=0.0)
    known = {"cost/judge/met": torch.full((1, 3), 8)}
    (down,) = torch.autograd.grad(judge(moment(logits, own=known)).sum(), logits)
    assert not down.any()


def test_a_model_may_foretell_the_next_step() -> None:
    judge = cost(kind="curiosity", model="cortex", target={"kind": "next"}, entropy=0.0)
    logits = torch.zeros(4, 2, requires_grad=True)
    (down,) = torch.autograd.grad(judge(moment(logits)).sum(), logits)
    # 9, 1, 0 against 0, 0, 5
    torch.testing.assert_close(down, pushes(advantages([81.0, 1.0, 25.0]), 3))
    with pytest.raises(ValidationError, match="horizon 1"):
        cost(kind="curiosity", model="cortex", target={"kind": "next", "horizon": 2})


def test_novelty_counts_places_and_seeks_those_it_has_seldom_met() -> None:
    judge = cost(kind="novelty", place="where", entropy=0.0)
    _, state = judge.init({"where": (3,)}, Draw(torch.tensor([1])))
    assert {name: value.tolist() for name, value in state.items()} == {"cost/judge/met": [[0, 0, 0]]}
    met = {"cost/judge/met": torch.tensor([[3, 24, 0]])}
    logits = torch.zeros(4, 2, requires_grad=True)
    (down,) = torch.autograd.grad(judge(moment(logits, own=met)).sum(), logits)
    # places 0, 1, 0: once more than 3, 24 and 3 times
    torch.testing.assert_close(down, pushes(advantages([0.5, 0.2, 0.5]), 3))
    later = cost(kind="novelty", place="where", entropy=0.0, discount=0.5)
    (down,) = torch.autograd.grad(later(moment(logits, own=met)).sum(), logits)
    # .5 + .5 (.2 + .5 * .5), .2 + .5 * .5, .5: three that differ tell how large they are
    torch.testing.assert_close(down, pushes(advantages([0.725, 0.45, 0.5]), 3))
    assert judge.remember(moment(own=met))["cost/judge/met"].tolist() == [[5, 25, 0]]


@pytest.mark.parametrize(
    ("errors", "fallen"),
    [
        ([nan, nan, nan, nan], 0.0),
        ([nan, nan, nan, 4.0], 0.0),
        ([nan, nan, 4.0, 1.0], 3.0),
        # three: one against the one before it
        ([nan, 9.0, 4.0, 1.0], 3.0),
        ([8.0, 6.0, 3.0, 1.0], 5.0),
        ([1.0, 1.0, 2.0, 4.0], -2.0),
    ],
)
def test_progress_by_hand(errors: list[float], fallen: float) -> None:
    assert progress(torch.tensor([[errors]])).tolist() == [[fallen]]


def test_learning_progress_seeks_where_errors_fell_and_keeps_those_of_places_it_met() -> None:
    judge = cost(kind="learning_progress", model="cortex", place="where", window=2, entropy=0.0)
    _, state = judge.init({"where": (3,)}, Draw(torch.tensor([1])))
    assert state["cost/judge/errors"].shape == (1, 3, 4)
    assert bool(state["cost/judge/errors"].isnan().all())
    past = {"cost/judge/errors": torch.tensor([[[8.0, 6.0, 3.0, 1.0], [5.0, 5.0, 4.0, 4.0], [nan, nan, nan, 7.0]]])}
    logits = torch.zeros(4, 2, requires_grad=True)
    (down,) = torch.autograd.grad(judge(moment(logits, own=past)).sum(), logits)
    torch.testing.assert_close(down, pushes(advantages([5.0, 1.0, 5.0]), 3))
    kept = judge.remember(moment(own=past))["cost/judge/errors"][0]
    # place 0 twice, with errors 1 and 9; place 1 once, with 0; place 2 not at all after the first frame
    assert kept[:2].tolist() == [[6.0, 3.0, 1.0, 5.0], [5.0, 4.0, 4.0, 0.0]]
    assert kept[2, 3] == 7.0
    ended = judge.remember(moment(own=past, done=(0, 0, 1, 0)))["cost/judge/errors"][0]
    assert ended[0].tolist() == [6.0, 3.0, 1.0, 1.0]


def test_bits_are_the_places_that_actions_can_end_in() -> None:
    # a row of four: left and right, walls at both ends; the last place was never left
    row = torch.tensor([[[0, 1], [0, 2], [1, 3], [-1, -1]]])
    assert bits(row, 0).tolist() == [[0.0, 0.0, 0.0, 0.0]]
    assert bits(row, 1).tolist() == [[1.0, 1.0, 1.0, 0.0]]
    # two steps: {0, 1, 2}, {0, 1, 3}, {0, 2}; from the last place nothing is known
    assert bits(row, 2)[0].tolist() == pytest.approx([log(3) / log(2), log(3) / log(2), 1.0, 0.0])


def test_empowerment_learns_where_actions_lead_and_seeks_where_many_do() -> None:
    judge = cost(kind="empowerment", place="where", horizon=1, entropy=0.0)
    _, state = judge.init({"where": (3,), "striatum": (2,)}, Draw(torch.tensor([1])))
    assert {name: tuple(value.shape) for name, value in state.items()} == {"cost/judge/led": (1, 3, 2)}
    # places 2, 0, 1, 0 by actions 1, 0, 1
    assert judge.remember(moment(own=state))["cost/judge/led"].tolist() == [[[1, -1], [-1, 0], [-1, 0]]]
    ended = judge.remember(moment(own=state, done=(0, 1, 0, 0)))["cost/judge/led"]
    assert ended.tolist() == [[[-1, -1], [-1, 0], [-1, 0]]]
    logits = torch.zeros(4, 2, requires_grad=True)
    known = {"cost/judge/led": torch.tensor([[[1, 2], [0, 0], [0, 0]]])}
    (down,) = torch.autograd.grad(judge(moment(logits, own=known)).sum(), logits)
    # from place 0 two places can be reached, from place 1 one
    torch.testing.assert_close(down, pushes(advantages([1.0, 0.0, 1.0]), 3))


def test_drive_seeks_what_brings_the_body_nearer_to_its_setpoints() -> None:
    logits = torch.zeros(4, 2, requires_grad=True)
    judge = cost(kind="drive", body="where", setpoint=[1.0, 0.5, 0.0], power=2.0, entropy=0.0)
    (down,) = torch.autograd.grad(judge(moment(logits)).sum(), logits)
    # bodies 001, 100, 010, 100: D = 2.25, .25, 1.25, .25
    torch.testing.assert_close(down, pushes(advantages([2.0, -1.0, 1.0]), 3))
    cubic = cost(kind="drive", body="where", setpoint=[1.0, 0.25, 0.0], power=3.0, entropy=0.0)
    (down,) = torch.autograd.grad(cubic(moment(logits)).sum(), logits)
    # D less (1/4)^3: 2, 0, 1 + (3/4)^3 - (1/4)^3, 0; bodies of 0 and 1 cannot tell a square from a distance
    torch.testing.assert_close(down, pushes(advantages([2.0, -1.40625, 1.40625]), 3))
    seen = moment(logits)
    seen.rate["where"].requires_grad_()
    assert torch.autograd.grad(judge(seen).sum(), seen.rate["where"], allow_unused=True) == (None,)
