"""A row of states, walked to one end or the other."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Params, Shown
from models.specs.worlds.acting import ChainSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import at_random


@final
class Chain:
    r"""The random walk on which methods that learn values are compared.

    Scene:      channel `place`, one-hot; actions left and right; beyond the left end an episode ends with reward 0,
                beyond the right end with reward 1; it begins in the middle
    Statistics: walked at random, the value of state i of n, counted from 1 at the left, is i / (n + 1) without
                discount; factors place, distance (steps to the right end), action, reward, done
    Draws:      none for the place; (life seed, world digest, presentation) for what is done where nobody acts
    Shapes:     place (N, B, T, states) float32; factors (N, B, T)
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

    def begin(self, draw: Draw) -> Params:
        """The middle."""
        assert draw.index_NB is not None
        middle = torch.full_like(draw.index_NB, self.source.states // 2)
        return {"place": middle.expand(len(draw.seeds_N), -1).clone()}

    def moved(self, state: Params, action_NB: Tensor) -> tuple[Params, Tensor, Tensor]:
        """One step to the left (0) or right (1)."""
        way = 2 * state["place"] + action_NB
        return {"place": self._next[way]}, self._right[way], self._out[way]

    @cached_property
    def _led(self) -> Tensor:
        """Where each way leads, one to the left and one to the right of every state; beyond the ends too."""
        return torch.arange(self.source.states)[:, None] + torch.tensor([-1, 1])

    @cached_property
    def _next(self) -> Tensor:
        return self._led.clamp(0, self.source.states - 1).flatten()

    @cached_property
    def _right(self) -> Tensor:
        return (self._led >= self.source.states).float().flatten()

    @cached_property
    def _out(self) -> Tensor:
        return ((self._led < 0) | (self._led >= self.source.states)).flatten()

    def shown(self, state: Params, wanted: Collection[str]) -> dict[str, Tensor]:
        """Which state it is."""
        return {"place": self._one_hot[state["place"]]} if "place" in wanted else {}

    def true(self, state: Params) -> dict[str, Tensor]:
        """The state, and how far the right end is."""
        return {"place": state["place"], "distance": (self.source.states - state["place"]).float()}

    @cached_property
    def _one_hot(self) -> Tensor:
        return torch.eye(self.source.states)
