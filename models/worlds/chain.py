"""A row of states, walked to one end or the other."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw, word
from models.protocols import Params, Shown
from models.specs.worlds.acting import ChainSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import Given, at_random


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
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps)

    def begin(self, draw: Draw) -> Params:
        """The middle."""
        assert draw.index_NB is not None
        middle = torch.full_like(draw.index_NB, self.source.states // 2)
        return {"place": middle.expand(len(draw.seeds_N), -1).clone()}

    def moved(self, state: Params, action_NB: Tensor) -> tuple[Params, Tensor, Tensor]:
        """One step to the left (0) or right (1)."""
        place = state["place"] + 2 * action_NB - 1
        right = place >= self.source.states
        return {"place": place.clamp(0, self.source.states - 1)}, right.float(), right | (place < 0)

    def given(self, state: Params) -> Given:
        """Which state it is."""
        place = state["place"]
        truth = {"place": place[..., None], "distance": (self.source.states - place)[..., None].float()}
        return {"place": functional.one_hot(place, self.source.states).float()[:, :, None]}, truth
