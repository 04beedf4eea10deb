"""Tasks of the laboratory: what arms pay, how a pole falls, and that both can be learned."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from benchmarks.catalogue.worlds.acting import answered, walked
from benchmarks.catalogue.worlds.pace import EXAMPLES
from models.draw import Draw
from models.specs.worlds.tasks import BanditSpec, CartPoleSpec
from models.worlds.bandit import Bandit
from models.worlds.cart_pole import CartPole

_NAMES = ("position", "velocity", "angle", "spin")


def _learned(kind: str, probe: str, bounds: tuple[str, str], without: str, **changed: str) -> Iterator[Figure]:
    """The example of a world, and the same without the cost of the actor; stages by how long they are now."""
    for name, bound in zip(("return", "control"), bounds, strict=True):
        document: dict[str, Any] = yaml.safe_load(Path(EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8"))
        given = {each: document[each] for each in ("clock", "organism", "worlds", "costs", "stages", "probes")}
        for stage in given["stages"]:
            stage["until"] = {"after": changed.get(stage["name"], stage["until"]["after"])}
            if name == "control":
                del stage["costs"]["doing"]
        for each in given["probes"].values():
            each["every"] = "1000ba"  # the first and the last
        told = lives.grown(given).last[probe]
        yield from lives.figures(name, told, "reward", bound, None if name == "return" else without)


def _bandit(quick: bool) -> Iterator[Figure]:
    """Ten arms against what they should pay; then the example, in which the better arm becomes the worse."""
    pays = tuple(arm / 9 for arm in range(10))
    world = Bandit(BanditSpec(kind="bandit", pays=pays), "train", 2)
    episodes = 20_000 if quick else 200_000
    state = world.begin(Draw(torch.tensor([0]), torch.arange(episodes)[None]))
    found = [float(world.moved(state, np.full((1, episodes), arm))[1].mean()) for arm in range(10)]
    off = max(abs(one - pay) for one, pay in zip(found, pays, strict=True))
    yield Figure("pays_off", off, "share", "<= 0.015" if quick else "<= 0.005", "the document")
    yield from _learned("bandit", "left", (">= 13.5", "<= 10.5"), "nobody acts for reward: 10 of 20")


def _cart_pole(quick: bool) -> Iterator[Figure]:
    """Forty steps against the equations; then an actor that learns."""
    yield Figure("path_off", _path_off(1.0), "rad", "<= 1e-7", "the equations with sine and cosine of the library")
    yield Figure("control", _path_off(1.1), "rad", ">= 0.01", "with a push that is a tenth stronger")
    steps = float(walked({"kind": "cart_pole"}, 2000 if quick else 20_000).steps.double().mean())
    yield Figure("steps", steps, "steps", "within 21.2 23.2", "pushed at random")
    length = "150ba" if quick else "400ba"
    bound = ">= 40" if quick else ">= 80"
    yield from _learned("cart_pole", "stood", (bound, "<= 27"), "nobody acts for reward: 22", track=length)


def _path_off(stronger: float) -> float:
    """Furthest that an angle is from Euler's steps of the equations, pushed to and fro."""
    world = CartPole(CartPoleSpec(kind="cart_pole"), "train", 2)
    state = world.begin(Draw(torch.tensor([0]), torch.arange(50)[None]))
    x = np.stack([state[name][0] for name in _NAMES])
    furthest = 0.0
    for step in range(40):
        action = step % 2
        state = world.moved(state, np.full((1, 50), action))[0]
        force = (20.0 * action - 10.0) * stronger
        push = (force + 0.05 * x[3] ** 2 * np.sin(x[2])) / 1.1
        turn = (9.8 * np.sin(x[2]) - push * np.cos(x[2])) / (0.5 * (4 / 3 - 0.1 * np.cos(x[2]) ** 2 / 1.1))
        x = x + 0.02 * np.stack([x[1], push - 0.05 * turn * np.cos(x[2]) / 1.1, x[3], turn])
        furthest = max(furthest, float(np.abs(x[2] - state["angle"][0]).max()))
    return furthest if math.isfinite(furthest) else math.inf


ENTRIES: tuple[Entry, ...] = (
    entry("bandit", _bandit, answered("bandit")),
    entry("cart_pole", _cart_pole, answered("cart_pole")),
)
