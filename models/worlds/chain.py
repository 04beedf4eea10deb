"""A row of states, walked to one end or the other."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.acting import ChainSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import Array, Flags, Numbers, State, at_random


@final
class Chain:
    r"""The random walk on which methods that learn values are compared.

    Scene:      channel `place`, one-hot; actions left and right; beyond the left end an episode ends with reward 0,
                beyond the right end with reward 1; it begins in the middle
    Statistics: walked at random, the value of state i of n, counted from 1 at the left, is i / (n + 1) without
                discount; factors place, distance (steps to the right end), action, reward, done
    Draws:      none for the place; (life seed, world digest, presentation) for what is done where nobody acts
    Shapes:     place (N, B, T, states), what is done as `action` (N, B, T, 2) float32; factors (N, B, T)
    Units:      distance in steps, reward dimensionless
    Reference:  Sutton (1988) Mach. Learn. 3:9; with 19 states Sutton & Barto (2018) Reinforcement Learning, section 7.1
    """

    size = None
    actions = 2

    def __init__(self, source: ChainSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self._steps = steps
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Random walks from the middle."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("place",))

    def begin(self, draw: Draw) -> State:
        """The middle."""
        assert draw.index_NB is not None
        return {"place": np.full((len(draw.seeds_N), draw.index_NB.shape[1]), self.source.states // 2)}

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """One step to the left (0) or right (1)."""
        way = state["place"] * self.actions + action_NB
        return {"place": self._next.take(way)}, self._right.take(way), self._out.take(way)

    @cached_property
    def _led(self) -> Numbers:
        """Where each way leads, one to the left and one to the right of every state; beyond the ends too."""
        led: Numbers = np.arange(self.source.states)[:, None] + np.array([-1, 1])
        return led.flatten()

    @cached_property
    def _next(self) -> Numbers:
        return self._led.clip(0, self.source.states - 1)

    @cached_property
    def _right(self) -> Flags:
        return self._led >= self.source.states

    @cached_property
    def _out(self) -> Flags:
        return (self._led < 0) | self._right

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """Which state it is."""
        return {"place": self._one_hot.take(state["place"], axis=0)} if "place" in wanted else {}

    def true(self, state: State) -> dict[str, Array]:
        """The state, and how far the right end is."""
        return {"place": state["place"], "distance": (self.source.states - state["place"]).astype(np.float32)}

    @cached_property
    def _one_hot(self) -> Array:
        return np.eye(self.source.states, dtype=np.float32)
