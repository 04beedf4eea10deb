"""Arms to pull, of which some pay more often than others."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from models.draw import Draw, following, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.tasks import BanditSpec
from models.worlds.walking import Array, Flags, Numbers, State, at_random

_WORDS = 1 << 32


@final
class Bandit:
    r"""Arms that pay 1 or nothing, each with a probability of its own.

    Scene:      channels `arm`, one-hot: the one pulled last, 0 at the beginning; `paid`: what it paid. Actions are the
                arms, an episode is `limit` pulls; dealt at random, arm a pays as pays[(a + r) mod arms], r drawn for
                each episode
    Statistics: pulled at random, the mean reward is the mean of `pays`, at best their maximum; factors place (the arm
                pulled last, the number of arms before the first), best (the arm that pays most, the first of equals),
                action, reward, done
    Draws:      (life seed, world digest, slot and episode): r, and a word from which all rewards of the episode follow
    Shapes:     arm (N, B, T, arms), paid (N, B, T, 1), the next pull as `action` (N, B, T, arms) float32;
                factors (N, B, T)
    Units:      reward dimensionless
    Reference:  Robbins (1952) Bull. Am. Math. Soc. 58:527; dealt anew: Wang et al. (2018) Nat. Neurosci. 21:860
    """

    size = None

    def __init__(self, source: BanditSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self.actions = len(source.pays)
        self._steps = steps
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Arms pulled without preference."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("arm", "paid"))

    def begin(self, draw: Draw) -> State:
        """Nothing pulled yet."""
        bits = draw.at("word").bits(1)[..., 0].numpy()
        turned = draw.at("dealt").integers(self.actions, 1)[..., 0].numpy()
        return {
            "place": np.full_like(bits, self.actions),
            "turn": turned if self.source.dealt == "random" else np.zeros_like(bits),
            "paid": np.zeros_like(bits),
            "word": bits,
        }

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """What the arm pays."""
        drawn = following(state["word"])
        paid = drawn < self._bounds.take((action_NB + state["turn"]) % self.actions)
        after = {"place": action_NB, "turn": state["turn"], "paid": paid.astype(np.int64), "word": drawn}
        return after, paid, np.zeros_like(paid)

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """The arm pulled last, and what it paid."""
        found = {}
        if "arm" in wanted:
            found["arm"] = self._one_hot.take(state["place"], axis=0)
        if "paid" in wanted:
            found["paid"] = state["paid"][..., None].astype(np.float32)
        return found

    def true(self, state: State) -> dict[str, Array]:
        """The arm pulled last, and the one to pull."""
        best = int(np.argmax(self.source.pays))
        return {"place": state["place"], "best": (best - state["turn"]) % self.actions}

    @cached_property
    def _bounds(self) -> Numbers:
        """Of every arm, the words below which it pays."""
        return np.array([round(pay * _WORDS) for pay in self.source.pays])

    @cached_property
    def _one_hot(self) -> Array:
        """By the arm pulled last; none of them is the last row."""
        return np.eye(self.actions + 1, self.actions, dtype=np.float32)
