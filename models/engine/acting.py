"""Acting: what a cohort does in a world that answers, and what it is told of it.

A batch of B fragments is B slots in which a life goes on from where it stopped; a fragment has T frames and T - 1 ways
between them, and its last frame is the first of the next. The place of every slot is state of the life, so it is in its
snapshots; so is what areas carry from one frame to the next. An action is drawn from the softmax of the actor's rates
at an addressed uniform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw
from models.engine.cohort import Cohort
from models.engine.context import anew
from models.engine.feed import Stream, Strengths
from models.engine.organism import OPEN, Organism, Wiring
from models.engine.run import Carried
from models.protocols import Batch, Episodes, Params, State
from models.specs.order import upstream
from models.specs.worlds.acting import ActingSource
from models.specs.worlds.facts import EFFERENCE
from models.worlds import build_place
from models.worlds.walking import EPISODES, Flags, Followers, Place, begun, started, truths, walk

Channels = dict[str, Tensor]


class Policy:
    """What an organism does: the actor's softmax; without an actor, anything alike."""

    def __init__(self, organism: Organism | None, actor: str | None, actions: int, copies: Sequence[str] = ()) -> None:
        """`copies` are the senses that are told what is done."""
        self._organism = organism
        self._actor = actor
        self._actions = actions
        lasting = frozenset[str]() if organism is None else organism.lasting
        self.lasts = bool(lasting)
        """Whether something is carried from one frame to the next."""
        self.is_told = organism is not None and any(
            not upstream(organism.spec, area).isdisjoint(copies) for area in lasting
        )
        """Whether what is carried depends on what was done."""

    def at_rest(self, like_NB: Tensor) -> Mapping[str, State]:
        """What is carried into a first frame of as many lives and items."""
        return {} if self._organism is None else self._organism.at_rest(like_NB)

    @torch.no_grad()
    def chosen(
        self, given: tuple[Params, Params], batch: Batch, draw: Draw, unit_NB: Tensor, wiring: Wiring = OPEN
    ) -> tuple[Tensor, Mapping[str, State]]:
        """Actions (N, B) at uniforms (N, B), with these weights and state, and what is carried on."""
        if self._actor is None:
            action_NB = (unit_NB * self._actions).long().clamp(max=self._actions - 1)
            asked = self.lasts and not self.is_told
            return action_NB, self.left(given, batch, draw, wiring) if asked else {}
        assert self._organism is not None
        moment = self._organism.run(*given, batch, draw, wiring)
        below = moment.said(self._actor).flatten(2).double().softmax(dim=-1).cumsum(dim=-1) < unit_NB[..., None]
        return below.sum(dim=-1).clamp(max=self._actions - 1), moment.left

    @torch.no_grad()
    def left(self, given: tuple[Params, Params], batch: Batch, draw: Draw, wiring: Wiring) -> Mapping[str, State]:
        """What is carried on from a frame."""
        assert self._organism is not None
        return self._organism.run(*given, batch, draw, wiring).left


class Player:
    """Who acts, frame by frame, with what it carries from one to the next."""

    def __init__(
        self,
        policy: Policy,
        given: tuple[Params, Params],
        draw: Draw,
        states: Mapping[str, State],
        wiring: Wiring = OPEN,
    ) -> None:
        self._policy = policy
        self._given = given
        self._draw = draw
        self._wiring = wiring
        self.states = states
        """Area -> what it carries into the next frame."""

    def act(
        self, frame: int, received: Callable[[Channels], Batch], channels: Channels, began: Flags, unit_NB: Tensor
    ) -> tuple[Tensor, Batch]:
        """Actions (N, B) in a frame, and what was received of it; where an episode began, nothing is carried there."""
        policy, batch, wiring = self._policy, received(channels), self._wiring
        if policy.lasts:
            self.begin(torch.from_numpy(began))
            wiring = replace(wiring, carried=Carried(self.states, frame))
        action_NB, left = policy.chosen(self._given, batch, self._draw, unit_NB, wiring)
        if policy.is_told:
            batch = received({**channels, EFFERENCE: _copied(action_NB, channels[EFFERENCE])})
            left = policy.left(self._given, batch, self._draw, wiring)
        if policy.lasts:
            self.states = {area: left.get(area, state) for area, state in self.states.items()}
        return action_NB, batch

    def begin(self, began_NB: Tensor) -> None:
        """Where an episode begins nothing is carried into the next frame."""
        self.states = {area: tuple(anew(each, began_NB) for each in state) for area, state in self.states.items()}


def _copied(action_NB: Tensor, unknown: Tensor) -> Tensor:
    """What is done in a frame (N, B, 1, actions), one-hot."""
    return functional.one_hot(action_NB, unknown.shape[-1])[:, :, None].to(unknown.dtype)


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
        self._policy = Policy(organism, spec.actor, self._place.actions, stream.fed_by(EFFERENCE))
        begin = stream.draw(self._seeds_N, self._step_B[None]).at("acting")
        self._following = Followers(self._place, begin)
        self._prefix = f"world/{stream.digest}/"
        episode_NB = (self._step_B * EPISODES).expand(len(cohort.seeds), batch)
        rest = self._policy.at_rest(torch.zeros(episode_NB.shape))
        self._held = {
            area: tuple(f"{self._prefix}carried/{area}/{place}" for place in range(len(state)))
            for area, state in rest.items()
        }
        """Area -> where what it carries is kept."""
        first = {self._prefix + name: value for name, value in started(self._place, begin, episode_NB).items()}
        self._places = tuple(first)
        for area, names in self._held.items():
            first |= dict(zip(names, rest[area], strict=True))
        for name, value in first.items():
            cohort.own.setdefault(name, value.contiguous().clone())

    def next(self, shown_N: npt.NDArray[np.int64], strengths: Strengths, wiring: Wiring) -> tuple[Batch, Draw, Wiring]:
        """The fragments after so many, the draws of their presentations, and how they are gone through once more.

        The places of those alive move on, and what they carry with them.
        """
        presentation_NB = torch.from_numpy(shown_N)[:, None] + self._step_B
        draw = self._stream.draw(self._seeds_N, presentation_NB)
        own, length = self._cohort.own, len(self._prefix)
        state = {name[length:]: own[name] for name in self._places}
        carried = {area: tuple(own[name].clone() for name in names) for area, names in self._held.items()}
        unit_NBT = draw.at("acting", "action").uniform(self._frames)
        weights = (self._cohort.params, own | self._cohort.learned)
        player = Player(self._policy, weights, draw, carried, wiring)
        received: list[Batch] = []

        def choose(frame: int, channels: Channels, began: Flags) -> Tensor:
            at = draw.at("acting", str(frame))

            def perceived(channels: Channels) -> Batch:
                return self._stream.received((channels, None, {}), presentation_NB, at, strengths)

            action_NB, batch = player.act(frame, perceived, channels, began, unit_NBT[..., frame])
            received.append(batch)
            return action_NB

        seen = walk(self._place, state, self._frames, choose, self._following, self._stream.channels)
        last = {name: each[:, :, -1:] for name, each in seen.channels.items()}
        end = draw.at("acting", str(self._frames - 1))
        received.append(self._stream.received((last, None, {}), presentation_NB, end, strengths))
        self._go_on(seen.state)
        began_NBT = begun(seen.factors["done"]) if carried else None
        if began_NBT is not None:
            player.begin(began_NBT[:, :, -1])
            self._carry_on(player.states)
            wiring = replace(wiring, carried=Carried(carried))
        names = received[0].senses
        senses = {name: torch.cat([each.senses[name] for each in received], dim=2) for name in names}
        copies = self._stream.fed_by(EFFERENCE)
        if copies and not self._policy.is_told:  # what is done is known once it was chosen
            whole = self._stream.received((seen.channels, None, {}), presentation_NB, draw.at("acting"), strengths)
            senses |= {name: whole.senses[name] for name in copies}
        return Batch(senses, None, seen.factors, presentation_NB, began_NBT=began_NBT), draw, wiring

    def _go_on(self, state: Params) -> None:
        for name, value in state.items():
            self._keep(self._prefix + name, value)

    def _carry_on(self, states: Mapping[str, State]) -> None:
        for area, names in self._held.items():
            for name, value in zip(names, states[area], strict=True):
                self._keep(name, value)

    def _keep(self, name: str, value: Tensor) -> None:
        """The value, for lives that are alive."""
        kept, alive_N = self._cohort.own[name], torch.from_numpy(self._cohort.alive_N)
        kept.copy_(torch.where(alive_N.reshape(-1, *[1] * (kept.dim() - 1)), value, kept))


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
    player = Player(policy, given, draw, policy.at_rest(torch.zeros(index_NB.shape)))
    for step in range(place.limit):
        at = draw.at("step", str(step))
        unit_NB = at.uniform(1)[..., 0]

        def perceived(channels: Channels, at: Draw = at) -> Batch:
            return stream.received((channels, None, {}), index_NB, at)

        def choose(_: int, channels: Channels, began: Flags, step: int = step, unit_NB: Tensor = unit_NB) -> Tensor:
            return player.act(step, perceived, channels, began, unit_NB)[0]

        seen = walk(place, state, 2, choose, following, stream.channels)
        player.begin(seen.factors["done"][:, :, 0] > 0)
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
