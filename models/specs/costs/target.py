"""What an area is compared with. No gradient enters a target."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, Name, Spec


class TargetBase(Spec):
    """What every target has. No gradient enters a target."""

    shuffle: bool = False
    """Each item has another's of its batch: the control that keeps the target's statistics and breaks its relation."""


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
    """The output of another area on the same item."""

    kind: Literal["area"]
    area: Name


TargetSpec = Annotated[LabelTarget | InputTarget | AreaTarget, Field(discriminator="kind"), Member]
