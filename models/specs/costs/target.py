"""What an area is compared with. No gradient enters a target."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Member, Name, Share, Spec, later


class TargetBase(Spec):
    """What every target has. No gradient enters a target."""

    shuffle: bool = False
    """Each item has another's of its batch: the control that keeps the target's statistics and breaks its relation."""
    flip: Share = later(0.0)
    """Probability that it is wrong: another class, each as likely; of units that say yes or no the other, unit by
    unit. Drawn anew at every presentation."""
    lag: Annotated[int, Field(ge=0, le=64)] = later(0)
    """Time steps by which it comes late; the first steps of an item have that of its first."""


class LabelTarget(TargetBase):
    """The world's label, or a named true factor."""

    kind: Literal["label"]
    name: Name | None = None
    """A ground-truth factor instead of the label: an oracle, marked as such."""


class InputTarget(TargetBase):
    """What a sense receives, after deficits."""

    kind: Literal["input"]
    sense: Name | None = None
    """The only sense if left out."""


class AreaTarget(TargetBase):
    """The output of another area on the same item, or of the same area at another look."""

    kind: Literal["area"]
    area: Name
    view: Name | None = later(None)
    """What the area gives at another look at the same items, as the world names it."""
    read: Literal["none", "centre", "direction", "argmax"] = later("none")
    """What of its map is wanted: all; or a place, its centre of mass or its largest, in half frames from the middle, x
    right, y down; or the direction of the centre of mass, a unit vector."""


class TrackTarget(TargetBase):
    """The map an area gave some steps before, moved with what was largest in it: what was seen goes on being there."""

    kind: Literal["track"]
    area: Name
    horizon: Annotated[int, Field(ge=1, le=64)] = 1
    """Time steps before; the first steps of an item look back to its first."""
    reach: Annotated[int, Field(ge=1, le=16)] = 1
    """Rows and columns that it may go per step."""


class NextTarget(TargetBase):
    """What a sense receives, or another area gives, some time steps later; the last steps of an item have none."""

    kind: Literal["next"]
    sense: Name | None = None
    """The only sense if left out, and no area is named."""
    area: Name | None = None
    horizon: Annotated[int, Field(ge=1, le=64)] = 1
    """Time steps ahead."""

    @model_validator(mode="after")
    def _one(self) -> NextTarget:
        if self.sense is not None and self.area is not None:
            raise PydanticCustomError("exclusive", "name a sense or an area, not both")
        return self


class TemplateTarget(TargetBase):
    """One activity for all items, held as it was when act `set_template` took it, or as a cost lets it follow."""

    kind: Literal["template"]
    area: Name
    """The area whose mean activity it is."""


TargetSpec = Annotated[
    LabelTarget | InputTarget | AreaTarget | TrackTarget | NextTarget | TemplateTarget,
    Field(discriminator="kind"),
    Member,
]


def teacher_of(target: TargetSpec | None) -> Name | None:
    """The area whose output a target is made of; None if it is made of something else."""
    return target.area if isinstance(target, AreaTarget | TrackTarget | NextTarget | TemplateTarget) else None


def sense_of(target: TargetSpec | None) -> Name | None:
    """The sense that a target names."""
    return target.sense if isinstance(target, InputTarget | NextTarget) else None


def means_the_sense(target: TargetSpec | None) -> bool:
    """Whether a target means the only sense without naming it."""
    wants = isinstance(target, InputTarget) or (isinstance(target, NextTarget) and target.area is None)
    return wants and sense_of(target) is None
