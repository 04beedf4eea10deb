"""Environments of gymnasium: where a slot is follows from what was done there, wherever environments stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasia import PACKAGE, balancing, operators_package, without_gymnasium
from living import digest, live, obeys_the_law, planned
from pydantic import TypeAdapter

from models.draw import Draw
from models.engine import snapshot
from models.engine.acting import Policy, episodes
from models.engine.feed import Stream
from models.errors import Refused, SnapshotMismatch
from models.specs.worlds import WorldSpec, environments
from models.specs.worlds.acting import ActingSource
from models.specs.worlds.gym import GymSpec
from models.worlds import build_place
from models.worlds.gym import Gym
from models.worlds.walking import EPISODES, Followers, State, started, walk

POLE = ("position", "velocity", "angle", "spin")


def place(env: str, **options: Any) -> Gym:
    source: ActingSource = TypeAdapter(ActingSource).validate_python(
        {"kind": "gym", "env": env} | options, strict=False
    )
    found = build_place(source, "train", 2)
    assert isinstance(found, Gym)
    return found


def begun(world: Gym, episodes: int, seeds: list[int]) -> State:
    return world.begin(Draw(torch.tensor(seeds), torch.arange(episodes).expand(len(seeds), -1)))


def steps(world: Gym, state: State, actions: list[int]) -> State:
    for action in actions:
        state = world.moved(state, np.full(state["seed"].shape, action))[0]
    return state


def same(one: State, other: State) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture
def playgrounds(tmp_path: Path) -> Iterator[Any]:
    with operators_package(tmp_path) as package:
        environments.let_in([PACKAGE])
        yield package


def test_it_is_the_environment_that_gymnasium_makes() -> None:
    world = place("CartPole-v1")
    first = begun(world, 3, [5])
    for slot in range(3):
        env = gymnasium.make("CartPole-v1")
        seen, _ = env.reset(seed=int(first["seed"][0, slot]))
        here: State = {name: value[:, slot : slot + 1] for name, value in first.items()}
        for step in range(12):
            assert np.array_equal(world.shown(here, ("state",))["state"][0, 0], seen)
            here, reward, over = world.moved(here, np.array([[step % 2]]))
            seen, wanted, ended, cut, _ = env.step(step % 2)
            assert (reward.item(), over.item()) == (wanted, ended or cut)


@pytest.mark.parametrize(("ended", "cut"), [(False, False), (True, False), (False, True)])
def test_an_episode_ends_where_the_environment_ends_it_or_cuts_it_off(ended: bool, cut: bool) -> None:
    class Saying:
        def step(self, action: int) -> tuple[list[float], float, bool, bool, dict[str, Any]]:
            return [0.0] * 4, 0.5 + action, ended, cut, {}

    world = place("CartPole-v1")
    assert world.true(begun(world, 1, [5]))["place"].tolist() == [[2]], "nothing was done yet"
    world._seats._envs = [Saying()]
    _, reward, over = world._seats.step(np.array([[1]]))
    assert (reward.item(), over.item()) == (1.5, ended or cut)


def test_a_pole_of_gymnasium_falls_as_ours_does() -> None:
    """Both are Euler's steps of Barto, Sutton and Anderson; the library's observations are rounded to 24 bits."""
    ours = build_place(TypeAdapter(ActingSource).validate_python({"kind": "cart_pole"}, strict=False), "train", 2)
    env = environments.made("CartPole-v1")
    for seed in range(20):
        env.reset(seed=seed)
        state: State = {name: np.full((1, 1), each) for name, each in zip(POLE, env.state, strict=True)}
        over, drawn = False, np.random.default_rng(seed)
        while not over:
            action = int(drawn.integers(2))
            state, _, ended = ours.moved(state, np.array([[action]]))
            _, _, over, _, _ = env.step(action)
            np.testing.assert_allclose([state[name].item() for name in POLE], env.state, atol=1e-10)
            assert ended.item() is over


def test_states_and_actions_count_from_where_their_spaces_begin(playgrounds: Any) -> None:
    world = place("Base-v0")
    state = begun(world, 4, [5])
    assert np.array_equal(world.true(state)["place"], state["seen"][..., 0])
    assert 0 <= int(world.true(state)["place"].min()) <= int(world.true(state)["place"].max()) < 50
    after, reward, _ = world.moved(state, np.array([[0, 1, 2, 2]]))
    assert reward.tolist() == [[5.0, 6.0, 7.0, 7.0]]
    assert (world.true(after)["place"] - world.true(state)["place"]).tolist() == [[0, 1, 2, 2]]
    assert world.shown(after, ("place",))["place"].argmax(axis=-1).tolist() == world.true(after)["place"].tolist()


@pytest.mark.parametrize(("env", "actions"), [("CartPole-v1", 2), ("FrozenLake-v1", 4), ("Taxi-v4", 6)])
def test_where_a_slot_is_follows_from_its_state_alone(env: str, actions: int) -> None:
    """Environments that stand elsewhere, or nowhere yet, are taken to where the state says."""
    world, drawn = place(env, limit=400), np.random.default_rng(1)
    told = [begun(world, 3, [7, 8])]
    done = [drawn.integers(actions, size=(2, 3)) for _ in range(70)]
    for action_NB in done:
        told.append(world.moved(told[-1], action_NB)[0])
    assert told[-1]["count"].tolist() == [[70] * 3] * 2
    for step in (69, 3, 0, 40):
        assert same(world.moved(told[step], done[step])[0], told[step + 1])
        assert same(place(env, limit=400).moved(told[step], done[step])[0], told[step + 1])
    here = np.array([True, False, True])
    mixed, apart = (_mixed(here, told[3 + later], told[9 + later]) for later in (0, 1))
    assert same(world.moved(mixed, np.where(here, done[3], done[9]))[0], apart)


def _mixed(here: np.ndarray[Any, Any], one: State, other: State) -> State:
    """Slots of one state, and of another."""
    return {
        name: np.where(here.reshape(1, 3, *[1] * (value.ndim - 2)), value, other[name]) for name, value in one.items()
    }


def test_what_was_done_is_kept_in_words() -> None:
    world, drawn = place("Taxi-v4", limit=200), np.random.default_rng(2)
    # six actions take three bits: 21 of them a word of 63
    assert begun(world, 1, [1])["trail"].shape == (1, 1, 10)
    state, done = begun(world, 1, [1]), drawn.integers(6, size=50).tolist()
    state = steps(world, state, done)
    assert state["trail"][0, 0, 0] == sum(action << 3 * each for each, action in enumerate(done[:21]))
    assert list(world._trail.read(state["trail"][0, 0].tolist(), 50)) == done
    assert state["last"].item() == done[-1]


def test_lives_slots_and_cohorts_leave_a_life_as_it_is() -> None:
    world, other = place("CartPole-v1"), place("CartPole-v1")
    several, alone = begun(world, 5, [3, 8, 9]), begun(other, 5, [9])
    for step in range(8):
        action_NB = (np.arange(5)[None] + step) % 2
        several, alone = world.moved(several, action_NB.repeat(3, axis=0))[0], other.moved(alone, action_NB)[0]
        assert all(np.array_equal(several[name][2], alone[name][0]) for name in alone)


def test_a_walk_goes_on_from_what_is_kept_whatever_was_walked_before() -> None:
    world = place("CartPole-v1", limit=15)
    draw = Draw(torch.tensor([5, 6]), torch.arange(4).expand(2, -1))
    first = started(world, draw, torch.arange(4).expand(2, -1) * EPISODES)
    kept, anew = ({name: value.clone() for name, value in first.items()} for _ in range(2))
    following = Followers(world, draw)
    for turn in range(10):
        action_NBT = draw.at("turn", str(turn)).integers(2, 7)
        elsewhere = place("CartPole-v1", limit=15)

        def choose(frame: int, *_: object, told: torch.Tensor = action_NBT) -> torch.Tensor:
            return told[..., frame]

        for state, where, asked in ((kept, world, following), (anew, elsewhere, Followers(elsewhere, draw))):
            seen = walk(where, state, 7, choose, asked, ("state",))
            for name, value in seen.state.items():
                state[name][: 1 if turn % 3 == 0 else 2] = value[: 1 if turn % 3 == 0 else 2]
        assert all(torch.equal(value, anew[name]) for name, value in kept.items())
    assert int((kept["episode"] % EPISODES).max()) > 3


def test_a_lake_crossed_without_aim_pays_as_its_table_says() -> None:
    table, share = environments.made("FrozenLake-v1").P, 0.0
    there = np.zeros(16)
    there[0] = 1.0
    for _ in range(100):
        after = np.zeros(16)
        for at in range(16):
            for action in range(4):
                for chance, to, reward, ended in table[at][action]:
                    share += there[at] * chance * reward / 4
                    after[to] += 0.0 if ended else there[at] * chance / 4
        there = after
    spec = TypeAdapter(WorldSpec).validate_python(
        {"source": {"kind": "gym", "env": "FrozenLake-v1"}, "steps": 2}, strict=False
    )
    aimless = Policy(None, None, 4)
    told = episodes(Stream(spec, {}, {}), aimless, ({}, {}), torch.tensor([3]), torch.arange(500)[None])
    assert abs(float(told.reward.mean()) - share) < 3 * (share / 500) ** 0.5
    assert not bool(told.visited[:, [5, 7]].any()), "nobody goes on from a hole"


def test_lives_in_an_environment_obey_the_law() -> None:
    """Alone as among others, and the same where they are stored and read back after every update, and after three."""
    _, histories = obeys_the_law(planned(balancing()), cuts=(1, 3))
    assert len(histories) == 3


def test_probes_beside_the_training_leave_it_as_it_is() -> None:
    plain = planned(balancing(probes={}))
    looked_at = planned(balancing(probes={"stood": {"kind": "return", "world": "track", "every": "1ba", "n": 3}}))
    assert snapshot.state_hash(live(plain, [0, 1])[0]) == snapshot.state_hash(live(looked_at, [0, 1])[0])


def test_lives_that_differ_in_their_world_alone_differ() -> None:
    """For the laws above to mean something."""
    short = balancing()
    short["worlds"]["track"]["source"]["limit"] = 12
    assert digest(*live(planned(balancing()), [0])) != digest(*live(planned(short), [0]))


@pytest.mark.parametrize("break_it", [lambda package: setattr(package.Turning, "turned", True)])
def test_an_environment_that_does_not_come_back_is_told(playgrounds: Any, break_it: Callable[[Any], None]) -> None:
    world = place("Turning-v0")
    state = steps(world, begun(world, 2, [5]), [1, 2])
    break_it(playgrounds)
    with pytest.raises(SnapshotMismatch, match="Turning-v0 does not come back to where a life left it"):
        place("Turning-v0").moved(state, np.array([[0, 0]]))


def test_a_life_that_has_diverged_stands_anywhere() -> None:
    """Nothing is left of it but zeros and what is no number."""
    for env in ("CartPole-v1", "Taxi-v4"):
        world = place(env)
        state = {
            name: np.full_like(value, np.nan if value.dtype == np.float32 else 0)
            for name, value in begun(world, 2, [5]).items()
        }
        after, _, _ = world.moved(state, np.zeros((1, 2), np.int64))
        assert after["count"].tolist() == [[1, 1]]
        assert int(world.true(state)["place"].max()) == 0


def test_a_machine_without_the_library_refuses_to_build() -> None:
    source = GymSpec(kind="gym", env="CartPole-v1")
    with without_gymnasium(), pytest.raises(Refused) as caught:
        build_place(source, "train", 2)
    (reason,) = caught.value.findings
    assert (reason.code, reason.suggestion) == ("E38", "install ontogeny[gym] where API and workers run")


def test_environments_are_used_again_by_who_comes_next() -> None:
    world = place("FrozenLake-v1")
    steps(world, begun(world, 3, [5]), [1])
    kept = set(map(id, world._seats._made))
    del world
    following = place("FrozenLake-v1")
    steps(following, begun(following, 3, [5]), [1])
    assert kept & set(map(id, following._seats._made))
