"""Tasks of the laboratory: what arms pay, and how a pole falls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.engine.acting import Policy, episodes
from models.engine.feed import Stream
from models.protocols import Episodes
from models.specs.worlds import WorldSpec
from models.specs.worlds.acting import ActingSource
from models.worlds import build_place
from models.worlds.walking import Place, State

NAMES = ("position", "velocity", "angle", "spin")


def stream(steps: int = 2, **source: Any) -> Stream:
    return Stream(TypeAdapter(WorldSpec).validate_python({"source": source, "steps": steps}, strict=False), {}, {})


def place(**source: Any) -> Place:
    spec: ActingSource = TypeAdapter(ActingSource).validate_python(source, strict=False)
    return build_place(spec, "train", 2)


def walked(count: int, **source: Any) -> Episodes:
    aimless = Policy(None, None, place(**source).actions)
    return episodes(stream(**source), aimless, ({}, {}), torch.tensor([3]), torch.arange(count)[None])


def begun(world: Place, episodes: int, seeds: list[int]) -> State:
    return world.begin(Draw(torch.tensor(seeds), torch.arange(episodes).expand(len(seeds), -1)))


def test_arms_pay_as_often_as_they_should() -> None:
    arms = place(kind="bandit", pays=[0.1, 0.9, 0.0, 1.0])
    state = begun(arms, 8000, [5])
    assert np.unique(state["place"]).tolist() == [4]
    for arm, share in enumerate((0.1, 0.9, 0.0, 1.0)):
        after, reward, over = arms.moved(state, np.full((1, 8000), arm))
        assert not over.any()
        assert np.array_equal(after["paid"], reward)
        assert abs(float(reward.mean()) - share) <= (0.015 if 0 < share < 1 else 0)
    assert np.unique(arms.true(state)["best"]).tolist() == [3]


def test_of_arms_that_pay_alike_the_first_is_the_best() -> None:
    arms = place(kind="bandit", pays=[0.2, 0.7, 0.7])
    assert np.unique(arms.true(begun(arms, 3, [5]))["best"]).tolist() == [1]


def test_a_bandit_shows_the_last_arm_and_what_it_paid() -> None:
    arms = place(kind="bandit", pays=[0.0, 1.0])
    before = begun(arms, 1, [5])
    shown = arms.shown(before, ("arm", "paid"))
    assert (shown["arm"].tolist(), shown["paid"].tolist()) == ([[[0.0, 0.0]]], [[[0.0]]])
    after, _, _ = arms.moved(before, np.array([[1]]))
    shown = arms.shown(after, ("arm", "paid"))
    assert (shown["arm"].tolist(), shown["paid"].tolist()) == ([[[0.0, 1.0]]], [[[1.0]]])


def test_rewards_of_an_arm_are_drawn_anew_at_every_pull() -> None:
    arms = place(kind="bandit", pays=[0.5, 0.5])
    state, paid = begun(arms, 4000, [5]), []
    for _ in range(3):
        state, reward, _ = arms.moved(state, np.zeros((1, 4000), np.int64))
        paid.append(reward[0])
    assert np.abs(np.corrcoef(paid) - np.eye(3)).max() < 0.06


def test_arms_dealt_anew_are_turned_and_the_best_is_told() -> None:
    arms = place(kind="bandit", pays=[1.0, 0.0, 0.0], dealt="random")
    state = begun(arms, 3000, [5])
    best = arms.true(state)["best"]
    assert np.bincount(best[0], minlength=3).min() > 900
    assert np.unique(arms.moved(state, best)[1]).tolist() == [1]
    assert np.unique(arms.moved(state, (best + 1) % 3)[1]).tolist() == [0]


def test_a_bandit_pulled_without_aim_pays_the_mean() -> None:
    told = walked(2000, kind="bandit", pays=[0.2, 0.6], limit=10)
    assert told.steps.unique().tolist() == [10]
    assert abs(float(told.reward.mean()) - 4.0) < 0.1


def test_one_push_of_a_pole_at_rest_by_hand() -> None:
    track = place(kind="cart_pole")
    rest = {name: np.zeros((1, 2), np.float32) for name in NAMES}
    after, reward, over = track.moved(rest, np.array([[0, 1]]))
    # F = 10 N, M = 1.1 kg, l = 0.5 m: w' = -(10 / 1.1) / (0.5 (4/3 - 0.1 / 1.1)), v' = 10 / 1.1 - 0.05 w' / 1.1
    turn = -(10 / 1.1) / (0.5 * (4 / 3 - 0.1 / 1.1))
    speed = 10 / 1.1 - 0.05 * turn / 1.1
    np.testing.assert_allclose(after["spin"], [[-0.02 * turn, 0.02 * turn]], rtol=1e-6)
    np.testing.assert_allclose(after["velocity"], [[-0.02 * speed, 0.02 * speed]], rtol=1e-6)
    assert not after["position"].any()
    assert not after["angle"].any()
    assert (reward.tolist(), over.tolist()) == ([[1.0, 1.0]], [[False, False]])


def test_a_leaning_pole_turns_by_its_weight_and_by_the_push() -> None:
    track = place(kind="cart_pole", length=1.0, force=2.0)
    lean = {"position": 0.3, "velocity": -0.4, "angle": 0.2, "spin": 0.7}
    after, _, _ = track.moved({name: np.full((1, 1), each, np.float32) for name, each in lean.items()}, np.array([[1]]))
    sine, cosine = math.sin(0.2), math.cos(0.2)
    push = (2.0 + 0.1 * 0.49 * sine) / 1.1
    turn = (9.8 * sine - push * cosine) / (4 / 3 - 0.1 * cosine**2 / 1.1)
    wanted = {"position": 0.3 - 0.008, "angle": 0.2 + 0.014, "spin": 0.7 + 0.02 * turn}
    for name, value in wanted.items():
        assert after[name].item() == pytest.approx(value, rel=1e-6)
    assert after["velocity"].item() == pytest.approx(-0.4 + 0.02 * (push - 0.1 * turn * cosine / 1.1), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "over"),
    [("position", 2.39, False), ("position", -2.41, True), ("angle", 0.209, False), ("angle", -0.21, True)],
)
def test_beyond_the_track_or_twelve_degrees_it_is_over(name: str, value: float, over: bool) -> None:
    state = {each: np.zeros((1, 1), np.float32) for each in NAMES}
    state[name] += np.float32(value)
    assert place(kind="cart_pole").moved(state, np.array([[0]]))[2].item() is over


def test_boxes_are_those_of_barto_sutton_and_anderson() -> None:
    track = place(kind="cart_pole")
    assert stream(kind="cart_pole").spec.source.facts().factors["place"].classes == 162
    degrees = np.array([[-7.0, -3.0, -0.5, 0.5, 3.0, 7.0]])
    state = {
        "position": np.full((1, 6), -1.0),
        "velocity": np.zeros((1, 6)),
        "angle": np.radians(degrees),
        "spin": np.full((1, 6), 1.0),
    }
    # left of the middle, slow, the six angles, turning fast: ((0 x 3 + 1) x 6 + angle) x 3 + 2
    assert track.true(state)["place"].tolist() == [[(6 + angle) * 3 + 2 for angle in range(6)]]


@pytest.mark.parametrize(
    ("name", "values", "boxes", "weight"),
    [
        ("position", (-0.81, -0.79, 0.79, 0.81), (0, 1, 1, 2), 3 * 6 * 3),
        ("velocity", (-0.51, -0.49, 0.49, 0.51), (0, 1, 1, 2), 6 * 3),
        (
            "angle",
            [math.radians(each) for each in (-6.1, -5.9, -1.1, -0.9, -0.1, 0.1, 0.9, 1.1, 5.9, 6.1)],
            (0, 1, 1, 2, 2, 3, 3, 4, 4, 5),
            3,
        ),
        ("spin", [math.radians(each) for each in (-51, -49, 49, 51)], (0, 1, 1, 2), 1),
    ],
)
def test_boxes_end_where_they_should(name: str, values: Sequence[float], boxes: Sequence[int], weight: int) -> None:
    track, count = place(kind="cart_pole"), len(values)
    state = {each: np.full((1, count), -9.0) for each in NAMES} | {name: np.array([values])}
    assert track.true(state)["place"].tolist() == [[weight * box for box in boxes]]
    assert np.array_equal(track.shown(state, ("box",))["box"][0], np.eye(162)[[weight * box for box in boxes]])


def test_a_pole_begins_nearly_at_rest_on_either_side() -> None:
    for number in begun(place(kind="cart_pole"), 4000, [5]).values():
        assert 0.0499 < -number.min() <= 0.05
        assert 0.0499 < number.max() <= 0.05
        assert float(number.std()) == pytest.approx(0.05 / math.sqrt(3), rel=0.03)


def test_a_pole_pushed_without_aim_falls_after_22_steps() -> None:
    assert abs(float(walked(3000, kind="cart_pole").steps.double().mean()) - 22.2) < 1.0
    assert float(walked(500, kind="cart_pole", length=2.0).steps.double().mean()) > 35.0


@pytest.mark.parametrize("kind", ["bandit", "cart_pole"])
def test_a_life_goes_through_the_same_alone_and_among_others(kind: str) -> None:
    world, several = place(kind=kind), [3, 8, 9, 5, 2]
    together, alone = begun(world, 7, several), begun(world, 7, [9])
    for step in range(60):
        action_NB = (np.arange(7)[None] + step) % 2
        together, alone = world.moved(together, action_NB.repeat(5, axis=0))[0], world.moved(alone, action_NB)[0]
        assert all(np.array_equal(together[name][2], alone[name][0]) for name in alone)
