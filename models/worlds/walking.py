"""Steps through a place: who chooses, what follows, and where the next episode begins."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Params, Shown, World

EPISODES = 1 << 32
"""More than anyone goes through: episodes are numbered from here times the item or slot on."""

_AT_ONCE = 4
"""Episodes of each slot that are begun together: to begin one takes as long."""

Choose = Callable[[int, dict[str, Tensor]], Tensor]
"""Frame and channels (N, B, 1, *shape) -> action (N, B) int64."""


class Place(World, Protocol):
    """A world that answers what is done in it. States are tensors (N, B) by name."""

    @property
    def actions(self) -> int:
        """How many things can be done."""
        ...

    @property
    def limit(self) -> int:
        """Steps after which an episode ends."""
        ...

    def begin(self, draw: Draw) -> Params:
        """Where episodes begin; the draw is indexed by episode (N, B)."""
        ...

    def moved(self, state: Params, action_NB: Tensor) -> tuple[Params, Tensor, Tensor]:
        """The state after an action, its reward (N, B) float32, and whether that ended the episode (N, B)."""
        ...

    def shown(self, state: Params, wanted: Collection[str]) -> dict[str, Tensor]:
        """What the wanted channels show of states of any shape: (*shape, *shape of the channel)."""
        ...

    def true(self, state: Params) -> dict[str, Tensor]:
        """What is true of states of any shape."""
        ...


@dataclass(frozen=True)
class Walk:
    """Frames of slots, and the state that the last one shows."""

    channels: dict[str, Tensor]
    """(N, B, T, *shape)."""
    factors: dict[str, Tensor]
    """(N, B, T); action, reward and done of the way from each frame to the next, 0 at the last."""
    state: Params


def started(place: Place, draw: Draw, episode_NB: Tensor) -> Params:
    """The first states of the episodes of these numbers; the draw has the lives, and the address."""
    fresh = place.begin(draw.at("episode").indexed(episode_NB))
    return {**fresh, "episode": episode_NB, "clock": torch.zeros_like(episode_NB)}


class _Next:
    """The first states of the episodes that follow in each slot."""

    def __init__(self, place: Place, draw: Draw) -> None:
        self._place = place
        self._draw = draw
        self._first: Tensor | None = None
        self._drawn: Params = {}

    def after(self, episode_NB: Tensor) -> Params:
        """Those that follow the episodes of these numbers."""
        ahead = None if self._first is None else (episode_NB - self._first)[..., None]
        if ahead is None or int(ahead.max()) >= _AT_ONCE:
            several = (episode_NB[..., None] + 1 + torch.arange(_AT_ONCE)).flatten(1)
            states = started(self._place, self._draw, several)
            self._drawn = {name: value.reshape(*episode_NB.shape, _AT_ONCE) for name, value in states.items()}
            self._first, ahead = episode_NB, torch.zeros_like(episode_NB)[..., None]
        return {name: value.gather(2, ahead)[..., 0] for name, value in self._drawn.items()}


def walk(place: Place, state: Params, frames: int, choose: Choose, draw: Draw, wanted: Collection[str]) -> Walk:
    """So many frames of some channels from a state on; an episode that ends is followed by that of the next number."""
    channels: list[dict[str, Tensor]] = []
    met, told = [], []
    following = _Next(place, draw)
    for frame in range(frames):
        shown = {name: each[:, :, None] for name, each in place.shown(state, wanted).items()}
        channels.append(shown)
        met.append(state)
        if frame == frames - 1:
            still = torch.zeros_like(state["clock"])
            told.append({"action": still, "reward": still.float(), "done": still})
            break
        action = choose(frame, shown)
        after, reward, ended = place.moved(state, action)
        clock = state["clock"] + 1
        over = ended | (clock >= place.limit)
        told.append({"action": action, "reward": reward, "done": over.long()})
        after |= {"episode": state["episode"], "clock": clock}
        if over.any():
            fresh = following.after(state["episode"])
            after = {name: torch.where(over, fresh[name], value) for name, value in after.items()}
        state = after
    factors = place.true(_over_time(met)) | _over_time(told)
    return Walk({name: torch.cat([each[name] for each in channels], dim=2) for name in channels[0]}, factors, state)


def _over_time(frames: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([each[name] for each in frames], dim=2) for name in frames[0]}


def at_random(place: Place, draw: Draw, frames: int, wanted: Collection[str]) -> Shown:
    """Items of a place: walks without preference, each from the beginning of an episode on."""
    assert draw.index_NB is not None
    action_NBT = draw.at("action").integers(place.actions, frames)
    state = started(place, draw, draw.index_NB * EPISODES)
    seen = walk(place, state, frames, lambda frame, _: action_NBT[..., frame], draw, wanted)
    return seen.channels, None, seen.factors
