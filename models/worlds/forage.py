"""A body that has to be kept going."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.acting import ForageSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import Array, Flags, Numbers, State, at_random


@final
class Forage:
    r"""Levels of a body that fall by themselves, and rise by what is done.

    Scene:      channels `body`, the level of every need, and `action`, what is done there, one-hot, 0 until it is
                chosen; action 0 rests, action k sees to need k. No rewards: what a level is worth is for the animal to
                say; `limit` steps end an episode
    Statistics: h_k <- clip(h_k - wane + meal 1[action = k], 0, 1); levels uniform in [0, 1] at the beginning. At rest
                they fall; one action per step can hold meal / wane needs. Factors place (what was done last, 0
                nothing), level, action, reward (0), done
    Draws:      (life seed, world digest, slot and episode): levels; (life seed, world digest, presentation): what is
                done where no area acts
    Shapes:     body (N, B, T, needs), action (N, B, T, needs + 1) float32; level (N, B, T, needs), others (N, B, T)
    Units:      levels in [0, 1]
    Reference:  after Keramati & Gutkin (2014) eLife 3:e04811; without a place to go to
    """

    size = None

    def __init__(self, source: ForageSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self.actions = source.needs + 1
        self._steps = steps
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Anything done alike, from the beginning of these episodes."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("body",))

    def begin(self, draw: Draw) -> State:
        """Some level of everything."""
        level = draw.at("level").uniform(self.source.needs).numpy()
        place = np.zeros(level.shape[:2], dtype=np.int64)
        return {"place": place, **{name: level[..., need] for need, name in enumerate(self._levels)}}

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """One step."""
        fed = {
            name: np.minimum(np.maximum(state[name] + change.take(action_NB), 0.0), 1.0)
            for name, change in zip(self._levels, self._changes, strict=True)
        }
        none = action_NB < 0
        return {"place": action_NB, **fed}, none, none

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """How the body is."""
        return {"body": self._body(state)} if "body" in wanted else {}

    def true(self, state: State) -> dict[str, Array]:
        """What was done, and how the body is."""
        body = self._body(state)
        return {"place": state["place"], "level": body[..., 0].copy() if self.source.needs == 1 else body}

    @cached_property
    def _levels(self) -> tuple[str, ...]:
        return tuple(f"level{need}" for need in range(1, self.source.needs + 1))

    @cached_property
    def _changes(self) -> Array:
        """What each action does to each level, (needs, actions)."""
        met = np.eye(self.source.needs, self.actions, 1, dtype=np.float32)
        return (met * self.source.meal - self.source.wane).astype(np.float32)

    def _body(self, state: State) -> Array:
        levels = [state[name] for name in self._levels]
        return np.stack(levels, axis=-1) if len(levels) > 1 else levels[0][..., None]
