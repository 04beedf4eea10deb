"""Area kinds made for one thing each: to bind, to shift, to attend, to foresee, to stack, to route."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.area_base import AreaBase, Units, ZerosInit
from models.specs.base import Name, Positive, Share, later


class Structure(AreaBase):
    """Units whose answer is the structure's own."""

    act: Literal["none"] = "none"
    norm: Literal["none"] = "none"
    bias: Literal[False] = False


class BindingSpec(Structure):
    """Binds what its two pathways bring into as many units, from which each can be found again by the other."""

    weightless = True

    kind: Literal["binding"]
    size: Annotated[int, Field(ge=1, le=4096)]
    """As many as each of its two inputs has."""
    operation: Literal["convolve", "correlate"] = "convolve"
    """convolve binds the two; correlate finds in the second what the first is bound to."""
    keep: Share = 0.0
    """Share of what it holds that stays from one step to the next; at 1 all pairs of an item lie over each other."""
    init: ZerosInit = ZerosInit(kind="zeros")


class ShifterSpec(Structure):
    """A window on what one pathway brings, moved by what the other says."""

    weightless = True

    kind: Literal["shifter"]
    control: Name
    """The area or sense with a unit for every shift: 2 reach + 1 along a line, their square on maps, row by row."""
    reach: Annotated[int, Field(ge=1, le=8)]
    """Places by which it can move to either side; the window is narrower by as many on every side."""
    gain: Positive | None = None
    """Of a softmax over what the control says; taken as it is if left out."""
    init: ZerosInit = ZerosInit(kind="zeros")


class AttentionSpec(Structure):
    """Looks among the places of a map, at each by how well it answers or at one window, and passes on what is there."""

    kind: Literal["attention"]
    size: Units | None = later(None)
    """Units of what is passed on where all places are weighed for what the other pathways ask; a window has none."""
    parts: Name
    """The area or sense whose places are chosen among: maps of features."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Length of the keys, where places are weighed."""
    glimpse: Annotated[int, Field(ge=1, le=4096)] | None = later(None)
    """Side of the one window that is looked at, in rows and columns of the parts; it is passed on as it is, the rest is
    not seen. None: all places are weighed."""
    stride: Annotated[int, Field(ge=1, le=4096)] | None = later(None)
    """Of a glimpse: rows and columns from one place of the window to the next; half of its side if left out."""
    control: Name | None = later(None)
    """Of a glimpse: the area or sense with a unit for every place, row by row; the place is drawn from its softmax."""

    @model_validator(mode="after")
    def _one_way(self) -> AttentionSpec:
        if (self.size is None) == (self.glimpse is None):
            raise PydanticCustomError("exclusive", "exactly one of size, glimpse")
        if (self.glimpse is None) != (self.control is None):
            raise PydanticCustomError("exclusive", "glimpse and control, or neither: control says where to look")
        if self.glimpse is None and self.stride is not None:
            raise PydanticCustomError("exclusive", "stride is that of a glimpse")
        return self

    @property
    def weighs(self) -> bool:
        """A window is cut out as it is."""
        return self.glimpse is None

    @property
    def chosen_by(self) -> str | None:
        """What says where to look."""
        return self.control

    @property
    def grid(self) -> tuple[int, int]:
        """Side of the window, and places from one to the next."""
        side = self.glimpse or 1
        return side, self.stride or max(1, side // 2)


class PlannerSpec(Structure):
    """Learns what follows each place, apart from what is to be had there, and says what a place is worth."""

    weightless = True
    keeps = True

    kind: Literal["planner"]
    size: Annotated[int, Field(ge=1, le=2048)]
    """Places: as many as its input has units."""
    discount: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    """Per time step."""
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """Share of its error by which what follows a place moves in an update, at plasticity 1."""
    reward_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """The same of what is to be had at a place."""
    read: Literal["value", "successors"] = "value"
    """What its units say: what the place is worth, or how often each place will follow."""
    init: ZerosInit = ZerosInit(kind="zeros")

    @property
    def contents(self) -> int:
        """What follows each place, and the reward of each."""
        return self.size**2 + self.size


class StackMemorySpec(AreaBase):
    """A stack whose units say what lies on top; what to put there, and when to take it off, is learned."""

    kind: Literal["stack_memory"]
    size: Annotated[int, Field(ge=1, le=1024)]
    """Numbers in a place."""
    depth: Annotated[int, Field(ge=1, le=1024)] = 64
    """Places; what is pushed below the last is lost."""
    pushes: Annotated[float, Field(ge=-20.0, le=20.0)] = 1.0
    """How far its act leans to pushing at first; at 1 it is a push of three quarters and a pop of one."""
    act: Literal["none", "relu", "tanh", "sigmoid"] = "tanh"
    """Of what is put there."""
    norm: Literal["none"] = "none"
    bias: Literal[True] = True

    def working(self, seen: int) -> int:
        """Every place."""
        return self.depth * self.size


class RouterSpec(AreaBase):
    """Buffers between which things are sent as they are, along routes that learn from a control alone."""

    kind: Literal["router"]
    size: Annotated[int, Field(ge=1, le=4096)]
    """Numbers in a buffer: as many as what comes in has units."""
    control: Name
    """The area or sense that chooses the routes; the other pathway brings what is sent."""
    slots: Annotated[int, Field(ge=1, le=64)] = 4
    """Buffers."""
    closed: Annotated[float, Field(ge=-20.0, le=20.0)] = 2.0
    """How far buffers lean to keeping what they hold, at first."""
    act: Literal["none"] = "none"
    norm: Literal["none"] = "none"
    bias: Literal[True] = True

    def working(self, seen: int) -> int:
        """What every route sends."""
        return (self.slots + 1) ** 2 * self.size


class OptionsSpec(AreaBase):
    """Ways of acting that go on until they stop, each learned; which begins, or what is done once, is chosen above."""

    kind: Literal["options"]
    size: Annotated[int, Field(ge=2, le=1024)]
    """Actions."""
    choice: Name
    """The area or sense with a unit for every option, and after these one for every action that is done once."""
    efference: Name
    """The sense that tells what is done: from it follows which option was in force."""
    lasting: Annotated[float, Field(ge=-20.0, le=20.0)] = 2.0
    """How far options lean to going on at first; at 2 one stops after eight steps."""
    act: Literal["none"] = "none"
    norm: Literal["none"] = "none"
    bias: Literal[True] = True


class EpisodicControlSpec(Structure):
    """Keeps the best that ever followed each action in each state it met, and asks for the best again."""

    weightless = True
    keeps = True

    kind: Literal["episodic_control"]
    size: Annotated[int, Field(ge=1, le=1024)]
    """Actions."""
    width: Annotated[int, Field(ge=1, le=4096)]
    """Numbers of a state: as many as all its inputs have together."""
    slots: Annotated[int, Field(ge=1, le=65536)] = 256
    """States; of more than so many the least used is lost."""
    nearest: Annotated[int, Field(ge=1, le=64)] = 5
    """Slots that speak for a state that none holds."""
    discount: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    """Per time step."""
    sharpness: Annotated[float, Field(gt=0.0, le=1000.0)] = 20.0
    """Rate of the best action, against 0 of one that never led to anything."""
    fade: Share = 0.99
    """Share of a slot's use that is left after an update."""
    init: ZerosInit = ZerosInit(kind="zeros")

    @property
    def passes(self) -> bool:
        """What is kept has no way back to what brought it about."""
        return False

    @property
    def contents(self) -> int:
        """Every state, what its actions are worth, and its use."""
        return self.slots * (self.width + self.size + 1)

    def working(self, seen: int) -> int:
        """Likeness to every slot, and to all else that was seen."""
        return self.slots + seen
