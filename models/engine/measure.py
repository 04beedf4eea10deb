"""What probes look at: a fixed set of items of a world, measured for all lives, with draws of its own.

Nothing here changes a cohort: passes carry no gradient, and gradients are taken of copies that share memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import prod

import torch
from torch import Tensor

from models.costs import build_cost
from models.draw import Draw, word
from models.engine.acting import Policy, episodes
from models.engine.cohort import first_of_cost
from models.engine.feed import Stream
from models.engine.judging import Judged, target_of
from models.engine.organism import Organism, Wiring
from models.engine.traces import Portion, traced_norms
from models.errors import Refused
from models.protocols import Batch, Choice, Episodes, Moment, Params, SampleCost, Variation
from models.specs.canonical import DEFAULT_PROBE_ITEMS
from models.specs.costs import CostSpec
from models.specs.reach import closed_pathways, learns_freely, reaches
from models.specs.worlds.facts import EFFERENCE
from models.specs.worlds.sources import facts

CHUNK = 256
"""Items of one pass: a constant, so that an item's bits do not depend on how many lives are measured."""

ITEM_FLOATS = 1 << 24
"""Parameters held at once while gradients are taken item by item."""


class Items:
    """The first `n` items of an addressed permutation of a world, the same at all ages, as lives see them.

    All lives see the same items, but where the world shows each life a subset of its own.
    """

    def __init__(self, stream: Stream, n: int | None, portion: Portion, organism: Organism) -> None:
        self.portion = portion
        self.organism = organism
        self.stream = stream
        self.source = stream.spec.source
        self.sweeps = stream.sweeps
        count = len(portion.seeds_N)
        alike = stream.spec.draw == "fixed" or stream.size is None
        eyes_N = torch.full((1,), word(stream.digest, "probe")) if alike else portion.seeds_N
        item_NB = _chosen(stream, eyes_N, n)
        draw = stream.draw(eyes_N, item_NB).at("probe")
        self.batch = _mapped(stream.show(eyes_N, item_NB, draw), lambda each: each.expand(count, *each.shape[1:]))
        self.index_NB = item_NB.expand(count, -1)
        self.draw = replace(draw, seeds_N=eyes_N.expand(count), index_NB=self.index_NB)
        self._moment: Moment | None = None

    def moment(self) -> Moment:
        """Forward pass of all items without gradient, chunk by chunk, as it is at the last sweep of each frame."""
        if self._moment is None:
            with torch.no_grad():
                starts = range(0, self.index_NB.shape[1], CHUNK)
                parts = [self._settled(self._run(slice(start, start + CHUNK))) for start in starts]
            self._moment = parts[0] if len(parts) == 1 else self._whole(parts)
        return self._moment

    def _run(self, cut: slice) -> Moment:
        batch = _mapped(self.batch, lambda each: each[:, cut])
        draw = self.draw.indexed(self.index_NB[:, cut])
        return self.organism.run(self.portion.weight, self.portion.own, batch, draw)

    def _settled(self, moment: Moment) -> Moment:
        """The last sweep of every frame."""
        sweeps = self.sweeps
        if sweeps == 1:
            return moment

        def last(each: Tensor) -> Tensor:
            return each[:, :, sweeps - 1 :: sweeps]

        rate = {name: last(each) for name, each in moment.rate.items()}
        inputs = {area: {name: last(each) for name, each in given.items()} for area, given in moment.inputs.items()}
        senses = {name: last(each) for name, each in moment.batch.senses.items()}
        factors = {name: last(each) for name, each in moment.batch.factors.items()}
        label = None if moment.batch.label is None else last(moment.batch.label)

        def choice(area: str) -> Choice:
            logits, chosen = moment.choice(area)
            return last(logits), last(chosen)

        return replace(
            moment,
            batch=replace(moment.batch, senses=senses, label=label, factors=factors),
            rate=rate,
            inputs=inputs,
            choice=choice,
        )

    def _whole(self, parts: list[Moment]) -> Moment:
        rate = {name: torch.cat([part.rate[name] for part in parts], dim=1) for name in parts[0].rate}
        inputs = {
            area: {source: torch.cat([part.inputs[area][source] for part in parts], dim=1) for source in given}
            for area, given in parts[0].inputs.items()
        }
        batch = Batch(
            {name: torch.cat([part.batch.senses[name] for part in parts], dim=1) for name in parts[0].batch.senses},
            None if self.batch.label is None else torch.cat([_told(part) for part in parts], dim=1),
            {name: torch.cat([part.batch.factors[name] for part in parts], dim=1) for name in parts[0].batch.factors},
            self.index_NB,
            self.batch.view,
            self.batch.labelled_NB,
            self.batch.began_NBT,
        )

        def choice(area: str) -> Choice:
            logits, chosen = zip(*(part.choice(area) for part in parts), strict=True)
            return torch.cat(logits, dim=1), torch.cat(chosen, dim=1)

        return replace(
            parts[0], batch=batch, rate=rate, draw=self.draw, inputs=inputs, again=self._again, choice=choice
        )

    def _again(self, other: Variation) -> Moment:
        """All items once more, in one pass."""
        return self.organism.run(self.portion.weight, self.portion.own, self.batch, self.draw).again(other)


class Exam:
    """A measurement on items, with the one cost that may be asked about."""

    def __init__(self, items: Items, costs: Mapping[str, CostSpec]) -> None:
        self._items = items
        self._specs = costs
        self._costs = {name: build_cost(name, each, tuple(items.organism.spec.senses)) for name, each in costs.items()}

    def moment(self) -> Moment:
        """Forward pass of all items without gradient."""
        return self._items.moment()

    def gradients(self, cost: str, *, by_rule: bool) -> Params:
        """What the cost, or a rule that needs none, asks of every area's parameters; 0 where neither does."""
        items, spec = self._items, self._specs[cost]
        organism, portion = items.organism, items.portion
        reached = reaches(organism.spec, spec)
        free = (area for area in organism.spec.areas if by_rule and learns_freely(organism.spec, area))
        taught = reached.union(free)
        moved = {name: _leaf(value) for name, value in portion.weight.items() if name.split("/")[1] in taught}
        wiring = Wiring(closed_pathways(organism.spec, [spec]), exact=not by_rule)
        asked = {name: leaf for name, leaf in moved.items() if not (by_rule and organism.circuits.steers(name))}
        with torch.enable_grad():
            moment = organism.run(portion.weight | moved, portion.own, items.batch, items.draw, wiring)
            judged = self._judged(cost, moment, reached)
            values = organism.circuits.objectives([judged], moment)[0] if by_rule else [judged.value]
            whole = [value.sum() for value in values]
            grads = torch.autograd.grad(whole, list(asked.values()), materialize_grads=True) if asked else ()
        zeros = {name: torch.zeros_like(value) for name, value in portion.weight.items()}
        found = zeros | dict(zip(asked, grads, strict=True))
        return organism.circuits.steered(found, [judged], moment, moved) if by_rule else found

    def _judged(self, cost: str, moment: Moment, reach: frozenset[str]) -> Judged:
        """The cost as the circuits' rules hear it."""
        spec, value = self._specs[cost], self._value(cost, moment)
        upstream, ones_N = spec.scope == "upstream", torch.ones(len(value))

        def again(other: Moment) -> Tensor:
            return self._value(cost, other)

        def per_sample(other: Moment) -> Tensor:
            member = self._costs[cost]
            assert isinstance(member, SampleCost)
            return member.per_sample(self._met(cost, other))

        return Judged(spec.at, upstream, reach, value, again, per_sample, partial(target_of, self._costs[cost]), ones_N)

    def cost(self, name: str) -> Tensor:
        """Value (N,) on all items."""
        with torch.no_grad():
            return self._value(name, self.moment())

    def item_norms(self, value: Callable[[Moment], Tensor]) -> Mapping[str, Tensor]:
        """Area -> (N, B): squared norm of the true gradient over the area's parameters, item by item."""
        organism = self._items.organism
        if all(area.kind == "linear" for area in organism.spec.areas.values()):
            return traced_norms(organism, self._items.portion, self._items.batch, self._items.draw, value)
        items = self._items.index_NB.shape[1]
        floats = sum(prod(each.shape) for each in self._items.portion.weight.values())
        step = max(1, ITEM_FLOATS // max(1, floats))
        parts = [self._norms(value, slice(start, min(start + step, items))) for start in range(0, items, step)]
        return {area: torch.cat([part[area] for part in parts], dim=1) for area in self._items.organism.order}

    def mean_squares(self, value: Callable[[Moment], Tensor]) -> Params:
        """The squared true gradient of every parameter, item by item, a mean over items; 0 where there is none."""
        portion, items = self._items.portion, self._items.index_NB.shape[1]
        lives = len(portion.seeds_N)
        floats = sum(prod(each.shape) for each in portion.weight.values())
        step = max(1, ITEM_FLOATS // max(1, floats))
        sums = {name: torch.zeros_like(each) for name, each in portion.weight.items()}
        for start in range(0, items, step):
            for name, grad in self._alone(value, slice(start, min(start + step, items))).items():
                sums[name] += grad.square().reshape(lives, -1, *grad.shape[1:]).sum(dim=1)
        return {name: each / items for name, each in sums.items()}

    def episodes(self) -> Episodes:
        """Whole episodes, as many as there are items."""
        items = self._items
        actions = facts(items.source).actions
        assert actions is not None
        copies = items.stream.fed_by(EFFERENCE)
        policy = Policy(items.organism, items.stream.spec.actor, actions, copies)
        given = (items.portion.weight, items.portion.own)
        return episodes(items.stream, policy, given, items.draw.seeds_N, items.index_NB)

    def _norms(self, value: Callable[[Moment], Tensor], cut: slice) -> dict[str, Tensor]:
        """Squared norms (N, items) of each area's gradients."""
        lives, count = self._items.index_NB.shape[0], cut.stop - cut.start
        norms = {area: torch.zeros(lives * count) for area in self._items.organism.order}
        for name, grad in self._alone(value, cut).items():
            area = name.split("/")[1]
            norms[area] = norms[area] + grad.flatten(1).square().sum(dim=1)
        return {area: norm.reshape(lives, count) for area, norm in norms.items()}

    def _alone(self, value: Callable[[Moment], Tensor], cut: slice) -> Params:
        """Gradients where every item is a life of its own: lives x items in the place of N, B = 1."""
        items, organism = self._items, self._items.organism
        count = cut.stop - cut.start

        def repeated(each: Tensor) -> Tensor:
            return each.repeat_interleave(count, dim=0)

        def alone(each: Tensor) -> Tensor:
            return each[:, cut].flatten(0, 1).unsqueeze(1)

        weight = {name: _leaf(repeated(each)) for name, each in items.portion.weight.items()}
        own = {name: repeated(each) for name, each in items.portion.own.items()}
        draw = replace(items.draw, seeds_N=repeated(items.draw.seeds_N), index_NB=alone(items.index_NB))
        with torch.enable_grad():
            moment = organism.run(weight, own, _mapped(items.batch, alone), draw, Wiring(exact=True))
            found = torch.autograd.grad(value(moment).sum(), list(weight.values()), allow_unused=True)
        # A parameter that the value does not depend on has no gradient at all.
        return {name: grad for name, grad in zip(weight, found, strict=True) if grad is not None}

    def _value(self, name: str, moment: Moment) -> Tensor:
        """Value of a cost."""
        return self._costs[name](self._met(name, moment))

    def _met(self, name: str, moment: Moment) -> Moment:
        """The moment with the decoders of a cost; those the cohort has never met are as they would be at first."""
        items = self._items
        if any(address.startswith(f"cost/{name}/") for address in moment.own):
            return moment
        learned, own = first_of_cost(name, self._specs[name], items.organism, items.source, items.portion.seeds_N)
        return replace(moment, own=moment.own | learned | own)


def _chosen(stream: Stream, eyes_N: Tensor, n: int | None) -> Tensor:
    """Indices (N, n) of the items."""
    if stream.size is None:
        return torch.arange(n or DEFAULT_PROBE_ITEMS).expand(len(eyes_N), -1)
    count = n or min(DEFAULT_PROBE_ITEMS, stream.size)
    if count > stream.size:
        raise Refused.because("E15", "/probes", f"a probe wants {count} items, its world has {stream.size}")
    place = Draw(eyes_N).at("probe", stream.digest).permuted(torch.arange(count).expand(len(eyes_N), -1), stream.size)
    return stream.subset(eyes_N).gather(1, place)


def _mapped(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    return Batch(
        {name: change(each) for name, each in batch.senses.items()},
        None if batch.label is None else change(batch.label),
        {name: change(each) for name, each in batch.factors.items()},
        change(batch.index_NB),
        lambda view: {name: change(each) for name, each in batch.view(view).items()},
        None if batch.labelled_NB is None else change(batch.labelled_NB),
        None if batch.began_NBT is None else change(batch.began_NBT),
    )


def _told(moment: Moment) -> Tensor:
    assert moment.batch.label is not None
    return moment.batch.label


def _leaf(value: Tensor) -> Tensor:
    return value.detach().requires_grad_()
