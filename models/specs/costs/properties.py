"""Costs that ask for properties of activity: of the world as it is out there, and of units themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import NonNegative, Positive, Share
from models.specs.costs.base import CostBase
from models.specs.costs.target import TargetSpec


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


class EffortSpec(CostBase):
    """Sum of squares of what the area commands."""

    kind: Literal["effort"]
    scope: Literal["local", "upstream"] = "upstream"
