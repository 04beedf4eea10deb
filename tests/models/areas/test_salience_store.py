"""Memory behind a gate: what opens it by hand, how far back a reward reaches, what is kept of a stream."""

from __future__ import annotations

import math
from typing import Any

import torch
from holding import met, recalled
from pydantic import TypeAdapter
from torch import Tensor

from models.areas import build_area
from models.areas.memory import Memory
from models.areas.salience_store import SalienceStore
from models.draw import Draw
from models.specs.areas import AreaSpec

SLOTS, USE, USUAL = (f"kept/CA3/{name}" for name in ("slots", "use", "usual"))


def store(size: int, **spec: Any) -> SalienceStore:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "salience_store", "size": size} | spec)
    built = build_area("CA3", given, {"eye": (size,)}, (size,))
    assert isinstance(built, SalienceStore)
    return built


def things(*shape: int, lives: int = 3) -> Tensor:
    return Draw(torch.arange(lives)).at("test", "things").normal(*shape)


def kept_of(member: SalienceStore, reward: Tensor, **told: Tensor) -> list[int]:
    """Steps, one of the axes each, that one life keeps of one item."""
    T = reward.shape[2]
    after = met(member, torch.eye(T)[None, None], reward=reward, **told)
    return sorted(after[SLOTS][0].nonzero()[:, 1].tolist())


def test_a_wide_gate_makes_it_a_memory_and_a_shut_one_an_empty_one() -> None:
    x, (size, slots) = things(4, 3, 7), (7, 5)
    wide, shut = (store(size, slots=slots, threshold=each, surprise=0.0) for each in (-100.0, 100.0))
    plain = build_area(
        "CA3", TypeAdapter(AreaSpec).validate_python({"kind": "memory", "size": 7, "slots": 5}), {"eye": (7,)}, (7,)
    )
    assert isinstance(plain, Memory)
    after, peer = met(wide, x), met(plain, x)
    assert torch.equal(after[SLOTS], peer[SLOTS])
    assert torch.equal(after[USE], peer[USE])
    assert torch.equal(recalled(wide, after, x), recalled(plain, peer, x))
    assert not met(shut, x)[SLOTS].any()


def test_a_reward_reaches_back_to_what_was_met_before_it() -> None:
    reward = torch.zeros(1, 1, 8)
    reward[..., 5] = 1.0
    assert kept_of(store(8, tag=0.0, surprise=200.0, threshold=100.0), reward) == [5]
    # Salience 1, .5, .25, .125 at steps 5, 4, 3, 2 with log odds 200 s - 20.
    assert kept_of(store(8, tag=0.5, surprise=200.0, threshold=20.0), reward) == [2, 3, 4, 5]
    done = torch.zeros(1, 1, 8, dtype=torch.int64)
    done[..., 3] = 1
    assert kept_of(store(8, tag=0.5, surprise=200.0, threshold=20.0), reward, done=done) == [4, 5]
    assert kept_of(store(8, tag=0.5, surprise=200.0, threshold=20.0), -reward) == [2, 3, 4, 5]


def test_what_is_usual_is_learned_and_what_is_not_stands_out() -> None:
    member, x = store(8, surprise=200.0, threshold=20.0, tag=0.0, rate=0.5), torch.eye(8)[None, None]
    after = met(member, x, reward=torch.ones(1, 1, 8))
    assert after[USUAL].tolist() == [0.5]
    assert met(member, x, 0.5, reward=torch.ones(1, 1, 8))[USUAL].tolist() == [0.25]
    for _ in range(12):
        after = met(member, x, kept=after, reward=torch.ones(1, 1, 8))
    reward = torch.ones(1, 1, 8)
    reward[..., 2] = 0.0
    empty = after | {name: torch.zeros_like(after[name]) for name in (SLOTS, USE)}
    assert met(member, x, kept=empty, reward=reward)[SLOTS][0].nonzero()[:, 1].tolist() == [2]


def test_things_are_kept_as_often_as_the_gate_says() -> None:
    member = store(64, slots=600, surprise=0.0, threshold=1.0)
    after = met(member, things(600, 1, 64))
    share = (after[SLOTS] != 0).any(dim=2).double().mean(dim=1)
    chance = 1 / (1 + math.exp(1.0))
    assert bool(((share - chance).abs() < 3.5 * math.sqrt(chance * (1 - chance) / 600)).all())


def test_what_is_known_is_less_novel_than_what_is_not() -> None:
    member = store(64, slots=200, novelty=100.0, threshold=30.0)
    known, new = things(60, 1, 64)[:, :30], things(60, 1, 64)[:, 30:]
    after = met(member, known)
    assert (after[SLOTS] != 0).any(dim=2).sum(dim=1).tolist() == [30, 30, 30]
    again = met(member, torch.cat([known, new], dim=1), kept=after)
    assert (again[SLOTS] != 0).any(dim=2).sum(dim=1).tolist() == [60, 60, 60]


def test_of_a_stream_it_keeps_what_was_rewarded() -> None:
    x = things(400, 1, 64)
    reward = (Draw(torch.arange(3)).at("test", "reward").uniform(400, 1) < 0.1).float()
    held = []
    for surprise in (12.0, 0.0):
        member = store(64, slots=20, surprise=surprise, threshold=6.0 if surprise else 3.0)
        kept = None
        for start in range(0, 400, 20):
            part = slice(start, start + 20)
            kept = met(member, x[:, part], kept=kept, reward=reward[:, part])
        assert kept is not None
        which = torch.cdist(kept[SLOTS], x[:, :, 0]).argmin(dim=2)
        there = (kept[SLOTS] != 0).any(dim=2)
        held.append((reward[..., 0].gather(1, which) * there).sum() / there.sum())
    assert held[0] > 0.8
    assert held[1] < 0.3


def test_slopes_are_those_of_small_differences() -> None:
    member = store(5, slots=6, sharpness=4.0, threshold=-100.0)
    kept = {name: value.double() for name, value in met(member, things(4, 1, 5)).items()}
    cue = things(2, 2, 5).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: recalled(member, kept, x), (cue,))
