"""Area kinds: layers of weights, detectors, memories; the union of all."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.area_base import SPIKING, Activation, AreaBase, Units, ZerosInit
from models.specs.base import Name, Positive, Share, later
from models.specs.structures import (
    AttentionSpec,
    BindingSpec,
    EpisodicControlSpec,
    OptionsSpec,
    PlannerSpec,
    RouterSpec,
    ShifterSpec,
    StackMemorySpec,
)


class LinearSpec(AreaBase):
    """`depth` fully connected layers of `size` units."""

    kind: Literal["linear"]
    size: Units
    depth: Annotated[int, Field(ge=1, le=64)] = 1


class ConvSpec(AreaBase):
    """`depth` convolutions with `channels` maps each, then max pooling over `pool` x `pool` tiles."""

    kind: Literal["conv"]
    channels: Annotated[int, Field(ge=1, le=4096)]
    kernel: Annotated[int, Field(ge=1, le=31)] = 3
    stride: Annotated[int, Field(ge=1, le=16)] = 1
    pad: Annotated[int, Field(ge=0, le=31)] | None = None
    """Zeros around the input; kernel // 2 if left out."""
    pool: Annotated[int, Field(ge=1, le=16)] = 1
    depth: Annotated[int, Field(ge=1, le=64)] = 1


class RecurrentSpec(AreaBase):
    """`size` units that hear themselves one time step later."""

    kind: Literal["recurrent"]
    size: Units
    cell: Literal["rnn", "gru", "lstm"] = "rnn"
    """Plain units, or units with gates that learn what to keep."""
    act: Activation = "tanh"
    leak: Share | None = None
    """Share of its state that a plain unit keeps from one step to the next; 0.8 for lif, else 0, if left out."""

    @model_validator(mode="after")
    def _plain(self) -> RecurrentSpec:
        if self.cell != "rnn" and (self.leak is not None or self.act in SPIKING or self.norm != "none"):
            raise PydanticCustomError("gated", "leak, norm and acts that spike belong to the cell rnn")
        return self


class ReservoirSpec(AreaBase):
    """`size` units that hear themselves by fixed sparse random weights."""

    kind: Literal["reservoir"]
    size: Annotated[int, Field(ge=1, le=4096)]
    act: Literal["none", "relu", "tanh", "sigmoid"] = "tanh"
    leak: Share = 0.7
    """Share of its state that a unit keeps from one step to the next."""
    radius: Annotated[float, Field(gt=0.0, le=10.0)] = 0.9
    """Largest absolute eigenvalue of the recurrent weights; below 1 the past fades."""
    density: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """Share of the units that a unit hears."""
    innate: Literal[True] = True

    @property
    def as_recurrent(self) -> RecurrentSpec:
        """The units without what is said of their recurrent weights."""
        shared = self.model_dump(exclude={"kind", "radius", "density"})
        return RecurrentSpec.model_validate({**shared, "kind": "recurrent"})


class MoverDetectorSpec(AreaBase):
    """Marks what moves where it touches a still thing that moves from then on; nobody teaches it."""

    weightless = True

    kind: Literal["mover_detector"]
    grid: Annotated[int, Field(ge=1, le=64)] = 12
    """Rows and columns of its map."""
    threshold: Positive = 0.06
    """Change per pixel and time step, mean of 3 x 3, above which something moves."""
    still: Annotated[int, Field(ge=1, le=16)] = 3
    """Time steps that a thing must have stood still."""
    pace: Annotated[float, Field(gt=0.0, le=0.5)] = 1 / 12
    """Share of the frame that what moves may go in a time step: nearer to it, nothing counts as a thing of its own."""
    reach: Annotated[float, Field(gt=0.0, le=0.5)] = 1 / 8
    """Share of the frame at which things touch."""
    precision: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Share of items whose marks stand where they belong; in the others they stand anywhere."""
    recall: Share = 1.0
    """Share of items in which it says anything."""
    act: Literal["hard_sigmoid"] = "hard_sigmoid"
    norm: Literal["none"] = "none"
    bias: Literal[False] = False
    init: ZerosInit = ZerosInit(kind="zeros")
    innate: Literal[True] = True

    @property
    def passes(self) -> bool:
        """What is or is not there has no derivative."""
        return False


class HopfieldSpec(AreaBase):
    """`size` units that come to rest at the nearest of the patterns they have met."""

    weightless = True
    keeps = True

    kind: Literal["hopfield"]
    size: Annotated[int, Field(ge=1, le=4096)]
    """As many as all its inputs have together: each unit is driven by one of theirs."""
    sweeps: Annotated[int, Field(ge=1, le=200)] = 20
    """Times that every unit hears all others."""
    gain: Positive | None = None
    """Of units with a graded response, through which errors pass; -1 or 1, and no way back, if left out."""
    act: Literal["tanh"] = "tanh"
    norm: Literal["none"] = "none"
    bias: Literal[False] = False
    init: ZerosInit = ZerosInit(kind="zeros")

    @property
    def passes(self) -> bool:
        """A sign has no derivative."""
        return self.gain is not None

    @property
    def contents(self) -> int:
        """A weight between any two units."""
        return self.size**2


class SlotsBase(AreaBase):
    """Slots that keep what comes in, and answer with what is most like a cue."""

    weightless = True
    keeps = True

    size: Annotated[int, Field(ge=1, le=4096)]
    """As many as all its inputs have together: it keeps what they bring, joined."""
    slots: Annotated[int, Field(ge=1, le=65536)] = 128
    """Of more than so many things the least used is lost."""
    sharpness: Annotated[float, Field(gt=0.0, le=1000.0)] = 20.0
    """By which likeness, -1 to 1, is multiplied before the slots share the answer."""
    fade: Share = 0.99
    """Share of a slot's use that is left after an update."""
    act: Literal["none"] = "none"
    norm: Literal["none"] = "none"
    bias: Literal[False] = False
    init: ZerosInit = ZerosInit(kind="zeros")


class MemorySpec(SlotsBase):
    """Slots that keep what was met; it is found again by a part of it."""

    kind: Literal["memory"]

    @property
    def contents(self) -> int:
        """Every slot and its use."""
        return self.slots * (self.size + 1)


class SalienceStoreSpec(SlotsBase):
    """Slots that keep, of what was met, what rewards or novelty tell to matter."""

    kind: Literal["salience_store"]
    surprise: Annotated[float, Field(ge=0.0, le=1000.0)] = 20.0
    """What a reward, by as much as it is not the usual one, adds to the log odds of being kept."""
    novelty: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0
    """What being unlike all that is kept, 0 to 2, adds to them."""
    threshold: float = 10.0
    """What is taken from them; at 10 one in twenty thousand things is kept that does not matter."""
    tag: Share = 0.5
    """Share of a step's salience that reaches back to the step before it, within an item and an episode."""
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    """Share of its error by which the usual reward moves in an update, at plasticity 1."""

    @property
    def contents(self) -> int:
        """Every slot, its use, and the usual reward."""
        return self.as_memory.contents + 1

    @property
    def as_memory(self) -> MemorySpec:
        """The slots without what is said of the gate."""
        shared = {"size", "slots", "sharpness", "fade", "innate", "lr_scale"}
        return MemorySpec.model_validate({**self.model_dump(include=shared), "kind": "memory"})


class ExpansionSpec(AreaBase):
    """`size` units that each hear a few inputs by fixed random weights: few things made into many."""

    kind: Literal["expansion"]
    size: Units
    """At least as many as all its inputs have together; in a cerebellum 20 to 100 times as many."""
    hears: Annotated[int, Field(ge=1, le=65536)] = 4
    """Inputs of a unit."""
    threshold: float = 0.0
    """What a drive must exceed."""
    act: Literal["relu", "tanh", "sigmoid", "hard_sigmoid", "softplus"] = "relu"
    norm: Literal["none"] = "none"
    bias: Literal[True] = True
    init: ZerosInit = ZerosInit(kind="zeros")
    innate: Literal[True] = True

    @property
    def as_linear(self) -> LinearSpec:
        """The units without what is said of their weights."""
        return LinearSpec(kind="linear", size=self.size, act=self.act, innate=True)


class GateBufferSpec(AreaBase):
    """Slots that keep what they hold until a gate, by degrees, or a choice, at once, lets something else in."""

    kind: Literal["gate_buffer"]
    slots: Annotated[int, Field(ge=1, le=64)] = 4
    width: Annotated[int, Field(ge=1, le=4096)]
    """Numbers in a slot."""
    closed: Annotated[float, Field(ge=-20.0, le=20.0)] = 4.0
    """How far gates that open by degrees lean to closed at first; at 4 one lets in a fiftieth of what comes."""
    act: Literal["none", "relu", "tanh", "sigmoid"] = "tanh"
    """Of what is let in."""
    norm: Literal["none"] = "none"
    bias: Literal[True] = True
    control: Name | None = later(None)
    """The area or sense with a unit for every slot and a last one for none of them: from its softmax it is drawn which
    takes in what comes. None: each slot has a gate of its own, which opens by degrees."""

    @property
    def size(self) -> int:
        """Numbers of all slots."""
        return self.slots * self.width

    @property
    def chosen_by(self) -> str | None:
        """What says which slot is to take something in."""
        return self.control


AreaSpec = Annotated[
    LinearSpec
    | ConvSpec
    | RecurrentSpec
    | ReservoirSpec
    | MoverDetectorSpec
    | HopfieldSpec
    | MemorySpec
    | SalienceStoreSpec
    | ExpansionSpec
    | BindingSpec
    | ShifterSpec
    | AttentionSpec
    | PlannerSpec
    | GateBufferSpec
    | StackMemorySpec
    | RouterSpec
    | OptionsSpec
    | EpisodicControlSpec,
    Field(discriminator="kind"),
]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
"""Drives of one unit, by cell."""

LIF_LEAK = 0.8
"""Share of its potential that a lif unit keeps from one step to the next, where nothing else is said."""


_LASTING = ("recurrent", "reservoir", "gate_buffer", "stack_memory", "router", "mover_detector", "options")


def leak_of(area: AreaSpec) -> float:
    """Share of its state that a unit keeps from one time step to the next."""
    given = getattr(area, "leak", None)
    usual = LIF_LEAK if area.act == "lif" else 0.0
    return usual if given is None else given


def lasts(area: AreaSpec) -> bool:
    """Whether units carry something from one time step of an item to the next."""
    if isinstance(area, BindingSpec):
        return area.keep > 0
    return area.kind in _LASTING or area.act == "lif"
