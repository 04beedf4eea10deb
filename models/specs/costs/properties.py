"""Costs that ask for properties of activity: of the world as it is out there, and of units themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, NonNegative, Positive, Share
from models.specs.costs.base import CostBase
from models.specs.costs.target import AreaTarget, TargetSpec


class ActivitySpec(CostBase):
    """Squared distance of each unit's mean rate from a target rate."""

    kind: Literal["activity"]
    target_rate: Share = 0.1
    scope: Literal["local", "upstream"] = "local"


class SlowFeatureSpec(CostBase):
    """Mean squared step of activity in time at unit variance, with units decorrelated."""

    kind: Literal["slow_feature"]
    order: Annotated[int, Field(ge=1, le=2)] = 1
    """1: steps; 2: steps of steps."""
    decorrelate: NonNegative = 1.0
    """Weight of the mean squared correlation between units, added to the slowness."""
    scope: Literal["local", "upstream"] = "local"


class DecorrelateSpec(CostBase):
    """Mean squared correlation between different units."""

    kind: Literal["decorrelate"]
    scope: Literal["local", "upstream"] = "local"


class TemporalContrastSpec(CostBase):
    """Activity is near itself a step later, and farther than a margin from that of another item."""

    kind: Literal["temporal_contrast"]
    scope: Literal["local", "upstream"] = "local"
    margin: Positive = 1.0
    """Root mean square distance of units beyond which other items are far enough."""


class ImaxSpec(CostBase):
    """Negative mutual information with another area, for a common signal in independent gaussian noise."""

    kind: Literal["imax"]
    target: TargetSpec
    scope: Literal["local", "upstream"] = "local"


class CrossModalSpec(CostBase):
    """Cross entropy with the classes that another sense votes for, less the entropy of their use."""

    kind: Literal["cross_modal"]
    target: Annotated[AreaTarget, Member]
    """The area of the other sense, with as many units."""
    scope: Literal["local", "upstream"] = "upstream"
    temperature: Annotated[float, Field(ge=0.01, le=10.0)] = 0.1
    """Of the softmax over what the other sense says, less its mean: below 1 its vote is surer than it is itself."""
    balance: NonNegative = 1.0
    """Weight of the entropy of the mean over the batch; at 0 one class for everything is agreement too."""


class EffortSpec(CostBase):
    """Sum of squares of what the area commands."""

    kind: Literal["effort"]
    scope: Literal["local", "upstream"] = "upstream"
