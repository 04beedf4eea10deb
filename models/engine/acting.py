"""Acting: what a cohort does in a world that answers, and what it is told of it.

A batch of B fragments is B slots in which a life goes on from where it stopped; a fragment has T frames and T - 1 ways
between them, and its last frame is the first of the next. The place of every slot is state of the life, so it is in its
snapshots. An action is drawn from the softmax of the actor's rates at an addressed uniform.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw
from models.engine.cohort import Cohort
from models.engine.feed import Stream, Strengths
from models.engine.organism import Organism, Wiring
from models.protocols import Batch, Episodes, Params
from models.specs.worlds.acting import ActingSource
from models.specs.worlds.facts import EFFERENCE
from models.worlds import build_place
from models.worlds.walking import EPISODES, Followers, Place, started, truths, walk


class Policy:
    """What an organism does: the actor's softmax; without an actor, anything alike."""

    def __init__(self, organism: Organism | None, actor: str | None, actions: int) -> None:
        self._organism = organism
        self._actor = actor
        self._actions = actions

    @torch.no_grad()
    def chosen(self, given: tuple[Params, Params], batch: Batch, draw: Draw, unit_NB: Tensor, wiring: Wiring) -> Tensor:
        """Actions (N, B) at uniforms (N, B), with these weights and state."""
        if self._actor is None:
            return (unit_NB * self._actions).long().clamp(max=self._actions - 1)
        assert self._organism is not None
        rate = self._organism.run(*given, batch, draw, wiring).rate[self._actor]
        below = rate.flatten(2).double().softmax(dim=-1).cumsum(dim=-1) < unit_NB[..., None]
        return below.sum(dim=-1).clamp(max=self._actions - 1)


class Arena:
    """The training fragments of a cohort in an acting world."""

    def __init__(self, cohort: Cohort, stream: Stream, organism: Organism, batch: int) -> None:
        spec = stream.spec
        assert isinstance(spec.source, ActingSource)
        self._cohort = cohort
        self._stream = stream
        self._seeds_N = cohort.seeds_N
        self._frames = spec.steps
        self._step_B = torch.arange(batch)
        self._place: Place = build_place(spec.source, spec.split, spec.steps)
        self._policy = Policy(organism, spec.actor, self._place.actions)
        begin = stream.draw(self._seeds_N, self._step_B[None]).at("acting")
        self._following = Followers(self._place, begin)
        self._prefix = f"world/{stream.digest}/"
        episode_NB = (self._step_B * EPISODES).expand(len(cohort.seeds), batch)
        for name, value in started(self._place, begin, episode_NB).items():
            cohort.own.setdefault(self._prefix + name, value.contiguous().clone())

    def next(self, shown_N: npt.NDArray[np.int64], strengths: Strengths, wiring: Wiring) -> tuple[Batch, Draw]:
        """The fragments after so many, and the draws of their presentations; the places of those alive move on."""
        presentation_NB = torch.from_numpy(shown_N)[:, None] + self._step_B
        draw = self._stream.draw(self._seeds_N, presentation_NB)
        own, length = self._cohort.own, len(self._prefix)
        state = {name[length:]: value for name, value in own.items() if name.startswith(self._prefix)}
        unit_NBT = draw.at("acting", "action").uniform(self._frames)
        weights = (self._cohort.params, own | self._cohort.learned)
        received: list[Batch] = []

        def choose(frame: int, channels: dict[str, Tensor]) -> Tensor:
            batch = self._stream.received(
                (channels, None, {}), presentation_NB, draw.at("acting", str(frame)), strengths
            )
            received.append(batch)
            return self._policy.chosen(weights, batch, draw, unit_NBT[..., frame], wiring)

        seen = walk(self._place, state, self._frames, choose, self._following, self._stream.channels)
        last = {name: each[:, :, -1:] for name, each in seen.channels.items()}
        end = draw.at("acting", str(self._frames - 1))
        received.append(self._stream.received((last, None, {}), presentation_NB, end, strengths))
        self._go_on(seen.state)
        names = received[0].senses
        senses = {name: torch.cat([each.senses[name] for each in received], dim=2) for name in names}
        copies = self._stream.fed_by(EFFERENCE)
        if copies:  # what is done is known once it was chosen
            whole = self._stream.received((seen.channels, None, {}), presentation_NB, draw.at("acting"), strengths)
            senses |= {name: whole.senses[name] for name in copies}
        return Batch(senses, None, seen.factors, presentation_NB), draw

    def _go_on(self, state: Params) -> None:
        alive = torch.from_numpy(self._cohort.alive_N)[:, None]
        for name, value in state.items():
            kept = self._cohort.own[self._prefix + name]
            kept.copy_(torch.where(alive, value, kept))


def episodes(
    stream: Stream, policy: Policy, given: tuple[Params, Params], seeds_N: Tensor, index_NB: Tensor
) -> Episodes:
    """The episodes of these numbers, under draws of their own, until all have ended."""
    spec = stream.spec
    assert isinstance(spec.source, ActingSource)
    place = build_place(spec.source, spec.split, 2)
    draw = stream.draw(seeds_N, index_NB).at("probe", "acting")
    state = started(place, draw, index_NB * EPISODES)
    true, following = truths(place, state), Followers(place, draw)
    shortest = true["distance"] if "distance" in true else torch.full(state["clock"].shape, torch.nan)
    running, steps = torch.ones_like(index_NB, dtype=torch.bool), torch.zeros_like(index_NB)
    reward, visited = torch.zeros_like(shortest), torch.zeros(len(index_NB), _places(stream), dtype=torch.bool)
    for step in range(place.limit):
        at = draw.at("step", str(step))
        unit_NB = at.uniform(1)[..., 0]

        def choose(_: int, channels: dict[str, Tensor], at: Draw = at, unit_NB: Tensor = unit_NB) -> Tensor:
            return policy.chosen(given, stream.received((channels, None, {}), index_NB, at), draw, unit_NB, Wiring())

        seen = walk(place, state, 2, choose, following, stream.channels)
        here = functional.one_hot(seen.factors["place"][:, :, 0], visited.shape[1]).bool()
        visited |= (here & running[..., None]).any(dim=1)
        reward = reward + torch.where(running, seen.factors["reward"][:, :, 0], 0.0)
        steps = steps + running.long()
        running = running & (seen.factors["done"][:, :, 0] == 0)
        state = seen.state
        if not bool(running.any()):
            break
    return Episodes(reward, steps, shortest, visited)


def _places(stream: Stream) -> int:
    classes = stream.spec.source.facts().factors["place"].classes
    assert classes is not None
    return classes
