"""Steps through a place: who chooses, what follows, and where the next episode begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Params, Shown, World

EPISODES = 1 << 32
"""More than anyone goes through: episodes are numbered from here times the item or slot on."""

Given = tuple[dict[str, Tensor], dict[str, Tensor]]
"""Channels (N, B, 1, *shape) and factors (N, B, 1) of the state one is in."""
Choose = Callable[[int, dict[str, Tensor]], Tensor]
"""Frame and channels -> action (N, B) int64."""


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

    def given(self, state: Params) -> Given:
        """What is shown of a state, and what is true of it."""
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


def walk(place: Place, state: Params, frames: int, choose: Choose, draw: Draw) -> Walk:
    """So many frames from a state on; an episode that ends is followed by the one of the next number."""
    channels: list[dict[str, Tensor]] = []
    factors: list[dict[str, Tensor]] = []
    for frame in range(frames):
        shown, true = place.given(state)
        channels.append(shown)
        if frame == frames - 1:
            still = torch.zeros_like(state["clock"])
            factors.append(true | _told(still, still.float(), still))
            break
        action = choose(frame, shown)
        after, reward, ended = place.moved(state, action)
        clock = state["clock"] + 1
        over = ended | (clock >= place.limit)
        factors.append(true | _told(action, reward, over.long()))
        fresh = started(place, draw, state["episode"] + 1)
        after |= {"episode": state["episode"], "clock": clock}
        state = {name: torch.where(over, fresh[name], value) for name, value in after.items()}
    return Walk(_joined(channels), _joined(factors), state)


def at_random(place: Place, draw: Draw, frames: int) -> Shown:
    """Items of a place: walks without preference, each from the beginning of an episode on."""
    assert draw.index_NB is not None
    action_NBT = draw.at("action").integers(place.actions, frames)
    state = started(place, draw, draw.index_NB * EPISODES)
    seen = walk(place, state, frames, lambda frame, _: action_NBT[..., frame], draw)
    return seen.channels, None, seen.factors


def _told(action: Tensor, reward: Tensor, done: Tensor) -> dict[str, Tensor]:
    return {"action": action[..., None], "reward": reward[..., None], "done": done[..., None]}


def _joined(frames: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.cat([each[name] for each in frames], dim=2) for name in frames[0]}
