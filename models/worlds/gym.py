"""Environments of gymnasium."""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from models.draw import Draw, word
from models.errors import Refused, SnapshotMismatch
from models.protocols import Shown
from models.specs.worlds.environments import Unavailable, made
from models.specs.worlds.gym import GymSpec, require
from models.specs.worlds.sources import name_of
from models.worlds.walking import Array, Flags, Numbers, State, at_random

_WORD = 63
"""Bits of a word of what was done."""
_AT_ONCE = 64
"""Items that are walked through side by side, each in an environment of its own."""

_idle: dict[str, list[Any]] = defaultdict(list)
"""Environments in which nobody is now, by id; to make one may take longer than an episode."""


@final
class Gym:
    r"""An environment of gymnasium, as it is registered under its id.

    Scene:      channel `state`: what the environment shows (Box); or `place`, one-hot: the number of its state
                (Discrete). Actions are its own, and so are rewards; an episode ends where the environment says, or
                after `limit` steps
    Statistics: those of the environment; factors place (the number of the state; where numbers are shown, the action
                done last, at first the number of actions), action, reward, done
    State:      the seed of the episode and all that was done in it, of which everything else follows. Where the
                environment of a slot does not stand there, it is reset and taken there, and must show what was seen
    Draws:      (life seed, world digest, slot and episode): the seed that the environment is reset with
    Shapes:     state (N, B, T, *shape) or place (N, B, T, states), what is done as `action` (N, B, T, actions) float32;
                factors (N, B, T)
    Units:      those of the environment
    Errors:     Refused (E38) if it is not here, or another than the document states; SnapshotMismatch if it does not
                come back to where a life left it
    Reference:  Towers et al. (2024) arXiv 2407.17032; Brockman et al. (2016) arXiv 1606.01540
    """

    size = None

    def __init__(self, source: GymSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.longest
        self.actions = source.content.actions
        self._steps = steps
        self._address = word(name_of(source, split))
        self._trail = _Trail(self.actions, self.limit)
        try:
            require(source)
            self._seats = _Seats(source.env, self._trail)
        except Unavailable as error:
            raise Refused.because("E38", "/worlds", str(error), error.remedy) from error

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Episodes in which anything alike is done."""
        channel = "place" if self.source.content.numbered else "state"
        parts = [
            at_random(self, Draw(seeds_N, some, self._address), self._steps, (channel,))
            for some in torch.split(index_NB, _AT_ONCE, dim=1)
        ]
        channels, factors = (_joined([part[which] for part in parts]) for which in (0, 2))
        return channels, None, factors

    def begin(self, draw: Draw) -> State:
        """Where the environment begins with a seed."""
        seed = draw.at("seed").bits(1)[..., 0].numpy()
        none = np.zeros_like(seed)
        return {
            "seed": seed,
            "count": none,
            "trail": np.zeros((*seed.shape, self._trail.words), np.int64),
            "last": np.full_like(seed, self.actions),
            "seen": self._seats.first(seed),
        }

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """One step of every environment."""
        self._seats.take(state)
        seen, reward, over = self._seats.step(action_NB)
        count = state["count"] + 1
        trail = self._trail.longer(state["trail"], state["count"], action_NB)
        self._seats.stand(state["seed"], count, trail)
        after = {"seed": state["seed"], "count": count, "trail": trail, "last": action_NB, "seen": seen}
        return after, reward, over

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """What the environment shows, or the number of its state."""
        if self.source.content.numbered:
            return {"place": self._one_hot.take(self._number(state), axis=0)} if "place" in wanted else {}
        seen = state["seen"]
        return {"state": seen.reshape(*seen.shape[:-1], *self.source.content.shape).copy()} if "state" in wanted else {}

    def true(self, state: State) -> dict[str, Array]:
        """The number of the state, or what was done last."""
        return {"place": self._number(state) if self.source.content.numbered else state["last"].copy()}

    def _number(self, state: State) -> Numbers:
        # Of a life that has diverged nothing is left but what is no number.
        number: Numbers = np.nan_to_num(state["seen"][..., 0]).astype(np.int64)
        return number

    @cached_property
    def _one_hot(self) -> Array:
        return np.eye(self.source.content.shape[0], dtype=np.float32)


class _Trail:
    """What was done in an episode, as words of so many bits."""

    def __init__(self, actions: int, limit: int) -> None:
        self._bits = max(1, (actions - 1).bit_length())
        self._each = _WORD // self._bits
        self.words = -(-limit // self._each)

    def longer(self, trail: Numbers, count_NB: Numbers, action_NB: Numbers) -> Numbers:
        """With one more action behind so many."""
        longer = trail.copy()
        shift_NB = count_NB % self._each * self._bits
        at = (count_NB // self._each)[..., None]
        word_NB = np.take_along_axis(longer, at, axis=-1) | (action_NB << shift_NB)[..., None]
        np.put_along_axis(longer, at, word_NB, axis=-1)
        return longer

    def read(self, words: Sequence[int], count: int) -> Iterable[int]:
        """The actions, the first one first."""
        mask = (1 << self._bits) - 1
        return (words[each // self._each] >> each % self._each * self._bits & mask for each in range(count))


class _Seats:
    """An environment for every slot, and where each of them stands."""

    def __init__(self, name: str, trail: _Trail) -> None:
        self._name, self._trail = name, trail
        self._made: list[Any] = []
        self._scout = self._another()
        self._low = int(self._scout.action_space.start)
        self._least = int(getattr(self._scout.observation_space, "start", 0))
        self._stands: tuple[Numbers, Numbers, Numbers] | None = None
        weakref.finalize(self, _idle[name].extend, self._made)

    def _another(self) -> Any:
        idle = _idle[self._name]
        self._made.append(idle.pop() if idle else made(self._name))
        return self._made[-1]

    def first(self, seed: Numbers) -> Array:
        """What is seen at the beginning of episodes, (*shape of the seeds, numbers)."""
        return self._numbers([self._scout.reset(seed=each)[0] for each in seed.ravel().tolist()], seed.shape)

    def take(self, state: State) -> None:
        """Take the environments where a state says, those that do not stand there."""
        seed, count, trail = (state[name] for name in ("seed", "count", "trail"))
        if self._stands is None or self._stands[0].shape != seed.shape:
            self._envs = [self._made[each] if each < len(self._made) else self._another() for each in _from_one(seed)]
            astray = np.ones(seed.shape, np.bool_)
        else:
            same = (self._stands[0] == seed) & (self._stands[1] == count)
            astray = ~(same & (self._stands[2] == trail).all(axis=-1))
        for slot in np.flatnonzero(astray).tolist():
            place = np.unravel_index(slot, seed.shape)
            done = self._trail.read(trail[place].tolist(), int(count[place]))
            self._bring(self._envs[slot], int(seed[place]), done, state["seen"][place])

    def _bring(self, env: Any, seed: int, done: Iterable[int], wanted: Array) -> None:
        seen = env.reset(seed=seed)[0]
        for action in done:
            seen = env.step(self._low + action)[0]
        there = self._numbers([seen], (1,))[0]
        if not np.array_equal(there, wanted) and not np.isnan(wanted).any():
            told = f"{self._name} does not come back to where a life left it: it answers otherwise on this machine"
            raise SnapshotMismatch(f"{told}, or is no function of its seed and of what is done")

    def step(self, action_NB: Numbers) -> tuple[Array, Array, Flags]:
        """What is seen (N, B, numbers), the reward (N, B), and whether that ended the episode (N, B)."""
        shape = action_NB.shape
        doing = zip(self._envs, (action_NB + self._low).ravel().tolist(), strict=True)
        told = [env.step(action) for env, action in doing]
        reward = np.array([each[1] for each in told], np.float32).reshape(shape)
        over = np.array([each[2] or each[3] for each in told], np.bool_).reshape(shape)
        return self._numbers([each[0] for each in told], shape), reward, over

    def stand(self, seed: Numbers, count: Numbers, trail: Numbers) -> None:
        """Where they all stand now; a copy of what the caller may write over."""
        self._stands = (seed.copy(), count, trail)

    def _numbers(self, seen: Sequence[Any], shape: tuple[int, ...]) -> Array:
        numbers: Array = np.array(seen, np.float32).reshape(*shape, -1) - np.float32(self._least)
        return numbers


def _from_one(seed: Numbers) -> range:
    """A number for every slot; number 0 is the one that looks at beginnings."""
    return range(1, seed.size + 1)


def _joined(parts: Sequence[Any]) -> dict[str, Tensor]:
    return {name: torch.cat([part[name] for part in parts], dim=1) for name in parts[0]}
