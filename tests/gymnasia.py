"""Schedules in environments of gymnasium, a package of an operator's own, and a machine without the library."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from models.specs.worlds import environments

PACKAGE = "playgrounds"
SOURCE = '''
import gymnasium
import numpy as np
from gymnasium import spaces


class Base(gymnasium.Env):
    action_space = spaces.Discrete(3, start=5)
    observation_space = spaces.Discrete(50, start=-20)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = int(self.np_random.integers(-20, 20))
        return self.at, {}

    def step(self, action):
        assert action in (5, 6, 7), action
        self.at = min(29, self.at + int(action) - 5)
        return self.at, float(action), self.at == 29, False, {}


class Careless(Base):
    """Draws from the generator of everybody."""

    def step(self, action):
        return int(np.random.randint(-20, 29)), 0.0, False, False, {}


class Growing(Base):
    """Every episode is harder than the last."""

    episodes = 0

    def reset(self, *, seed=None, options=None):
        self.episodes += 1
        super().reset(seed=seed)
        return min(29, self.episodes), {}


class Seeding(Base):
    """Seeds the generator of everybody, and so is alone in the world."""

    def reset(self, *, seed=None, options=None):
        np.random.seed(seed)
        return super().reset(seed=seed)

    def step(self, action):
        return int(np.random.randint(-20, 29)), 0.0, False, False, {}


class Told(Base):
    pass


class Continuous(Base):
    action_space = spaces.Box(-1.0, 1.0, (2,))


class Vast(Base):
    observation_space = spaces.Box(0.0, 1.0, (70, 70))


class Dictionary(Base):
    observation_space = spaces.Dict({"place": spaces.Discrete(3)})


class Lacking(Base):
    def __init__(self):
        raise ImportError("No module named 'physics'")


class Turning(Base):
    """Goes on otherwise once someone has let it."""

    turned = False

    def step(self, action):
        seen, *rest = super().step(action)
        return (-20 if Turning.turned else seen), *rest


for each in (Base, Careless, Growing, Seeding, Continuous, Vast, Dictionary, Lacking, Turning):
    gymnasium.register(f"{each.__name__}-v0", entry_point=each, max_episode_steps=9)
gymnasium.register("Told-v0", entry_point=Told, max_episode_steps=9, nondeterministic=True)
gymnasium.register("Endless-v0", entry_point="playgrounds:Base")
gymnasium.register("Lasting-v0", entry_point="playgrounds:Base", max_episode_steps=20_000)
'''


@contextmanager
def operators_package(folder: Path) -> Iterator[Any]:
    """The package, installed but not let in."""
    import gymnasium  # noqa: PLC0415

    (folder / f"{PACKAGE}.py").write_text(SOURCE)
    known = set(gymnasium.registry)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        environments.let_in(())
        sys.path.remove(str(folder))
        sys.modules.pop(PACKAGE, None)
        for name in set(gymnasium.registry) - known:
            del gymnasium.registry[name]


@contextmanager
def without_gymnasium() -> Iterator[None]:
    """A machine on which it is not installed."""
    environments.content.cache_clear()
    with pytest.MonkeyPatch.context() as machine:
        machine.setitem(sys.modules, "gymnasium", None)  # what an import then fails on
        yield
    environments.content.cache_clear()


def balancing(updates: int = 12, env: str = "CartPole-v1", **changes: Any) -> dict[str, Any]:
    """Lives that learn to balance a pole, with readings on the way; `changes` replace members of the top level."""
    document: dict[str, Any] = {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "balancing",
        "seeds": {"count": 3},
        "clock": {"batch": 4},
        "organism": {
            "senses": {"body": {"shape": [4], "channel": "state"}},
            "areas": {
                "hidden": {"kind": "linear", "size": 8, "act": "tanh"},
                "striatum": {"kind": "linear", "size": 2, "act": "none"},
                "critic": {"kind": "linear", "size": 1, "act": "none"},
            },
            "pathways": [
                {"from": "body", "to": "hidden"},
                {"from": "hidden", "to": "striatum"},
                {"from": "hidden", "to": "critic"},
            ],
            "optimizer": {"kind": "adam", "lr": 0.01},
        },
        "worlds": {"track": {"source": {"kind": "gym", "env": env, "limit": 40}, "steps": 9, "actor": "striatum"}},
        "costs": {
            "worth": {"kind": "td_value", "at": "critic"},
            "doing": {"kind": "policy_gradient", "at": "striatum", "critic": "critic"},
        },
        "stages": [
            {
                "name": "track",
                "world": "track",
                "costs": {"worth": 0.5, "doing": 1.0},
                "until": {"after": f"{updates}ba"},
            }
        ],
        "probes": {"stood": {"kind": "return", "world": "track", "every": "5ba", "n": 4}},
    }
    return document | changes
