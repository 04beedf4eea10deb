"""The successor representation: by hand, at its fixed point, and where it may move."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from models.areas import build_area
from models.areas.planner import Planner
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Batch, Moment, Params, Pass
from models.specs.areas import AreaSpec

MAP, WORTH = "kept/CA1/successors", "kept/CA1/rewards"


def planner(size: int, **spec: Any) -> Planner:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "planner", "size": size} | spec)
    built = build_area("CA1", given, {"where": (size,)}, (1,) if spec.get("read") != "successors" else (size,))
    assert isinstance(built, Planner)
    return built


def met(member: Planner, kept: Params, x: Tensor, pace: float = 1.0, **told: Tensor) -> Params:
    """What is kept after an update in which these places (N, B, T, S) were met."""
    batch = Batch({}, None, told, torch.zeros(len(x), 1, dtype=torch.int64))
    inputs = {"CA1": {"where": x}}
    at = Moment(
        batch, {}, {}, kept, Draw(torch.arange(len(x))), inputs, lambda *_: x, pace={"CA1": torch.full((len(x),), pace)}
    )
    return kept | member.remember(at)


def said(member: Planner, kept: Params, x: Tensor) -> Tensor:
    return member.apply({"where": x}, member.start(x), Pass({}, Exact(), kept))[0]


def places(*walk: int, size: int = 3) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(walk), size).float()[None, None]


def test_one_update_by_hand() -> None:
    member = planner(3, discount=0.5, rate=0.5, reward_rate=1.0)
    kept = member.contents(Draw(torch.zeros(1, dtype=torch.int64)))
    reward = torch.tensor([[[0.0, 4.0, 9.0]]])
    done = torch.tensor([[[0, 1, 0]]])
    after = met(member, kept, places(0, 1, 2), reward=reward, done=done)
    # 0 is followed by 1: 1/2 (1_0 + 1/2 1_1 - 1_0) comes to its row; after 1 the episode ends: 1_1 is right already.
    assert after[MAP][0].tolist() == [[1.0, 0.25, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert after[WORTH][0].tolist() == [0.0, 4.0, 0.0]
    assert said(member, after, places(0, 1, 2))[0, 0, :, 0].tolist() == [1.0, 4.0, 0.0]
    assert said(planner(3, read="successors"), after, places(0))[0, 0, 0].tolist() == [1.0, 0.25, 0.0]
    half = met(member, kept, places(0, 1, 2), 0.5, reward=reward, done=done)
    assert half[WORTH][0].tolist() == [0.0, 2.0, 0.0]
    assert torch.equal(met(member, kept, places(0, 1, 2))[WORTH], kept[WORTH]), "no rewards in this world"


def test_on_a_ring_it_comes_to_the_inverse_and_values_follow_a_moved_reward() -> None:
    size, discount = 7, 0.8
    member = planner(size, discount=discount, rate=0.5, reward_rate=1.0)
    seeds = Draw(torch.arange(3))
    kept = member.contents(seeds)
    for update in range(200):
        x = torch.nn.functional.one_hot((torch.arange(30) + update) % size, size).float().expand(3, 2, -1, -1)
        kept = met(member, kept, x, reward=(x[..., 2] > 0).float())
    true = torch.linalg.inv(torch.eye(size) - discount * torch.eye(size).roll(1, dims=1))
    torch.testing.assert_close(kept[MAP], true.expand(3, -1, -1), rtol=1e-3, atol=1e-3)
    kept = met(member, kept, x, reward=(x[..., 5] > 0).float())
    everywhere = torch.eye(size).expand(3, 1, -1, -1)
    torch.testing.assert_close(
        said(member, kept, everywhere)[:, 0, :, 0], true[:, 5].expand(3, -1), rtol=1e-3, atol=1e-3
    )


def test_slopes_are_those_of_small_differences() -> None:
    member = planner(5)
    kept = {MAP: torch.eye(5).double()[None] + 0.3, WORTH: torch.arange(5).double()[None]}
    x = Draw(torch.arange(1)).at("test", "x").normal(2, 3, 5).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: said(member, kept, given), (x,))
