"""Costs that compare an area with a target of another making."""

from __future__ import annotations

from typing import Literal

from models.specs.costs.base import CostBase
from models.specs.costs.target import LabelTarget, TargetSpec


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
