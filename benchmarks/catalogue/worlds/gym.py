"""Environments of gymnasium: the same pole as ours, the lake of its table, what is learned in them, and their pace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from benchmarks.catalogue.worlds.acting import answered, walked
from models.specs.worlds.environments import made
from models.specs.worlds.tasks import CartPoleSpec
from models.worlds.cart_pole import CartPole
from models.worlds.walking import State

_POLE = ("position", "velocity", "angle", "spin")
_LAKES = ("FrozenLake-v1", "FrozenLake8x8-v1")


def _alike(quick: bool) -> Iterator[Figure]:
    """Poles of the library beside ours, from the same beginnings, until they fall."""
    episodes = 20 if quick else 200
    yield Figure("path_off", _path_off(episodes, 10.0), "rad", "<= 1e-10", "cart_pole, pushed alike until it falls")
    yield Figure("control", _path_off(episodes, 11.0), "rad", ">= 0.01", "pushed a tenth harder")


def _path_off(episodes: int, force: float) -> float:
    env, ours = made("CartPole-v1"), CartPole(CartPoleSpec(kind="cart_pole", force=force), "train", 2)
    furthest = 0.0
    for seed in range(episodes):
        env.reset(seed=seed)
        state: State = {name: np.full((1, 1), number) for name, number in zip(_POLE, env.state, strict=True)}
        drawn, over = np.random.default_rng(seed), False
        while not over:
            action = int(drawn.integers(2))
            state = ours.moved(state, np.array([[action]]))[0]
            over = env.step(action)[2]
            furthest = max(furthest, abs(state["angle"].item() - float(env.state[2])))
    return furthest


def _lake(quick: bool) -> Iterator[Figure]:
    """How long who does anything alike is on the ice, against the tables of transitions."""
    count = 500 if quick else 10_000
    found = walked({"kind": "gym", "env": _LAKES[0]}, count).steps.double()
    error = float(found.std()) / count**0.5
    for name, lake, bound in zip(("steps_off", "control"), _LAKES, ("<= 3", ">= 10"), strict=True):
        off = abs(float(found.mean()) - _on_ice(made(lake).P)) / error
        yield Figure(name, off, "s.e.", bound, f"the table of {lake}")


def _on_ice(table: Any, limit: int = 100) -> float:
    """Mean steps without aim before a hole, the other side, or the limit."""
    steps, there = 0.0, np.eye(len(table))[0]
    for _ in range(limit):
        steps, after = steps + float(there.sum()), np.zeros(len(table))
        for place, actions in table.items():
            for chance, to, _, ended in (each for action in actions.values() for each in action):
                after[to] += 0.0 if ended else there[place] * chance / len(actions)
        there = after
    return steps


def _learned(quick: bool) -> Iterator[Figure]:
    """A small actor that learns to balance, and one to which nobody tells what acting brought."""
    updates = 40 if quick else 150
    taught = _grown(updates, {"worth": 0.05, "doing": 1.0})
    yield from lives.figures("return", taught, "reward", ">= 40" if quick else ">= 80")
    untaught = _grown(updates // 4, {"worth": 0.05})
    yield from lives.figures("untaught", untaught, "reward", "<= 27", "nobody acts for reward: 22")


def _grown(updates: int, weights: dict[str, float]) -> list[float]:
    head = {"kind": "linear", "act": "none", "init": {"kind": "zeros"}}
    hidden = {"kind": "linear", "size": 32, "act": "tanh"}
    ways = (("body", "hidden"), ("hidden", "striatum"), ("body", "value"), ("value", "critic"))
    areas = {"hidden": hidden, "striatum": head | {"size": 2}, "value": hidden, "critic": head | {"size": 1}}
    discounts = {"discount": 0.98, "trace": 0.9}
    costs = {
        "worth": {"kind": "td_value", "at": "critic", "scope": "upstream"} | discounts,
        "doing": {"kind": "policy_gradient", "at": "striatum", "critic": "critic", "entropy": 0.005} | discounts,
    }
    document = {
        "clock": {"batch": 8},
        "organism": {
            "senses": {"body": {"shape": [4], "channel": "state"}},
            "areas": areas,
            "pathways": [{"from": below, "to": above} for below, above in ways],
            "optimizer": {"kind": "adam", "lr": 0.01},
        },
        "worlds": {"track": {"source": {"kind": "gym", "env": "CartPole-v1"}, "steps": 65, "actor": "striatum"}},
        "costs": {name: costs[name] for name in weights},
        "stages": [{"name": "track", "world": "track", "costs": weights, "until": {"after": f"{updates}ba"}}],
        "probes": {"stood": {"kind": "return", "world": "track", "every": "1000ba", "n": 20}},
    }
    return list(lives.grown(document).last["stood"])


ENTRIES: tuple[Entry, ...] = (entry("gym", _alike, _lake, _learned, answered("gym", (4, 30))),)
