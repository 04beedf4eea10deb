"""Worlds in turn: which of them each presentation shows, and what senses receive of it.

The item of a mix is one of a world: its number times the number of worlds, plus the place of the world among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.draw import Draw, word
from models.engine.feed import Stream, Strengths, world_digest
from models.engine.order import Order
from models.protocols import Batch, Shown
from models.specs.organism import SenseSpec
from models.specs.transforms import OnWorlds
from models.specs.worlds import Part, WorldSpec

_ONE = 1 << 32


def build_stream(
    spec: WorldSpec, senses: Mapping[str, SenseSpec], deficits: Mapping[str, OnWorlds], sweeps: int = 1
) -> Stream:
    """The items of a world, or of several in turn."""
    return (Mixture if spec.parts else Stream)(spec, senses, deficits, sweeps)


@final
class Mixture(Stream):
    """Several worlds as one."""

    def __init__(
        self,
        spec: WorldSpec,
        senses: Mapping[str, SenseSpec],
        deficits: Mapping[str, OnWorlds],
        sweeps: int = 1,
    ) -> None:
        self.spec = spec
        self.sweeps = sweeps
        self.digest = world_digest(spec)
        self._address = word(self.digest)
        self._parts = [Stream(part.world, senses, deficits, sweeps) for part in spec.parts]
        self.floats = max(part.floats for part in self._parts)

    @property
    def channels(self) -> frozenset[str]:
        """Those that some sense receives of some world."""
        return frozenset().union(*(part.channels for part in self._parts))

    def order(self, seeds_N: Tensor, batch: int, part: str = "") -> Order:
        """Worlds in turn, the items of each in its own order."""
        orders = [each.order(seeds_N, batch, f"{part}{place}") for place, each in enumerate(self._parts)]
        phases_NK = Draw(seeds_N, address=self._address).at("turns").bits(len(orders))
        return Turns(phases_NK, self.spec.parts, orders)

    def given(self, seeds_N: Tensor, item_NB: Tensor) -> Shown:
        """Items as their worlds give them; labels are 0 where a world shows none."""
        channels: dict[str, Tensor] = {}
        factors: dict[str, Tensor] = {}
        labels: dict[str, Tensor] = {}
        for mine_NB, at_NM, part in self._shares(item_NB):
            one_NM = torch.where(mine_NB, item_NB // len(self._parts), 0).gather(1, at_NM)
            seen, label, told = part.given(seeds_N, one_NM)
            for whole, some in ((channels, seen), (factors, told), (labels, {} if label is None else {"": label})):
                for name, x in some.items():
                    whole[name] = _placed(whole.get(name), x, mine_NB, at_NM)
        return channels, labels.get(""), factors

    def received(self, given: Shown, item_NB: Tensor, draw: Draw, strengths: Strengths | None = None) -> Batch:
        """What was given as senses receive it, by the transforms of the world that gave it."""
        whole: Batch | None = None
        for place, part in enumerate(self._parts):
            mine_NB = item_NB % len(self._parts) == place
            at = replace(draw, address=part.draw(draw.seeds_N, item_NB).address)
            some = part.received(given, item_NB // len(self._parts), at, strengths)
            shows = part.spec.labels.kind != "none" and some.label is not None
            if some.labelled_NB is None:
                some = replace(some, labelled_NB=torch.full_like(mine_NB, shows))
            whole = some if whole is None else _merged(whole, some, mine_NB)
        assert whole is not None
        return replace(whole, index_NB=item_NB, labelled_NB=whole.labelled_NB if self.spec.keeps_unlabelled else None)

    def _shares(self, item_NB: Tensor) -> list[tuple[Tensor, Tensor, Stream]]:
        """Of each world that has items here: which they are, and places (N, M) among which they all are."""
        found = []
        for place, part in enumerate(self._parts):
            mine_NB = item_NB % len(self._parts) == place
            width = int(mine_NB.sum(dim=1).max())
            if width:
                found.append((mine_NB, (~mine_NB).to(torch.uint8).argsort(dim=1, stable=True)[:, :width], part))
        return found


@final
class Turns:
    """Which world a presentation shows: that whose count falls most behind its share, life by life.

    Of n presentations the first world has floor(s n + phase); of those that are left the second has its share, and so
    on. So the position in every world is known without counting.
    """

    def __init__(self, phases_NK: Tensor, parts: Sequence[Part], orders: Sequence[Order]) -> None:
        self._phases_NK = phases_NK
        self._orders = orders
        rest = [sum(part.share for part in parts[place:]) for place in range(len(parts))]
        self._shares = [round(_ONE * part.share / left) for part, left in zip(parts, rest, strict=True)]
        self._shares[-1] = _ONE

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor, stage_sp: int = 0) -> Tensor:
        """Item of each presentation."""
        begun_N1, left_NB = torch.from_numpy(shown_N)[:, None], presentation_NB
        found = torch.full_like(presentation_NB, -1)
        for place, order in enumerate(self._orders):
            count = self._counted(place)
            before_NB, first_N1 = count(left_NB), count(begun_N1)
            mine_NB = (count(left_NB + 1) > before_NB) & (found < 0)
            item_NB = order.items(first_N1[:, 0].numpy(), before_NB, stage_sp)
            found = torch.where(mine_NB, item_NB * len(self._orders) + place, found)
            left_NB, begun_N1 = left_NB - before_NB, begun_N1 - first_N1
        return found

    def _counted(self, place: int) -> Callable[[Tensor], Tensor]:
        """How many of so many (N, B) the world at a place has."""
        share, phase_N1 = self._shares[place], self._phases_NK[:, place : place + 1]
        return lambda count: count * share + phase_N1 >> 32


def _placed(whole: Tensor | None, x: Tensor, mine_NB: Tensor, at_NM: Tensor) -> Tensor:
    """What is known of all items, with that of some (N, M, ...) in their places."""
    like = x.new_zeros(*mine_NB.shape, *x.shape[2:])
    index = at_NM.reshape(*at_NM.shape, *[1] * (x.dim() - 2)).expand_as(x)
    return _chosen(mine_NB, like.scatter(1, index, x), like if whole is None else whole)


def _merged(whole: Batch, some: Batch, mine_NB: Tensor) -> Batch:
    """One batch with the items of another where they belong to it."""

    def both(x: Mapping[str, Tensor], y: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: _chosen(mine_NB, y[name], x[name]) for name in x if name in y}

    label = whole.label if some.label is None else some.label
    if whole.label is not None and some.label is not None:
        label = _chosen(mine_NB, some.label, whole.label)
    assert whole.labelled_NB is not None
    assert some.labelled_NB is not None
    return replace(
        whole,
        senses=both(whole.senses, some.senses),
        label=label,
        factors=both(whole.factors, some.factors),
        labelled_NB=torch.where(mine_NB, some.labelled_NB, whole.labelled_NB),
    )


def _chosen(mine_NB: Tensor, x: Tensor, other: Tensor) -> Tensor:
    return torch.where(mine_NB.reshape(*mine_NB.shape, *[1] * (x.dim() - 2)), x, other)
