"""The successor representation: by hand, at its fixed point, and where it may move."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import differing, one_stage, plan, raised, state, train
from torch import Tensor

from models.areas import build_area
from models.areas.planner import Planner
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine import snapshot, stage
from models.engine.cohort import birth
from models.protocols import Batch, Moment, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

MAP, WORTH = "kept/CA1/successors", "kept/CA1/rewards"
WALK: dict[str, Any] = {
    "organism": {
        "senses": {"where": {"shape": [33], "channel": "place"}},
        "areas": {"CA1": {"kind": "planner", "size": 33}, "critic": {"kind": "linear", "size": 1, "act": "none"}},
        "pathways": [{"from": "where", "to": "CA1"}, {"from": "CA1", "to": "critic"}],
    },
    "worlds": {"school": {"source": {"kind": "chain", "states": 33}, "steps": 24}},
    "costs": {"worth": {"kind": "td_value", "at": "critic"}},
    "probes": {},
}


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


def test_it_learns_without_a_cost_while_plastic_and_stands_still_otherwise() -> None:
    day = {"name": "day", "world": "school", "costs": {}, "until": {"after": "3ba"}}
    stages = [day, {**day, "name": "night", "plasticity": {"CA1": 0.0}, "costs": {"worth": 1.0}}]
    first, last = (step.regime for step in plan(**WALK, stages=stages).steps)
    cohort = birth(first, [1, 2])
    train(cohort, first, 3)
    kept = {name: cohort.own[name].clone() for name in (MAP, WORTH)}
    assert not torch.equal(kept[MAP], torch.eye(33).expand(2, -1, -1))
    stage.enter(cohort, last)
    train(cohort, last, 3)
    assert all(torch.equal(cohort.own[name], value) for name, value in kept.items())
    again = snapshot.load(snapshot.dump(cohort, {}))[0]
    assert snapshot.state_hash(again) == snapshot.state_hash(cohort)


def test_a_lesioned_area_learns_nothing() -> None:
    harm = {"harm": {"transform": {"kind": "lesion", "areas": ["CA1"]}, "onset": "0sp", "duration": "50ba"}}
    cohort = raised(one_stage(**WALK, deficits=harm), [1, 2])
    assert torch.equal(cohort.own[MAP], torch.eye(33).expand(2, -1, -1))


def test_a_life_is_the_same_alone_and_at_every_slot() -> None:
    regime = one_stage(**WALK, clock={"batch": 7})
    alone = {seed: state(raised(regime, [seed]), seed) for seed in range(8)}
    for seeds in ([4, 2], [2, 0, 1], [3, 1, 4, 0, 5, 2, 6, 7]):
        together = raised(regime, seeds)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


@pytest.mark.parametrize(
    ("area", "credit", "code", "words"),
    [
        ({"size": 33}, [], None, ""),
        ({"size": 32}, [], "E14", "planner takes its inputs unit by unit: they bring 33, its size is 32"),
        ({"size": 33}, [{"areas": ["CA1", "critic"], "rule": "feedback_alignment"}], "E25", "CA1 is planner"),
        ({"size": 33, "discount": 1.0}, [], "E30", ""),
    ],
)
def test_what_cannot_be_is_refused(area: dict[str, Any], credit: list[Any], code: str | None, words: str) -> None:
    organism = WALK["organism"]
    given = {**organism, "areas": {**organism["areas"], "CA1": {"kind": "planner"} | area}, "credit": credit}
    stages = [{"name": "only", "world": "school", "costs": {"worth": 1.0}, "until": {"after": "3ba"}}]
    found = check_document(tiny_schedule(**{**WALK, "organism": given}, stages=stages)).errors
    assert [each.code for each in found] == ([code] if code else [])
    assert all(words in each.message for each in found)
