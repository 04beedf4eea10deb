"""The nouns of the engine, and the one legend of shapes.

Tensors carry shape suffixes: N lives, B batch, T time steps, U units, S source units, C costs, A areas, K classes,
D deficits, R rows of a record. Activity of an area is (N, B, T, *unit shape): (U,) for linear areas, (channels, height,
width) for conv areas. Static worlds have T = 1. No reduction ever crosses N. Members import no sibling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from models.draw import Draw

Params = dict[str, Tensor]
"""Tensors with a leading cohort dimension N, by address: `area/V1/bias`, `cost/rebuild/decoder/weight`."""

State = tuple[Tensor, ...]
"""What units carry from one time step of an item to the next, each (N, B, ...); () where they carry nothing."""

Choice = tuple[Tensor, Tensor]
"""The logits (N, B, T, K) by which one of K was drawn, with their gradient, and which it was, (N, B, T)."""


def _unseen(name: str) -> Mapping[str, Tensor]:
    raise RuntimeError(f"these items were not shown by a world: nobody can look at them as {name}")


@dataclass(frozen=True)
class Batch:
    """What is shown in one update or measured in one probe."""

    senses: Mapping[str, Tensor]
    """Sense -> (N, B, T, *shape), float32, after transforms and deficits."""
    label: Tensor | None
    """(N, B, T) int64 class, (N, B, T, D) where it is numbers, or None where the world shows none."""
    factors: Mapping[str, Tensor]
    """Ground truth, (N, B, T) or (N, B, T, D); for probes and oracle targets only."""
    index_NB: Tensor
    """Which item of the world each one is: position in a finite split, presentation number in an endless one."""
    view: Callable[[str], Mapping[str, Tensor]] = _unseen
    """Sense -> what it would receive of another look at the same items, by the name of the look."""
    labelled_NB: Tensor | None = None
    """Whether an item's label is shown, where that is so for some only; the label of the others means nothing."""
    began_NBT: Tensor | None = None
    """Whether an episode begins with a frame, so that nothing is carried into it; None where items are whole."""


def _once(other: Variation) -> Moment:
    raise RuntimeError("this moment was not made by an organism: it cannot be run again")


def _unchosen(area: str) -> Choice:
    raise RuntimeError(f"this moment was not made by an organism: nobody knows what {area} chose")


@dataclass(frozen=True)
class Moment:
    """All a cost may see of one forward pass."""

    batch: Batch
    rate: Mapping[str, Tensor]
    """Area -> activity (N, B, T, *units); senses are under their own names."""
    weight: Mapping[str, Tensor]
    """Every parameter by address."""
    own: Params
    """State of costs and rules: decoders, heads, feedback weights; learned ones with requires_grad."""
    draw: Draw
    """Lives x the presentations of this batch; a cost addresses it by its own name."""
    inputs: Mapping[str, Mapping[str, Tensor]]
    """Area -> source -> the rate that arrives there, with its gradient where the pathway passes one."""
    apply: Callable[[str, Mapping[str, Tensor]], Tensor]
    """Runs one area on other inputs (source -> rate) with its parameters and rule: the area's rate."""
    again: Callable[[Variation], Moment] = _once
    """Runs the whole organism on the same items once more, otherwise in some respect."""
    pace: Mapping[str, Tensor] = field(default_factory=dict)
    """Area -> plasticity (N,) in force, where state may move on; empty elsewhere."""
    left: Mapping[str, State] = field(default_factory=dict)
    """Area -> what it carries on from the last time step; areas that carry nothing may be left out."""
    heard: Mapping[str, Tensor] = field(default_factory=dict)
    """Area -> share (N,) of its activity that a lesion leaves to be heard; areas without a lesion are left out."""
    choice: Callable[[str], Choice] = _unchosen
    """What an area that chooses chose, and by what."""

    def said(self, source: str) -> Tensor:
        """What others hear of an area (N, B, T, *units): its activity, less what a lesion takes; of a sense, all."""
        return weakened(self.rate[source], self.heard.get(source))


def weakened(rate: Tensor, left_N: Tensor | None) -> Tensor:
    """A share (N,) of activity (N, B, ...); where nothing is left no error goes back."""
    if left_N is None:
        return rate
    left = left_N.reshape(-1, *[1] * (rate.dim() - 1))
    return torch.where(left > 0, rate * left, 0.0)


@dataclass(frozen=True)
class Variation:
    """What a further pass over the same items does otherwise."""

    weight: Params = field(default_factory=dict)
    """Parameters in the place of those of the same address."""
    senses: Mapping[str, Tensor] = field(default_factory=dict)
    """What some senses receive instead."""
    synapse: Mapping[str, Synapse] = field(default_factory=dict)
    """Area -> what multiplies for it instead."""
    exact: bool = False
    """Whether every circuit passes slopes and errors on as backprop does."""


Fill = Callable[[Draw, tuple[int, ...], int], Tensor]
"""First values of a weight: (draw at its address, its shape for one life, fan_in) -> (N, *shape)."""


class Synapse(Protocol):
    """How a weight layer multiplies forward and sends errors back, there and in time; the seam of most rules."""

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W over lives: (N, 1 or M, U), (N, M, S), (N, S, U) -> (N, M, U); M folds batch and time."""
        ...

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x over lives: (N, M, in, h, w), (N, out, in, kh, kw) -> (N, M, out, h', w')."""
        ...

    def carry(self, state: Tensor, step: int) -> Tensor:
        """What time step `step` receives of the one before it: the state, with or without a way back for errors."""
        ...

    def spike(self, potential: Tensor) -> Tensor:
        """1 where the potential is above 0, else 0, with the rule's way back for errors."""
        ...


@dataclass(frozen=True)
class Pass:
    """With what an area computes in one run of the organism."""

    weight: Mapping[str, Tensor]
    synapse: Synapse
    own: Params
    draw: Draw | None = None
    """Lives x the presentations of this batch; an area addresses it by its own name."""


class Area(Protocol):
    """Units with parameters: a function of what its pathways bring, step by step in time."""

    shape: tuple[int, ...]
    """Shape of its units."""

    def init(self, draw: Draw) -> Params:
        """Parameters by address; draw has one seed per life."""
        ...

    def start(self, like: Tensor) -> State:
        """The state before an item's first step, 0; `like` (N, B, ...) has its lives, items and device."""
        ...

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, *shape) from the inputs by source, each (N, B, T, *units of the source), and the state left.

        What one call makes of T steps is what T calls make of one step each, the state handed on.
        """
        ...


class Cost(Protocol):
    """One number per life; a mean over batch, time and units, never over N."""

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Learned decoders and unlearned state, by address `cost/NAME/...`; draw has the lives' seeds.

        Shapes are the unit shapes, without N, B and T: of every area and sense by its name, and of what the world
        tells, `world/label` (classes,) and `world/FACTOR` (width,).
        """
        ...

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,), differentiable."""
        ...


@runtime_checkable
class SampleCost(Cost, Protocol):
    """A cost whose value is the mean of one number per sample."""

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B); a mean over time and units."""
        ...


@runtime_checkable
class TargetCost(Cost, Protocol):
    """A cost that compares its area with a target."""

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T) int64, or values (N, B, T, D); without gradient."""
        ...


@runtime_checkable
class Holds(Protocol):
    """An area with contents that outlast the item: memories, buffers."""

    def contents(self, draw: Draw) -> Params:
        """First contents, by address `kept/A/...`; draw has one seed per life."""
        ...


@runtime_checkable
class Chooses(Protocol):
    """An area that draws one of several things to do, by address; no error goes back through what it draws."""

    def choice(self, inputs: Mapping[str, Tensor], by: Pass) -> Choice:
        """What is chosen at all time steps of an item, and by which logits: what `apply` does on these inputs."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """An area, cost or rule whose unlearned state follows from what was met.

    Called once per update; what it returns takes effect for the lives that are alive and in which it is plastic: the
    area's plasticity is above 0 and no deficit silences it; a cost weighs, and what it judges is plastic.
    """

    def remember(self, moment: Moment) -> Params:
        """What the state becomes, by address: `kept/A/...`, `cost/NAME/...`, `rule/area/A/...`."""
        ...


Shown = tuple[dict[str, Tensor], Tensor | None, Mapping[str, Tensor]]
"""What a world gives of items: channels (N, B, T, *shape) float32 before transforms; the label, classes (N, B, T) int64
or numbers (N, B, T, D), or None; factors (N, B, T) or (N, B, T, D)."""

LATER = 1 << 40
"""An item may be a part that a scene is cut into: s + w LATER, w from 1, is the w-th run of T steps of scene s.
Item s itself is T steps of the scene from a moment that the world chooses."""


class World(Protocol):
    """Items by index: sample(seeds, index) is a pure function of its arguments.

    Where all lives share a world (finite ones, and those rendered in tiles) it does not depend on the seeds.
    """

    @property
    def size(self) -> int | None:
        """Items of the split; None: endless."""
        ...

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """What is shown of these items."""
        ...


@runtime_checkable
class Looks(Protocol):
    """A world whose items can be looked at otherwise."""

    def view(self, name: str, seeds_N: Tensor, index_NB: Tensor) -> dict[str, Tensor]:
        """Channels (N, B, T, *shape) of these items, by the name of the look."""
        ...


@runtime_checkable
class Transform(Protocol):
    """Changes what one sense receives, given a per-life strength in [0, 1]; 0 is the bitwise identity."""

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """(N, B, T, *shape) -> the same shape."""
        ...


@runtime_checkable
class Unites(Protocol):
    """A transform of several senses at once, with one draw for all of them."""

    def together(self, seen: Mapping[str, Tensor], strength_N: Tensor, draw: Draw) -> dict[str, Tensor]:
        """Sense -> (N, B, T, *shape), each with the shape it had."""
        ...


@runtime_checkable
class Relabels(Protocol):
    """A transform of labels."""

    def relabel(self, label_NBT: Tensor, classes: int, strength_N: Tensor, draw: Draw) -> Tensor:
        """(N, B, T) -> (N, B, T), both in [0, classes)."""
        ...


@dataclass(frozen=True)
class ProbeView:
    """What a probe may look at: no gradient reaches the organism, no state changes."""

    areas: tuple[str, ...]
    """Areas in document order."""
    weight: Mapping[str, Tensor]
    measure: Measurement
    extra: Mapping[str, Measurement] = field(default_factory=dict)
    """`train`: the world of the fit."""
    change: Mapping[str, Tensor] = field(default_factory=dict)
    """Area -> norm (N,) of what the last update changed of its parameters; empty before the first of a trajectory."""


@dataclass(frozen=True)
class Episodes:
    """Whole episodes, one in every slot."""

    reward: Tensor
    """Sum over each, (N, E)."""
    steps: Tensor
    """Until each ended, (N, E)."""
    shortest: Tensor
    """Steps from its beginning to the goal on the shortest way, (N, E); NaN where there is no goal."""
    visited: Tensor
    """Whether some episode met a place, (N, places)."""


class Measurement(Protocol):
    """A fixed set of items of a world, the same for all ages and lives."""

    def moment(self) -> Moment:
        """Forward pass of all items without gradient; chunked inside, T kept."""
        ...

    def gradients(self, cost: str, *, by_rule: bool) -> Params:
        """What the cost asks of every parameter on these items: by the circuits' rules, or as the true gradient."""
        ...

    def cost(self, name: str) -> Tensor:
        """Value (N,) of a declared cost on these items."""
        ...

    def item_norms(self, value: Callable[[Moment], Tensor]) -> Mapping[str, Tensor]:
        """Area -> (N, B): squared norm of the true gradient of `value` over the area's parameters, item by item.

        `value` maps a moment to one number per life. It is given moments in which every item is a life of its own
        (life, item major; B = 1) with its life's parameters, seed and presentation number; chunked inside.
        """
        ...

    def episodes(self) -> Episodes:
        """What comes of acting from the beginning of as many episodes as there are items; of acting worlds only."""
        ...


class Probe(Protocol):
    """A measurement that cannot teach."""

    def __call__(self, view: ProbeView) -> Tensor:
        """(N,), or (N, areas of `at`)."""
        ...
