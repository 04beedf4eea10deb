"""Walks through places: when episodes end, what follows them, and what is told of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.specs.worlds.acting import ActingSource
from models.worlds import build_place
from models.worlds.walking import EPISODES, Followers, Place, at_random, begun, started, walk

INDEX = torch.arange(40)[None]
DRAW = Draw(torch.tensor([5]), INDEX, 7)


def place(**options: Any) -> Place:
    source: ActingSource = TypeAdapter(ActingSource).validate_python(options, strict=False)
    return build_place(source, "train", 2)


def test_a_frame_begins_an_episode_where_the_way_to_it_ended_one() -> None:
    done = torch.tensor([[[0, 1, 0, 1, 0]]])
    assert begun(done).tolist() == [[[False, False, True, False, True]]]


def test_an_episode_ends_after_as_many_steps_as_its_limit_and_another_begins() -> None:
    row = place(kind="chain", states=1001, limit=4)
    action = DRAW.at("action").integers(2, 10)
    state = started(row, DRAW, INDEX * EPISODES)
    seen = walk(row, state, 10, lambda frame, *_: action[..., frame], Followers(row, DRAW), ("place",))
    ended = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    assert torch.equal(seen.factors["done"], torch.tensor(ended).expand(1, 40, 10))
    middle = seen.factors["place"] == 500
    assert bool(middle[..., [0, 4, 8]].all())
    assert torch.equal(seen.state["clock"], torch.ones(1, 40, dtype=torch.int64))
    assert torch.equal(seen.state["episode"], INDEX * EPISODES + 2)


def test_the_episodes_of_an_item_are_its_own_one_after_another() -> None:
    rooms = place(kind="grid", limit=3)
    channels, _, factors = at_random(rooms, DRAW, 8, ("goal",))
    goal, whole = channels["goal"].argmax(dim=3), ~(factors["done"][..., [0, 1, 3, 4]] > 0).any(dim=2)
    for number in range(3):
        first = rooms.begin(DRAW.at("episode").indexed(INDEX * EPISODES + number))
        assert torch.equal(goal[..., 3 * number][whole], torch.from_numpy(first["goal"])[whole])
    assert int(whole.sum()) > 20


def test_slots_that_were_moved_to_other_episodes_are_followed_by_theirs() -> None:
    rooms, nobody = place(kind="grid"), np.zeros((1, 40), dtype=np.bool_)
    kept = Followers(rooms, DRAW)
    # on within what is kept, far ahead, and back
    for number in (0, 3, 50, 2):
        kept.begin((INDEX * EPISODES + number).numpy())
        found, first = kept.next(nobody), rooms.begin(DRAW.at("episode").indexed(INDEX * EPISODES + number + 1))
        assert all(np.array_equal(found[name], first[name]) for name in first)
