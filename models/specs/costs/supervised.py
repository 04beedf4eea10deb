"""Costs that compare an area with a target of another making."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, Positive, Share
from models.specs.costs.base import CostBase
from models.specs.costs.target import InputTarget, LabelTarget, TargetSpec, TemplateTarget


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


class BceSpec(CostBase):
    """Negative log probability of yes or no, unit by unit; rates are probabilities."""

    kind: Literal["bce"]
    target: TargetSpec = LabelTarget(kind="label")
    scope: Literal["local", "upstream"] = "upstream"
    pos_weight: Positive = 1.0
    """How much more a yes counts than a no."""
    min_confidence: Annotated[float, Field(ge=0.5, le=1.0)] = 0.5
    """Units of the target that are nearer to one half than this are left out."""


class HingeSpec(CostBase):
    """What each unit lacks of a margin of 1 on the right side of 0."""

    kind: Literal["hinge"]
    target: TargetSpec = LabelTarget(kind="label")
    scope: Literal["local", "upstream"] = "upstream"


class ReplaySpec(CostBase):
    """Negative log probability of the class of items that were met while the cost weighed, and are recalled."""

    kind: Literal["replay"]
    target: Annotated[LabelTarget, Member] = LabelTarget(kind="label")
    scope: Literal["local", "upstream"] = "upstream"
    slots: Annotated[int, Field(ge=1, le=1024)] = 200
    """Items that are kept, any of those met alike."""


class RetinalSlipSpec(CostBase):
    """Mean squared velocity of the image over the retina of an eye that the area turns."""

    kind: Literal["retinal_slip"]
    target: Annotated[InputTarget, Member] = InputTarget(kind="input")
    """The velocity of the image over an eye that stands still."""
    scope: Literal["local", "upstream"] = "local"


class GoalMatchSpec(CostBase):
    """Mean squared distance from a template that may follow what is met."""

    kind: Literal["goal_match"]
    target: Annotated[TemplateTarget, Member]
    scope: Literal["local", "upstream"] = "upstream"
    eta: Share = 0.0
    """Part of its way to the mean of a batch that the template goes per update at plasticity 1 of `at`; 0: it stays."""
