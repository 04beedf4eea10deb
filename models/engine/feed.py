"""What lives are shown: items by addressed order, one gather for all lives, transforms, then live deficits.

Which item a life sees is a function of its seed, the world and how much of that world it has seen; nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import prod

import numpy as np
import numpy.typing as npt
import rfc8785
import torch
from torch import Tensor

from models.draw import Draw, word
from models.engine.ahead import Ahead
from models.engine.filters import Filter, Seen
from models.engine.normal import clean_scales
from models.engine.order import Order, Paced, Passes, Scenes
from models.errors import Refused
from models.protocols import Batch, Looks, Shown, World
from models.specs.organism import SenseSpec
from models.specs.shapes import channel_for
from models.specs.transforms import OnWorlds
from models.specs.worlds import GivenOrder, MixSource, PacedOrder, TemporalOrder, WorldSpec
from models.specs.worlds.sources import digest_of, facts
from models.worlds import build_world
from models.worlds.labels import chosen, shown
from models.worlds.walking import begun

_ENOUGH = 1 << 24
"""Items of an endless world that lives which see `size` of their own take them from."""

_AT_ONCE = 256

Strengths = Mapping[str, Tensor]
"""Deficit -> strength (N,) of each life; only those live for some life."""


def world_digest(spec: WorldSpec) -> str:
    """Names a world for orders and positions: source, split, size, draw, and a budget that cuts its passes."""
    if spec.parts:
        named = ",".join(f"{part.share!r}:{world_digest(part.world)}" for part in spec.parts)
        return hashlib.sha256(named.encode()).hexdigest()[:16]
    what = digest_of(spec.source, spec.split) | {"size": spec.size, "draw": spec.draw}
    if spec.budget is not None and not spec.keeps_unlabelled:
        what |= {"labels": spec.budget.model_dump(mode="json", include={"count", "balanced", "draw"})}
    return hashlib.sha256(rfc8785.dumps(what)).hexdigest()[:16]


class Stream:
    """The items of a world as a life meets them, and what senses receive of them."""

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
        assert not isinstance(spec.source, MixSource)
        self.world: World = build_world(spec.source, spec.split, spec.steps, spec.size)
        self._scales = clean_scales(spec.source, spec.steps, spec.normalise)
        self._address = word(self.digest)
        self._keeps_unlabelled = spec.keeps_unlabelled
        self._shared = spec.shared
        self._labelled: dict[tuple[int, ...], Tensor] = {}
        known = facts(spec.source)
        self.floats = spec.steps * sum(prod(shape) for shape in known.channels.values())
        self._classes = known.classes
        self._acts = known.actions is not None
        self._bound = {name: _bound(name, sense, known.channels) for name, sense in senses.items()}
        shapes = {name: tuple(sense.shape) for name, sense in senses.items()}
        self._transforms = [Filter(each.title, each.transform, self._bound, shapes) for each in spec.transforms]
        self._deficits = {name: Filter(name, deficits[name], self._bound, shapes) for name in sorted(deficits)}

    @property
    def size(self) -> int | None:
        """Items of a pass; None: endless."""
        return self.spec.pass_size

    @property
    def channels(self) -> frozenset[str]:
        """Those that some sense receives."""
        return frozenset(self._bound.values())

    def fed_by(self, channel: str) -> list[str]:
        """Senses that receive a channel."""
        return [sense for sense, bound in self._bound.items() if bound == channel]

    def subset(self, seeds_N: Tensor) -> Tensor:
        """Items that a pass shows, (N, size), in their own order; nested in size."""
        drops = self.spec.budget is not None and not self.spec.keeps_unlabelled
        return self.labelled(seeds_N) if drops else self._whole(seeds_N)

    def labelled(self, seeds_N: Tensor) -> Tensor:
        """Items (N, count) that show their label under a budget, in their own order."""
        if self.spec.draw == "fixed":
            return self._chosen(torch.zeros(1, dtype=torch.int64)).expand(len(seeds_N), -1)
        return self._chosen(seeds_N)

    def ranked(self, seeds_N: Tensor, order: PacedOrder) -> Tensor:
        """The items (N, size) of a pass, those that come first at the beginning; ties by their own order."""
        subset_NS = self.subset(seeds_N)
        if order.rank == "random":
            key_NS = Draw(seeds_N, subset_NS, self._address).at("rank").bits(1)[..., 0]
        else:
            name, owners_N = facts(self.spec.source).difficulty, self._owners(seeds_N)
            assert name is not None
            parts = [self.world.sample(owners_N, part)[2][name] for part in torch.split(subset_NS, _AT_ONCE, dim=1)]
            key_NS = torch.cat(parts, dim=1).flatten(2)[..., 0] * (1.0 if order.rank == "easy" else -1.0)
        return subset_NS.gather(1, key_NS.argsort(dim=1, stable=True))

    def _owners(self, seeds_N: Tensor) -> Tensor:
        """Whose items lives are shown."""
        return torch.zeros_like(seeds_N) if self._shared else seeds_N

    def _chosen(self, seeds_N: Tensor) -> Tensor:
        who = tuple(seeds_N.tolist())
        if who not in self._labelled:
            whole_NS = self._whole(seeds_N)
            owners_N = self._owners(seeds_N)
            parts = [self._classes_of(owners_N, part_NS) for part_NS in torch.split(whole_NS, _AT_ONCE, dim=1)]
            self._labelled[who] = chosen(self.spec, torch.cat(parts, dim=1), seeds_N, whole_NS)
        return self._labelled[who]

    def _classes_of(self, owners_N: Tensor, index_NS: Tensor) -> Tensor:
        """The class of items, at the first of their steps; 0 where the budget does not ask for it."""
        if self.spec.budget is None or not self.spec.budget.balanced:
            return torch.zeros_like(index_NS)
        label = self.world.sample(owners_N, index_NS)[1]
        assert label is not None
        return label[:, :, 0]

    def _whole(self, seeds_N: Tensor) -> Tensor:
        whole, size, alike = self.world.size or _ENOUGH, self.spec.whole_size, self.spec.draw == "fixed"
        assert size is not None
        if size == whole or (self.world.size is None and alike):
            return torch.arange(size).expand(len(seeds_N), size)
        drawn = torch.zeros_like(seeds_N) if alike else seeds_N
        # The subset of one size is part of that of a larger one, so the size is no part of its address.
        address = word(*sorted(map(str, digest_of(self.spec.source, self.spec.split).items())))
        first = torch.arange(size).expand(len(seeds_N), size)
        return Draw(drawn, address=address).at("subset").permuted(first, whole).sort(dim=1).values

    def show(self, seeds_N: Tensor, item_NB: Tensor, draw: Draw, strengths: Strengths | None = None) -> Batch:
        """Items as senses receive them; draw has the presentations, and the address of its purpose."""
        return self.received(self.given(seeds_N, item_NB), item_NB, draw, strengths)

    def given(self, seeds_N: Tensor, item_NB: Tensor) -> Shown:
        """Items as the world gives them, with the labels it lets costs see."""
        owners_N = self._owners(seeds_N)
        channels, label, factors = self.world.sample(owners_N, item_NB)
        return channels, shown(self.spec, label, owners_N, item_NB), factors

    def received(self, given: Shown, item_NB: Tensor, draw: Draw, strengths: Strengths | None = None) -> Batch:
        """What was given as senses receive it: transforms, live deficits, the frozen scale."""
        channels, label, factors = given
        labelled_NB = self._shows(draw.seeds_N, item_NB) if self._keeps_unlabelled else None
        if label is not None and labelled_NB is not None:
            label = torch.where(labelled_NB.reshape(*labelled_NB.shape, *[1] * (label.dim() - 2)), label, 0)
        seen = Seen({sense: channels[channel] for sense, channel in self._bound.items()}, label)
        for each in self._transforms:
            seen = each(seen, self._classes, torch.ones(len(item_NB)), draw.at("transform"))
        for name, strength_N in (strengths or {}).items():
            seen = self._deficits[name](seen, self._classes, strength_N, draw.at("deficit"))
        told = factors if self.sweeps == 1 else {name: self._held(factor) for name, factor in factors.items()}
        senses = {sense: self._held(self._normal(sense, x)) for sense, x in seen.senses.items()}

        views: dict[str, Mapping[str, Tensor]] = {}

        def view(name: str) -> Mapping[str, Tensor]:
            if name not in views:
                assert isinstance(self.world, Looks)
                looked = self.world.view(name, self._owners(draw.seeds_N), item_NB)
                views[name] = self.received((looked, None, {}), item_NB, draw, strengths).senses
            return views[name]

        told_label = None if seen.label is None else self._held(seen.label)
        return Batch(senses, told_label, told, item_NB, view, labelled_NB, self._began(factors))

    def _began(self, factors: Mapping[str, Tensor]) -> Tensor | None:
        """Where episodes begin in items that somebody walked through (N, B, T sweeps)."""
        if not self._acts or "done" not in factors:
            return None
        began_NBT = begun(factors["done"])
        if self.sweeps > 1:
            later = torch.zeros_like(began_NBT)
            began_NBT = torch.stack([began_NBT, *[later] * (self.sweeps - 1)], dim=3).flatten(2)
        return began_NBT

    def _shows(self, seeds_N: Tensor, item_NB: Tensor) -> Tensor:
        """Whether items (N, B) show their label."""
        with_label_NC = self.labelled(seeds_N).contiguous()
        place_NB = torch.searchsorted(with_label_NC, item_NB.contiguous()).clamp(max=with_label_NC.shape[1] - 1)
        return with_label_NC.gather(1, place_NB) == item_NB

    def _normal(self, sense: str, x: Tensor) -> Tensor:
        """A sense in the scale of its clean channel, if the world is normalised."""
        scale = self._scales.get(self._bound[sense])
        return x if scale is None else (x - scale[0]) / scale[1]

    def _held(self, each: Tensor) -> Tensor:
        """Every frame for as many time steps as it is held: (N, B, T, ...) -> (N, B, T sweeps, ...)."""
        return each if self.sweeps == 1 else each.repeat_interleave(self.sweeps, dim=2)

    def draw(self, seeds_N: Tensor, presentation_NB: Tensor) -> Draw:
        """Draws of these presentations of this world."""
        return Draw(seeds_N, presentation_NB, self._address)

    def order(self, seeds_N: Tensor, batch: int, part: str = "") -> Order:
        """The order the world asks for; `part` tells it from others in a mix."""
        spec, known = self.spec, facts(self.spec.source)
        draw = self.draw(seeds_N, torch.zeros(len(seeds_N), 1, dtype=torch.int64)).at("order", part)
        given = isinstance(spec.order, GivenOrder)
        if isinstance(spec.order, PacedOrder):
            return Paced(draw, self.ranked(seeds_N, spec.order), batch, spec.order.available)
        if self.size is not None:
            return Passes(draw, self.subset(seeds_N), given=given)
        windows = known.max_steps // spec.steps if isinstance(spec.order, TemporalOrder) else 1
        return Scenes(draw, batch, None if given else known.reuse, windows)


class Feed:
    """The training batches of a cohort."""

    def __init__(self, stream: Stream, seeds: list[int], batch: int) -> None:
        self._stream = stream
        self._batch = batch
        self._seeds_N = torch.tensor(seeds, dtype=torch.int64)
        self._step_B = np.arange(batch)
        self._channels = stream.channels
        self._order = stream.order(self._seeds_N, batch)
        self._stage_sp = 0
        self._ahead = Ahead(self._drawn, batch, len(seeds) * batch * stream.floats)

    def next(self, shown_N: npt.NDArray[np.int64], strengths: Strengths, stage_sp: int = 0) -> tuple[Batch, Draw]:
        """The batch after so many presentations, at a stage time, and the draws of its presentations."""
        self._stage_sp = stage_sp
        presentation_NB = torch.from_numpy(shown_N[:, None] + self._step_B)
        item_NB, given = self._ahead.at(shown_N)
        draw = self._stream.draw(self._seeds_N, presentation_NB)
        return self._stream.received(given, item_NB, draw, strengths), draw

    def _drawn(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor) -> tuple[Tensor, Shown]:
        item_NB = self._order.items(shown_N, presentation_NB, self._stage_sp)
        channels, label, factors = self._stream.given(self._seeds_N, item_NB)
        return item_NB, ({name: x for name, x in channels.items() if name in self._channels}, label, factors)


def _bound(name: str, sense: SenseSpec, channels: Mapping[str, tuple[int, ...]]) -> str:
    """The channel that feeds a sense."""
    channel = channel_for(name, sense, channels)
    place = f"/organism/senses/{name}"
    if channel is None:
        raise Refused.because("E14", place, f"sense {name}: the world has channels {', '.join(channels)}")
    if tuple(channels[channel]) != tuple(sense.shape):
        given, wanted = list(channels[channel]), list(sense.shape)
        raise Refused.because("E14", place, f"sense {name}: channel {channel} gives {given}, the sense wants {wanted}")
    return channel
