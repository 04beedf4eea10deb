"""Four things to do, of which two can be learned."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor

from models.draw import Draw, following, word
from models.protocols import Shown
from models.specs.worlds.acting import ACTIVITIES, ActivitiesSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import Array, Flags, Numbers, State, at_random

_HIDDEN = 16
"""Bits of a word from here on are shown to nobody."""


@final
class Activities:
    r"""What comes of each activity is made of cues: always nothing, of cues plainly shown, faintly shown, or not shown.

    Scene:      channels `activity`, one-hot: what is being done; `scene`: its cues in a part of their own, 0 elsewhere;
                `outcome`: y = sum_j (-1)^j c_j / sqrt(cues), of mastered 0, of noise made of cues that are not shown.
                Actions choose what is done next; no rewards; `limit` steps end an episode
    Statistics: cues -1 or 1, independent; y has mean 0 and variance 1 (mastered: 0). A linear predictor by gradient
                descent needs 1 / faint^2 times as long for hard as for easy; of noise nothing can be known. Factors
                place (which activity, 0 mastered, 1 easy, 2 hard, 3 noise), action, reward, done
    Draws:      (life seed, world digest, slot and episode): first activity, and a word from which all cues follow
    Shapes:     activity (N, B, T, 4), scene (N, B, T, 4 cues), outcome (N, B, T, 1), what is chosen
                as `action` (N, B, T, offers) float32; factors (N, B, T)
    Units:      dimensionless
    Reference:  after the playground of Oudeyer, Kaplan & Hafner (2007) IEEE Trans. Evol. Comput. 11:265; the activities
                are our own
    """

    size = None

    def __init__(self, source: ActivitiesSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self.actions = len(source.offers)
        self._steps = steps
        self._last = (1 << source.cues) - 1
        self._address = word(name_of(source, split))
        self._offered = np.array([ACTIVITIES.index(each) for each in source.offers])
        sign = torch.ones(source.cues)
        sign[1::2] = -1.0
        self._direction = sign / source.cues**0.5
        self._strength = torch.tensor([1.0, 1.0, source.faint, 1.0])

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """One activity after another, without preference."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("activity", "scene", "outcome"))

    def begin(self, draw: Draw) -> State:
        """Some activity."""
        first = draw.at("first").integers(self.actions, 1)[..., 0].numpy()
        return {"place": self._offered.take(first), "word": draw.at("word").bits(1)[..., 0].numpy()}

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """The chosen activity, with new cues."""
        none = action_NB < 0
        return {"place": self._offered.take(action_NB), "word": following(state["word"])}, none, none

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """What is done, its cues and what comes of it."""
        channels = {"activity": self._doing, "scene": self._scene, "outcome": self._outcome}
        return {name: see(state) for name, see in channels.items() if name in wanted}

    def true(self, state: State) -> dict[str, Array]:
        """What is done."""
        return {"place": state["place"]}

    def _doing(self, state: State) -> Array:
        return self._one_hot.take(state["place"], axis=0)

    def _scene(self, state: State) -> Array:
        return self._scenes.take(self._key(state, state["word"]), axis=0)

    def _outcome(self, state: State) -> Array:
        made_of = state["word"] >> self._hidden.take(state["place"])
        return self._outcomes.take(self._key(state, made_of))[..., None]

    def _key(self, state: State, word: Numbers) -> Numbers:
        """Row of the tables by activity and the last bits of a word."""
        return (word & self._last) + self._rows.take(state["place"])

    @cached_property
    def _rows(self) -> Numbers:
        """By activity, the first of its rows."""
        return np.arange(len(ACTIVITIES)) << self.source.cues

    @cached_property
    def _hidden(self) -> Numbers:
        """By activity, how far from the end of a word the bits are that its outcomes are made of."""
        return np.array([_HIDDEN * (each == "noise") for each in ACTIVITIES])

    @cached_property
    def _one_hot(self) -> Array:
        return np.eye(len(ACTIVITIES), dtype=np.float32)

    @cached_property
    def _cues(self) -> Tensor:
        """Of all words their bits as -1 and 1, (words, cues), the lowest first."""
        bits = torch.arange(self._last + 1)[:, None] >> torch.arange(self.source.cues)
        return (bits & 1).float() * 2.0 - 1.0

    @cached_property
    def _scenes(self) -> Array:
        """By activity and word, (activities x words, activities x cues)."""
        parts = torch.eye(len(ACTIVITIES))[:, None, :, None] * self._cues[None, :, None] * self._strength[:, None]
        return parts.flatten(-2).flatten(0, 1).numpy()

    @cached_property
    def _outcomes(self) -> Array:
        """By activity and word, (activities x words,)."""
        one = (self._cues * self._direction).sum(dim=-1)
        return torch.cat([torch.zeros_like(one) if each == "mastered" else one for each in ACTIVITIES]).numpy()
