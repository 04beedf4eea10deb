"""Cost functions: what an area is pushed to lower, where its target comes from, how far its error travels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.specs.costs import intrinsic, properties, reward, statistics, supervised, wiring
from models.specs.costs.target import NextTarget, TargetSpec, TrackTarget

CostSpec = Annotated[
    supervised.CrossEntropySpec
    | supervised.MseSpec
    | supervised.BceSpec
    | supervised.HingeSpec
    | supervised.GoalMatchSpec
    | supervised.RetinalSlipSpec
    | supervised.ReplaySpec
    | statistics.AutoencodeSpec
    | statistics.DenoiseSpec
    | statistics.VaeSpec
    | statistics.PredictNextSpec
    | statistics.SparseCodeSpec
    | statistics.InfonceSpec
    | statistics.RbmSpec
    | statistics.WakeSleepSpec
    | statistics.ClappSpec
    | statistics.AdversarialSpec
    | statistics.InfomaxIcaSpec
    | properties.ActivitySpec
    | properties.SlowFeatureSpec
    | properties.TemporalContrastSpec
    | properties.ImaxSpec
    | properties.CrossModalSpec
    | properties.EffortSpec
    | properties.DecorrelateSpec
    | wiring.L1Spec
    | wiring.L2Spec
    | wiring.EwcSpec
    | wiring.WiringSpec
    | reward.TdValueSpec
    | reward.PolicyGradientSpec
    | reward.RiskSpec
    | reward.ImitationSpec
    | intrinsic.CuriositySpec
    | intrinsic.LearningProgressSpec
    | intrinsic.NoveltySpec
    | intrinsic.EmpowermentSpec
    | intrinsic.DriveSpec,
    Field(discriminator="kind"),
]

_OVER_BATCH = ("activity", "cross_modal", "decorrelate", "imax", "infonce", "slow_feature", "temporal_contrast")
_OVER_BATCH_OF_ACTS = ("curiosity", "learning_progress", "novelty", "empowerment", "drive")
MIN_BATCH = dict.fromkeys((*_OVER_BATCH, *_OVER_BATCH_OF_ACTS), 16)
"""Smallest batch of costs that use statistics over it."""

_OTHERS = 2
"""Smallest batch in which each item has others to be held against."""

OF_WEIGHTS = frozenset({"ewc", "l1", "l2", "wiring"})
"""Kinds that judge the weights of an area, whatever it does with an item."""

_TARGETED = ("cross_entropy", "mse", "bce", "hinge", "goal_match", "retinal_slip", "imax", "cross_modal", "replay")
COMPARED = frozenset((*_TARGETED, "curiosity", "learning_progress"))
"""Kinds that compare an area, or the one they name as `model`, unit by unit with a target as wide as it is."""

BY_ITEM = frozenset({"cross_entropy", "mse", "bce", "hinge", "replay"})
"""Kinds that can leave out items without a label."""

RERUN = frozenset({"adversarial", "denoise", "replay"})
"""Kinds that run their area once more on other inputs, and judge what it then makes of them."""


def target_of(cost: CostSpec) -> TargetSpec | None:
    """The target of a cost that has one."""
    return getattr(cost, "target", None)


def credits_choice(cost: CostSpec) -> bool:
    """Whether a cost credits what an area chose inside, by what came of it."""
    return isinstance(cost, reward.PolicyGradientSpec) and cost.answer is not None


def least_batch(cost: CostSpec) -> int:
    """Smallest batch that a cost can take its statistics over; 1 if it takes none."""
    return _OTHERS if credits_choice(cost) else MIN_BATCH.get(cost.kind, 1)


def steps_of(cost: CostSpec) -> int:
    """Time steps that an item must have at least."""
    target = target_of(cost)
    ahead = target.horizon if isinstance(target, NextTarget) else int(isinstance(target, TrackTarget))
    late = target.lag if target is not None else 0
    return 1 + max(ahead + late, getattr(cost, "order", 0), int(cost.kind == "temporal_contrast"))
