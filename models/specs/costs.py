"""Cost functions: what an area is pushed to lower, where its target comes from, how far its error travels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Member, Name, NonNegative, Share, Spec


class TargetBase(Spec):
    """What every target has. No gradient enters a target."""

    shuffle: bool = False
    """Permuted within the batch: the control that keeps the target's statistics and breaks its relation."""


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


class CostBase(Spec):
    """What every cost has."""

    at: Name
    """The area whose activity is judged."""


class CrossEntropySpec(CostBase):
    """Negative log probability of the class, of a softmax over the area's units."""

    kind: Literal["cross_entropy"]
    target: TargetSpec = LabelTarget(kind="label")
    scope: Literal["local", "upstream"] = "upstream"


class MseSpec(CostBase):
    """Mean squared distance from the target; class labels are one-hot."""

    kind: Literal["mse"]
    target: TargetSpec = LabelTarget(kind="label")
    scope: Literal["local", "upstream"] = "upstream"


class AutoencodeSpec(CostBase):
    """Squared error of a learned linear decoder that rebuilds the target from the area."""

    kind: Literal["autoencode"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    code: NonNegative = 0.0
    """Weight of the mean squared activity of the area, added to the error."""


class DenoiseSpec(CostBase):
    """Squared error of rebuilding the clean target from what the area makes of a corrupted input."""

    kind: Literal["denoise"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    corrupt: Annotated[float, Field(ge=0.0, le=10.0)] = 0.25
    """Probability that an input is silenced (mask), or standard deviation of the noise (gauss)."""
    by: Literal["mask", "gauss"] = "mask"

    @model_validator(mode="after")
    def _probability(self) -> DenoiseSpec:
        if self.by == "mask" and self.corrupt > 1.0:
            raise PydanticCustomError("probability", "corrupt is a probability under mask: at most 1")
        return self


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


CostSpec = Annotated[
    CrossEntropySpec | MseSpec | AutoencodeSpec | DenoiseSpec | ActivitySpec | SlowFeatureSpec,
    Field(discriminator="kind"),
]

MIN_BATCH = {"activity": 16, "slow_feature": 16}
"""Smallest batch of costs that use statistics over it."""


def target_of(cost: CostSpec) -> TargetSpec | None:
    """The target of a cost that has one."""
    return getattr(cost, "target", None)
