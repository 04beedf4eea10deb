"""Cost functions: what an area is pushed to lower, where its target comes from, how far its error travels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.specs.costs import properties, statistics, supervised
from models.specs.costs.target import TargetSpec

CostSpec = Annotated[
    supervised.CrossEntropySpec
    | supervised.MseSpec
    | statistics.AutoencodeSpec
    | statistics.DenoiseSpec
    | properties.ActivitySpec
    | properties.SlowFeatureSpec,
    Field(discriminator="kind"),
]

MIN_BATCH = {"activity": 16, "slow_feature": 16}
"""Smallest batch of costs that use statistics over it."""

RERUN = frozenset({"denoise"})
"""Kinds that run their area once more on other inputs, and judge what it then makes of them."""


def target_of(cost: CostSpec) -> TargetSpec | None:
    """The target of a cost that has one."""
    return getattr(cost, "target", None)
