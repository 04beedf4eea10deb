"""Steps through a place: who chooses, what follows, and where the next episode begins.

A step moves so few numbers that what counts is how long it takes to ask for each operation: places keep arrays, which
are asked in a fraction of the time that tensors take. Tensors are made of what is shown and told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw
from models.protocols import Params, Shown, World
from models.specs.worlds.facts import EFFERENCE

EPISODES = 1 << 32
"""More than anyone goes through: episodes are numbered from here times the item or slot on."""

_AT_ONCE = 4
"""Episodes of each slot that are begun together: to begin one takes as long."""

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
State = Mapping[str, Array]
"""Where slots are: (N, B, ...) by name."""

Choose = Callable[[int, dict[str, Tensor], Flags], Tensor]
"""Frame, channels (N, B, 1, *shape), and whether a later episode begins with it (N, B) -> action (N, B) int64."""


class Place(World, Protocol):
    """A world that answers what is done in it."""

    @property
    def actions(self) -> int:
        """How many things can be done."""
        ...

    @property
    def limit(self) -> int:
        """Steps after which an episode ends."""
        ...

    def begin(self, draw: Draw) -> State:
        """Where episodes begin; the draw is indexed by episode (N, B)."""
        ...

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """The state after an action, its reward (N, B), and whether that ended the episode (N, B)."""
        ...

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """What the wanted channels show of states of any shape: (*shape, *shape of the channel) float32."""
        ...

    def true(self, state: State) -> dict[str, Array]:
        """What is true of states of any shape, int64 or float32."""
        ...


@runtime_checkable
class Led(Protocol):
    """A place in which somebody may know the way."""

    def led(self, state: State, action_NB: Numbers) -> Numbers:
        """What is done (N, B) where anything alike was drawn."""
        ...


@dataclass(frozen=True)
class Walk:
    """Frames of slots, and the state that the last one shows."""

    channels: dict[str, Tensor]
    """(N, B, T, *shape)."""
    factors: dict[str, Tensor]
    """(N, B, T); action, reward and done of the way from each frame to the next, 0 at the last."""
    met: State
    """States that the frames show (N, B, T, ...), but for the numbers and clocks of episodes."""
    state: Params


def started(place: Place, draw: Draw, episode_NB: Tensor) -> Params:
    """The first states of the episodes of these numbers; the draw has the lives, and the address."""
    fresh = _tensors(place.begin(draw.at("episode").indexed(episode_NB)))
    return {**fresh, "episode": episode_NB, "clock": torch.zeros_like(episode_NB)}


def begun(done_NBT: Tensor) -> Tensor:
    """Whether a later episode begins with a frame, (N, B, T): the way to it ended one."""
    return torch.cat([torch.zeros_like(done_NBT[:, :, :1]), done_NBT[:, :, :-1]], dim=2) > 0


def truths(place: Place, state: Params) -> dict[str, Tensor]:
    """What is true of states."""
    return _tensors(place.true({name: value.numpy() for name, value in state.items()}))


class Followers:
    """The first states of the episodes that follow in each slot, kept from walk to walk."""

    def __init__(self, place: Place, draw: Draw) -> None:
        self._place = place
        self._draw = draw.at("episode")
        self._drawn: State = {}
        self._drawn_at_NB: Numbers
        self._first_NB: Numbers
        self._at_NB: Numbers
        self._left = 0
        """So often may any slots go on before somebody has to look whether one has none left."""

    def begin(self, number_NB: Numbers) -> None:
        """Slots are in the episodes of these numbers."""
        self.number_NB, self._left = number_NB, 0
        if self._drawn:
            gone_NB = number_NB - self._drawn_at_NB
            if gone_NB.min() < 0 or gone_NB.max() > _AT_ONCE:
                self._drawn = {}
            else:
                self._at_NB = self._first_NB + gone_NB

    def next(self, over_NB: Flags) -> State:
        """The first states of what follows in every slot; where an episode is over, its slot goes on to the next."""
        if not self._left:
            self._look()
        fresh = {name: value.take(self._at_NB, axis=0) for name, value in self._drawn.items()}
        self._left -= 1
        self._at_NB = self._at_NB + over_NB
        self.number_NB = self.number_NB + over_NB
        return fresh

    def _look(self) -> None:
        """Draw several for every slot, unless all have some left."""
        gone = int((self._at_NB - self._first_NB).max()) if self._drawn else _AT_ONCE
        if gone == _AT_ONCE:
            # A copy: what slots are in is written over from walk to walk.
            number_NB = self._drawn_at_NB = self.number_NB.copy()
            several = (number_NB[..., None] + 1 + np.arange(_AT_ONCE)).reshape(len(number_NB), -1)
            drawn = self._place.begin(self._draw.indexed(torch.from_numpy(several)))
            self._drawn = {name: value.reshape(-1, *value.shape[2:]) for name, value in drawn.items()}
            self._first_NB = np.arange(number_NB.size).reshape(number_NB.shape) * _AT_ONCE
            self._at_NB, gone = self._first_NB, 0
        self._left = _AT_ONCE - gone


def walk(
    place: Place, state: Params, frames: int, choose: Choose, following: Followers, wanted: Collection[str]
) -> Walk:
    """So many frames of some channels from a state on; an episode that ends is followed by that of the next number."""
    channels: list[dict[str, Tensor]] = []
    met: list[State] = []
    ways: list[tuple[Array, Array, Array]] = []
    here: State = {name: value.numpy() for name, value in state.items() if name not in ("episode", "clock")}
    began_NB = -state["clock"].numpy()
    following.begin(state["episode"].numpy())
    unknown = {EFFERENCE: torch.zeros(*began_NB.shape, 1, place.actions)} if EFFERENCE in wanted else {}
    led = place.led if isinstance(place, Led) else None
    over_NB: Flags = np.zeros(began_NB.shape, dtype=np.bool_)
    for frame in range(frames):
        shown = place.shown(here, wanted)
        channels.append({name: torch.from_numpy(each[:, :, None]) for name, each in shown.items()} | unknown)
        met.append(here)
        if frame == frames - 1:
            break
        drawn_NB = choose(frame, channels[-1], over_NB).numpy()
        action_NB = led(here, drawn_NB) if led else drawn_NB
        here, reward_NB, ended_NB = place.moved(here, action_NB)
        over_NB = ended_NB | (began_NB <= frame + 1 - place.limit)
        ways.append((action_NB, reward_NB, over_NB))
        if np.count_nonzero(over_NB):
            fresh = following.next(over_NB)
            here = {name: np.where(_beside(over_NB, value), fresh[name], value) for name, value in here.items()}
            began_NB = np.where(over_NB, frame + 1, began_NB)
    seen = {name: torch.cat([each[name] for each in channels], dim=2) for name in channels[0]}
    states = {name: np.stack([each[name] for each in met], axis=2) for name in here}
    reached = {**here, "episode": following.number_NB, "clock": frames - 1 - began_NB}
    factors = _tensors({**place.true(states), **_told(ways, began_NB.shape)})
    seen |= {EFFERENCE: _copied(place, factors["action"])} if EFFERENCE in wanted else {}
    return Walk(seen, factors, states, _tensors(reached))


def _beside(flags_NB: Flags, value: Array) -> Flags:
    """With as many dimensions as a value of the state."""
    return flags_NB.reshape(flags_NB.shape + (1,) * (value.ndim - flags_NB.ndim))


def _told(ways: list[tuple[Array, Array, Array]], shape: tuple[int, ...]) -> dict[str, Array]:
    """Of the ways from frame to frame, and 0 of the last frame, from which nobody goes: (N, B, T)."""
    told: dict[str, Array] = {}
    for place, (name, dtype) in enumerate((("action", np.int64), ("reward", np.float32), ("done", np.int64))):
        told[name] = np.zeros((*shape, len(ways) + 1), dtype=dtype)
        if ways:
            told[name][..., :-1] = np.stack([way[place] for way in ways], axis=2)
    return told


def at_random(place: Place, draw: Draw, frames: int, wanted: Collection[str]) -> Shown:
    """Items of a place: walks without preference, each from the beginning of an episode on, with what is done."""
    assert draw.index_NB is not None
    action_NBT = draw.at("action").integers(place.actions, frames)
    state = started(place, draw, draw.index_NB * EPISODES)
    # Who chooses without looking is shown all frames at once.
    seen = walk(place, state, frames, lambda frame, *_: action_NBT[..., frame], Followers(place, draw), ())
    copies = {EFFERENCE: _copied(place, seen.factors["action"])}
    return _tensors(place.shown(seen.met, wanted)) | copies, None, seen.factors


def _copied(place: Place, action_NBT: Tensor) -> Tensor:
    """What is done in every frame (N, B, T, actions), one-hot; nothing in the last."""
    copy = functional.one_hot(action_NBT, place.actions).to(torch.float32)
    copy[:, :, -1] = 0.0
    return copy


def _tensors(arrays: Mapping[str, Array]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(each) for name, each in arrays.items()}
