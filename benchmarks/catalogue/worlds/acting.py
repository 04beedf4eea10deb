"""Worlds that answer: a walk without aim against the table of moves, and what their steps take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from benchmarks.catalogue.table import Entry, Figure, Proof, entry
from benchmarks.catalogue.worlds.pace import LIVES, MOST, regime_of
from models.draw import Draw
from models.engine.acting import Policy, episodes
from models.engine.cohort import birth
from models.engine.feed import Stream
from models.engine.step import Training
from models.protocols import Episodes
from models.specs.worlds import WorldSpec
from models.specs.worlds.acting import ACTIVITIES, ActingSource, ForageSpec
from models.worlds import build_place
from models.worlds.grid import Grid
from models.worlds.walking import EPISODES, Followers, started, walk


def walked(source: dict[str, Any], count: int) -> Episodes:
    """Episodes of one life that does anything alike."""
    spec = TypeAdapter(WorldSpec).validate_python({"source": source, "steps": 2}, strict=False)
    stream = Stream(spec, {}, {})
    actions = spec.source.facts().actions
    assert actions is not None
    return episodes(stream, Policy(None, None, actions), ({}, {}), torch.tensor([0]), torch.arange(count)[None])


def _grid(quick: bool) -> Iterator[Figure]:
    spec = TypeAdapter(WorldSpec).validate_python({"source": {"kind": "grid"}}, strict=False)
    rooms = Stream(spec, {}, {}).world
    assert isinstance(rooms, Grid)
    wanted = _expected(rooms.next.numpy(), rooms.limit)
    found = float(walked({"kind": "grid"}, 4000 if quick else 40_000).steps.double().mean())
    yield Figure("steps_off", abs(found / wanted - 1.0), "share", "<= 0.02", "the table of moves")
    one = float(walked({"kind": "grid", "goal": 0}, 4000).steps.double().mean())
    yield Figure("control", abs(one / wanted - 1.0), "share", ">= 0.02", "the goal always in a corner")


def _expected(following: np.ndarray[Any, Any], limit: int) -> float:
    """Mean steps of a walk without aim, over all pairs of start and goal."""
    places, total = len(following), 0.0
    for goal in range(places):
        move = np.zeros((places, places))
        np.add.at(move, (np.repeat(np.arange(places), 4), following.flatten()), 0.25)
        there = np.full(places, 1.0 / (places - 1))
        there[goal] = 0.0
        for _ in range(limit):
            total += there.sum()
            there = there @ move
            there[goal] = 0.0
    return total / places


def _chain(quick: bool) -> Iterator[Figure]:
    told = walked({"kind": "chain"}, 2000 if quick else 20_000)
    yield Figure("return", float(told.reward.mean()), "reward", "within 0.46 0.54", "1 / 2")
    yield Figure("steps", float(told.steps.double().mean()), "steps", "within 93 107", "10 steps to either end: 100")


def _activities(quick: bool) -> Iterator[Figure]:
    """What a line through the cues tells of what comes of each activity."""
    spec = TypeAdapter(WorldSpec).validate_python({"source": "activities", "steps": 17}, strict=False)
    index = torch.arange(200 if quick else 1000)[None]
    channels, _, factors = Stream(spec, {}, {}).world.sample(torch.tensor([0]), index)
    scene, came = channels["scene"].reshape(-1, 16).double(), channels["outcome"].reshape(-1, 1).double()
    place = factors["place"].flatten()
    bounds = ("<= 0", "<= 1e-6", "<= 1e-6", "within 0.9 1.1")
    for number, (name, bound) in enumerate(zip(ACTIVITIES, bounds, strict=True)):
        here = place == number
        told, half = scene[here], int(here.sum()) // 2
        fit = torch.linalg.lstsq(told[:half], came[here][:half], driver="gelsd").solution
        lost = float((told[half:] @ fit - came[here][half:]).square().mean())
        yield Figure(f"{name}_lost", lost, "variances", bound)
    yield Figure("control", float(came[place > 0].square().mean()), "variances", "within 0.9 1.1", "nothing foretold")


def _forage(quick: bool) -> Iterator[Figure]:
    """The level at which anything done alike holds a need, and at rest."""
    source = ForageSpec(kind="forage", wane=0.05, meal=0.15, limit=256)
    place = build_place(source, "train", 256)
    count = 200 if quick else 1000
    _, _, factors = place.sample(torch.tensor([0]), torch.arange(count)[None])
    # of three things each is done a third of the time: .05 a step, as much as is lost
    fall = factors["level"].diff(dim=2)
    inside = (factors["level"][:, :, :-1] > 0.15) & (factors["level"][:, :, :-1] < 0.85)
    yield Figure("drift", abs(float(fall[inside].mean())), "level", "<= 0.001", "meal / actions - wane = 0")
    rests = (factors["action"][:, :, :-1] == 0)[..., None] & inside
    yield Figure("control", float(fall[rests].mean()), "level", "within -0.0501 -0.0499", "at rest: -wane")


def answered(kind: str, updates: tuple[int, int] = (30, 120)) -> Proof:
    """Share of an update of eight lives in which nothing but the world is asked, frame by frame as an actor asks it.

    Over so many updates for a quick answer, and for a better one.
    """

    def proof(quick: bool) -> Iterator[Figure]:
        regime = regime_of(kind)
        source = regime.world.source
        assert isinstance(source, ActingSource)
        training = Training(birth(regime, range(LIVES)), regime)
        draw = Draw(training.cohort.seeds_N, torch.arange(regime.batch).expand(LIVES, -1))
        frames, channels = regime.world.steps, training.stream.channels
        place = build_place(source, regime.world.split, frames)
        actions = [each.clone() for each in draw.at("action").integers(place.actions, frames).unbind(-1)]
        following = Followers(place, draw)
        state = started(place, draw, torch.arange(regime.batch).expand(LIVES, -1) * EPISODES)
        whole = alone = 0.0
        training.update()
        for _ in range(updates[0] if quick else updates[1]):
            began = time.process_time()
            training.update()
            updated = time.process_time()
            state = walk(place, state, frames, lambda frame, *_: actions[frame], following, channels).state
            whole, alone = whole + updated - began, alone + time.process_time() - updated
        yield Figure("pace", alone / whole, "share", f"<= {MOST}")

    return proof


ENTRIES: tuple[Entry, ...] = (
    entry("grid", _grid, answered("grid")),
    entry("chain", _chain, answered("chain")),
    entry("activities", _activities, answered("activities")),
    entry("forage", _forage, answered("forage")),
)
