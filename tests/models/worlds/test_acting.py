"""Worlds that answer: where moves lead, what they bring, and how long a walk without aim takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.engine.acting import Policy, episodes
from models.engine.feed import Stream
from models.specs.worlds import WorldSpec
from models.specs.worlds.acting import ActingSource
from models.worlds import build_place
from models.worlds.grid import Grid
from models.worlds.walking import EPISODES, Followers, Place, started, walk


def stream(**source: Any) -> Stream:
    spec = TypeAdapter(WorldSpec).validate_python({"source": source, "steps": 2}, strict=False)
    return Stream(spec, {}, {})


def grid(**options: Any) -> Grid:
    place = stream(kind="grid", **options).world
    assert isinstance(place, Grid)
    return place


def place(**options: Any) -> Place:
    source: ActingSource = TypeAdapter(ActingSource).validate_python(options, strict=False)
    return build_place(source, "train", 2)


def walked(count: int, **source: Any) -> Any:
    index = torch.arange(count)[None]
    policy = Policy(None, None, stream(**source).world.actions)  # type: ignore[arg-type, attr-defined]
    return episodes(stream(**source), policy, ({}, {}), torch.tensor([3]), index)


def test_walls_stop_doors_lead_and_the_shortest_ways_are_short() -> None:
    rooms = grid()
    assert rooms.next.shape == (104, 4)
    # place 0 is the upper left corner: north and west are walls, east is place 1
    assert rooms.next[0].tolist() == [0, 1, int(rooms.next[0, 2]), 0]
    assert torch.equal(rooms.distance, rooms.distance.mT)
    assert (int(rooms.distance[0, 103]), int(rooms.distance.max())) == (20, 20)
    for move in range(4):
        one = rooms.distance[torch.arange(104), rooms.next[:, move]]
        assert set(one.tolist()) <= {0, 1}


def test_the_goal_pays_and_ends_and_so_does_the_limit() -> None:
    rooms = grid(goal=1)
    state = {"place": np.array([[0, 2]]), "goal": np.array([[1, 1]])}
    after, reward, over = rooms.moved(state, np.array([[1, 1]]))
    assert (after["place"].tolist(), reward.tolist(), over.tolist()) == ([[1, 3]], [[1.0, 0.0]], [[True, False]])
    told = walked(500, kind="grid", goal=1, limit=5)
    assert int(told.steps.max()) == 5
    assert torch.equal(told.reward == 1.0, (told.steps < 5) | (told.reward == 1.0))


def test_a_goal_is_shown_and_may_be_one_of_several() -> None:
    doors = (25, 51, 62, 88)
    channels, _, factors = grid(goal=list(doors)).sample(torch.tensor([3]), torch.arange(400)[None])
    goal = channels["goal"][0, :, 0].argmax(dim=-1)
    assert channels["goal"].shape == (1, 400, 2, 104)
    assert (channels["goal"].sum(dim=-1) == 1.0).all()
    assert set(goal.tolist()) == set(doors)
    assert all(70 < int((goal == door).sum()) < 130 for door in doors)
    assert (channels["place"][0, :, 0].argmax(dim=-1) != goal).all()
    assert torch.equal(factors["distance"][0, :, 0], grid().distance[factors["place"][0, :, 0], goal].float())


def test_a_walk_without_aim_takes_as_long_as_the_table_of_moves_says() -> None:
    rooms, goal, limit = grid(goal=52), 52, 200
    move = np.zeros((104, 104))
    for place in range(104):
        for following in rooms.next[place].tolist():
            move[place, following] += 0.25
    move[goal] = 0.0
    # expected min(steps, limit), by how many are still on their way after each step
    there = np.full(104, 1 / 103)
    there[goal] = 0.0
    wanted = 0.0
    for _ in range(limit):
        wanted += there.sum()
        there = there @ move
        there[goal] = 0.0
    found = walked(6000, kind="grid", goal=52, limit=limit).steps.double().mean()
    assert abs(float(found) / wanted - 1.0) < 0.02


def test_a_chain_pays_at_its_right_end_half_of_the_time() -> None:
    told = walked(2000, kind="chain", states=5)
    assert 0.46 < float(told.reward.mean()) < 0.54
    # from the middle of five, an end is 3 steps away: 9 on average
    assert 8.4 < float(told.steps.double().mean()) < 9.6
    assert bool(told.visited.all())


def test_a_chain_is_left_at_either_end_and_paid_at_the_right_one_alone() -> None:
    row = place(kind="chain", states=5)
    at = {"place": np.arange(5)[None]}
    for action, led, paid, out in (
        (0, [0, 0, 1, 2, 3], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]),
        (1, [1, 2, 3, 4, 4], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]),
    ):
        after, reward, over = row.moved(at, np.full((1, 5), action))
        assert after["place"].tolist() == [led]
        assert (reward.astype(int).tolist(), over.astype(int).tolist()) == ([paid], [out])
    # from the last state one step more leads out at the right end
    assert row.true(at)["distance"].tolist() == [[5.0, 4.0, 3.0, 2.0, 1.0]]


def test_a_goal_is_seen_three_places_off_and_no_further() -> None:
    # place 0 is the upper left corner, 3 and 4 lie east of it, 31 three rows south
    for here, there, seen in ((0, 3, [[3, 6]]), (3, 0, [[3, 0]]), (0, 31, [[6, 3]]), (31, 0, [[0, 3]]), (0, 4, [])):
        state = {"place": np.array([[here]]), "goal": np.array([[there]])}
        view = grid().shown(state, ("view",))["view"][0, 0]
        assert np.argwhere(view[1]).tolist() == seen
    # west and north of the corner are walls, however far
    corner = grid().shown({"place": np.array([[0]]), "goal": np.array([[9]])}, ("view",))["view"][0, 0, 0]
    assert (corner[:3].all(), corner[:, :3].all(), corner[3:6, 3:].any()) == (True, True, False)


def test_starts_and_goals_are_drawn_evenly_and_never_coincide() -> None:
    rooms = grid()
    state = rooms.begin(Draw(torch.tensor([5]), torch.arange(20_000)[None]))
    assert not (state["place"] == state["goal"]).any()
    for name in ("place", "goal"):
        share = np.bincount(state[name][0], minlength=104) / 20_000 * 104
        assert 0.7 < float(share.min()) <= float(share.max()) < 1.3
    assert set(((state["place"] - state["goal"]) % 104)[0].tolist()) == set(range(1, 104)), "any other place"
    view = rooms.shown({"place": np.array([[0]]), "goal": np.array([[2]])}, ("view",))["view"][0, 0]
    assert (np.argwhere(view[1]).tolist(), float(view[0, 3, 3]), float(view[0, 2, 3])) == ([[3, 5]], 0.0, 1.0)


def test_what_comes_of_activities_is_made_of_their_cues() -> None:
    world = stream(kind="activities", cues=4, faint=0.5).world
    channels, _, factors = world.sample(torch.tensor([3]), torch.arange(500)[None])
    place, doing = factors["place"][..., :1], channels["activity"][:, :, :1]
    assert torch.equal(doing.argmax(dim=3), place)
    parts = channels["scene"][:, :, :1].reshape(1, 500, 4, 4)
    # cues stand in the part of what is done, at full strength but for the hard one
    for kind, strength in enumerate((1.0, 1.0, 0.5, 1.0)):
        here = parts[place[..., 0] == kind]
        assert set(here[:, kind].unique().tolist()) == {-strength, strength}
        assert not here[:, [other for other in range(4) if other != kind]].any()
    came = channels["outcome"][:, :, 0, 0]
    made = (parts.sum(dim=2) * torch.tensor([1.0, -1.0, 1.0, -1.0])).sum(dim=2) / 2.0
    assert not came[place[..., 0] == 0].any()
    for kind, strength in ((1, 1.0), (2, 0.5)):
        here = place[..., 0] == kind
        torch.testing.assert_close(came[here], made[here] / strength)
    noise = place[..., 0] == 3
    assert abs(float(torch.corrcoef(torch.stack([came[noise], made[noise]]))[0, 1])) < 0.25
    assert 0.8 < float(came[place[..., 0] > 0].var()) < 1.2


def test_an_activity_is_done_when_it_was_chosen_and_cues_go_on() -> None:
    playground = stream(kind="activities", offers=["hard", "mastered"]).world
    state = playground.begin(Draw(torch.tensor([5]), torch.arange(9)[None]))  # type: ignore[attr-defined]
    assert set(state["place"].flatten().tolist()) <= {0, 2}
    after, reward, over = playground.moved(state, np.ones((1, 9), dtype=np.int64))  # type: ignore[attr-defined]
    assert (set(after["place"].flatten().tolist()), reward.any(), over.any()) == ({0}, False, False)
    assert not np.array_equal(after["word"], state["word"])


def test_outcomes_of_three_cues_by_hand() -> None:
    playground = place(kind="activities", cues=3, faint=0.5)
    # the last bits 1 0 1 are the cues 1, -1, 1; those of noise are further up: -1, 1, -1
    state = {"place": np.arange(4)[None], "word": np.full((1, 4), 0b010 << 16 | 0b101)}
    shown = playground.shown(state, ("scene", "outcome"))
    root = 3.0**0.5
    np.testing.assert_allclose(shown["outcome"][0, :, 0], [0.0, root, root, -root], rtol=1e-6)
    assert shown["scene"].reshape(4, 4, 3).sum(axis=1).tolist() == [
        [1, -1, 1],
        [1, -1, 1],
        [0.5, -0.5, 0.5],
        [1, -1, 1],
    ]
    for action in range(4):
        _, reward, over = playground.moved(state, np.full((1, 4), action))
        assert (reward.any(), over.any()) == (False, False)


def test_what_follows_does_not_depend_on_the_walks_before() -> None:
    rooms = grid(goal=1, limit=7)
    draw = Draw(torch.tensor([5, 6]), torch.arange(4).expand(2, -1))
    kept = started(rooms, draw, torch.arange(4).expand(2, -1) * EPISODES)
    kept, anew = ({name: value.clone() for name, value in kept.items()} for _ in range(2))
    following = Followers(rooms, draw)
    for turn in range(40):
        action_NBT = draw.at("turn", str(turn)).integers(4, 5)
        for state, asked in ((kept, following), (anew, Followers(rooms, draw))):
            seen = walk(rooms, state, 5, lambda frame, *_, told=action_NBT: told[..., frame], asked, ("place",))
            # As cohorts do it: into the same memory, but for a life that stands still now and then.
            for name, value in seen.state.items():
                state[name][: 1 if turn % 3 == 0 else 2] = value[: 1 if turn % 3 == 0 else 2]
        assert all(torch.equal(value, anew[name]) for name, value in kept.items())
    assert int((kept["episode"] % EPISODES).max()) > 20


def test_a_start_may_be_fixed() -> None:
    rooms = grid(start=5, goal=40)
    state = rooms.begin(Draw(torch.tensor([5]), torch.arange(20)[None]))
    assert set(state["place"].flatten().tolist()) == {5}


def test_an_expert_takes_every_shortest_way_alike() -> None:
    rooms = grid(walker="expert")
    place, goal = (each.flatten() for each in np.indices((104, 104)))
    place, goal = place[place != goal], goal[place != goal]
    state = {"place": place[None], "goal": goal[None]}
    distance, ways = rooms.distance.numpy(), rooms.next.numpy()
    for drawn in range(4):
        done = rooms.led(state, np.full_like(place[None], drawn))
        assert np.array_equal(distance[ways[place, done], goal], distance[place, goal][None] - 1)
    # from the upper left corner to the lower right one there are two ways; they are as likely
    corner = {"place": np.array([[0]]), "goal": np.array([[103]])}
    assert sorted(int(rooms.led(corner, np.array([[drawn]]))[0, 0]) for drawn in range(4)) == [1, 1, 2, 2]
    told = walked(200, kind="grid", walker="expert")
    assert torch.equal(told.steps.double(), told.shortest.double())
    drawn_NB = np.array([[3]])
    assert grid().led(corner, drawn_NB) is drawn_NB, "anyone does what was drawn"


def test_what_is_done_is_told_beside_the_place_it_is_done_in() -> None:
    channels, _, factors = grid().sample(torch.tensor([3]), torch.arange(50)[None])
    copy, done = channels["action"], factors["action"]
    assert torch.equal(copy[:, :, :-1].argmax(dim=3), done[:, :, :-1])
    assert not copy[:, :, -1].any()
    assert bool((copy[:, :, :-1].sum(dim=3) == 1).all())


def test_levels_fall_and_what_is_done_raises_one_of_them() -> None:
    body = place(kind="forage", needs=2, wane=0.125, meal=0.5)
    begun = body.true(body.begin(Draw(torch.tensor([5]), torch.arange(9)[None])))
    assert not begun["place"].any(), "nothing was done yet"
    full, empty = np.full((1, 3), 0.75, dtype=np.float32), np.zeros((1, 3), dtype=np.float32)
    state = {"place": np.zeros((1, 3), dtype=np.int64), "level1": full, "level2": empty}
    after, reward, over = body.moved(state, np.array([[0, 1, 2]]))
    assert after["level1"].tolist() == [[0.625, 1.0, 0.625]]
    assert after["level2"].tolist() == [[0.0, 0.0, 0.375]]
    assert (after["place"].tolist(), reward.any(), over.any()) == ([[0, 1, 2]], False, False)
