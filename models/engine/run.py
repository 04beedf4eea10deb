"""One forward pass: areas outside loops take all of an item's time at once, areas on a loop go step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.crediting import Runs, Settles
from models.draw import Draw
from models.engine.pushed import pushed
from models.protocols import Area, Pass, State, weakened
from models.specs.organism import Link


@dataclass(frozen=True)
class Carried:
    """What areas bring into a pass from the time step before it."""

    states: Mapping[str, State] = field(default_factory=dict)
    """By area; those left out begin anew."""
    step: int = 0
    """The time step with which the pass begins, as synapses that carry state count them."""

    def first(self, area: str, member: Area, like: Tensor, by: Pass) -> State:
        """What an area receives at the first step of a pass over items like these (N, B, ...)."""
        state = self.states.get(area)
        if state is None:
            return member.start(like)
        return tuple(by.synapse.carry(each, self.step) for each in state)


AT_REST = Carried()


@dataclass(frozen=True)
class Way:
    """A link as one pass uses it."""

    source: str
    delay: int
    blocked: bool
    """Whether no error goes back along it."""
    kept_N: Tensor | None
    """Share (N,) of the message that a deficit lets through."""

    @classmethod
    def along(cls, link: Link, closed: frozenset[str], kept: Mapping[str, Tensor] | None) -> Way:
        """Along a link, where some pathways are closed and deficits weaken some."""
        blocked = link.path.gradient == "block" or link.title in closed
        return cls(link.source, link.path.delay, blocked, None if kept is None else kept.get(link.title))

    def passed(self, rate: Tensor) -> Tensor:
        """What arrives of rates (N, B, T, ...), in time: detached where no error goes back, weakened by a deficit."""
        return weakened(rate.detach() if self.blocked else rate, self.kept_N)

    def late(self, rate: Tensor) -> Tensor:
        """The same rates, so many steps later; nothing arrives before."""
        if not self.delay:
            return rate
        on_the_way = min(self.delay, rate.shape[2])
        return torch.cat([torch.zeros_like(rate[:, :, :on_the_way]), rate[:, :, : rate.shape[2] - on_the_way]], dim=2)


class Run:
    """The rates of a pass as they come about."""

    def __init__(
        self,
        areas: Mapping[str, Area],
        ways: Mapping[str, tuple[Way, ...]],
        by: Callable[[str], Pass],
        senses: Mapping[str, Tensor],
        draw: Draw,
        carried: Carried = AT_REST,
    ) -> None:
        self._areas = areas
        self._ways = ways
        self._by = by
        self._draw = draw
        self._carried = carried
        self._like = next(iter(senses.values()))
        self.pushes: Mapping[str, Tensor] = {}
        """Area -> what is added (N,) to the errors of its units, all units and items together."""
        self.rate: dict[str, Tensor] = dict(senses)
        self.inputs: dict[str, dict[str, Tensor]] = {}
        self.left: dict[str, State] = {}
        """What areas carry on from the last time step."""

    def whole(self, area: str, rule: Runs | None = None) -> None:
        """All time steps of an area whose inputs are there, run by its rule if that does so itself."""
        given = {way.source: way.passed(way.late(self.rate[way.source])) for way in self._ways[area]}
        self.inputs[area] = given
        member = self._areas[area]
        if rule is not None:
            self.rate[area] = rule.run(area, member, given, self._by(area))
        else:
            by = self._by(area)
            first = self._carried.first(area, member, self._like, by)
            self.rate[area], self.left[area] = member.apply(given, first, by)

    def push(self, area: str) -> None:
        """Errors at an area that was run as a whole are what a deficit makes of them."""
        self.rate[area] = pushed(self.rate[area], self.pushes.get(area), self._like.shape[2])

    def settle(self, block: tuple[str, ...], rule: Settles) -> None:
        """All areas of a circuit at rest."""
        outside = {
            area: {
                way.source: way.passed(way.late(self.rate[way.source]))
                for way in self._ways[area]
                if way.source not in block
            }
            for area in block
        }
        self.rate |= rule.settle(outside, self._by(block[0]), self._draw)
        for area in block:
            inside = {way.source: way.passed(self.rate[way.source]) for way in self._ways[area] if way.source in block}
            self.inputs[area] = outside[area] | inside

    def unroll(self, block: tuple[str, ...]) -> None:
        """Areas that hear each other, one time step after the other."""
        told = {area: self._by(area) for area in block}
        state: dict[str, State] = {
            area: self._carried.first(area, self._areas[area], self._like, told[area]) for area in block
        }
        past: dict[str, list[Tensor]] = {area: [] for area in block}
        heard: dict[str, list[dict[str, Tensor]]] = {area: [] for area in block}
        for step in range(self._like.shape[2]):
            for area in block:
                synapse = told[area].synapse
                given = {way.source: self._at(way, step, past, synapse.carry) for way in self._ways[area]}
                before = state[area] if step == 0 else tuple(synapse.carry(each, step) for each in state[area])
                rate, state[area] = self._areas[area].apply(given, before, told[area])
                past[area].append(pushed(rate, self.pushes.get(area), self._like.shape[2]))
                heard[area].append(given)
        self.left |= state
        for area in block:
            self.rate[area] = torch.cat(past[area], dim=2)
            self.inputs[area] = {
                way.source: torch.cat([given[way.source] for given in heard[area]], dim=2) for way in self._ways[area]
            }

    def _at(
        self, way: Way, step: int, past: Mapping[str, list[Tensor]], carry: Callable[[Tensor, int], Tensor]
    ) -> Tensor:
        """What arrives at one step (N, B, 1, ...)."""
        then = step - way.delay
        if way.source not in past:
            source = self.rate[way.source]
            rate = source[:, :, then : then + 1] if then >= 0 else torch.zeros_like(source[:, :, :1])
        elif then < 0:
            rate = self._silent(way.source)
        else:
            rate = carry(past[way.source][then], step) if way.delay else past[way.source][then]
        return way.passed(rate)

    def _silent(self, area: str) -> Tensor:
        return self._like.new_zeros(*self._like.shape[:2], 1, *self._areas[area].shape)
