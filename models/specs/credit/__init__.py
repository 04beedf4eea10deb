"""Credit rules: how a circuit turns errors into updates, and what each rule needs and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.specs.base import Member
from models.specs.credit import (
    broadcast,
    compartments,
    gradient,
    hebbian,
    perturbation,
    phases,
    reward,
    targets,
    temporal,
)
from models.specs.credit.capability import Capability

RuleSpec = Annotated[
    gradient.BackpropSpec
    | gradient.FrozenSpec
    | gradient.FeedbackAlignmentSpec
    | gradient.SignSymmetrySpec
    | gradient.KolenPollackSpec
    | broadcast.DirectFeedbackSpec
    | broadcast.LocalErrorSpec
    | gradient.WeightMirrorSpec
    | targets.TargetPropagationSpec
    | targets.PredictiveCodingSpec
    | broadcast.DirectRandomTargetSpec
    | broadcast.ForwardForwardSpec
    | phases.EquilibriumPropagationSpec
    | phases.ContrastiveHebbianSpec
    | phases.GenerecSpec
    | phases.TemporalDerivativeSpec
    | compartments.BurstSpec
    | perturbation.NodePerturbationSpec
    | perturbation.WeightPerturbationSpec
    | perturbation.ForwardGradientSpec
    | reward.AttentionGatedSpec
    | reward.RewardModulatedSpec
    | temporal.BpttSpec
    | temporal.SurrogateGradientSpec
    | temporal.EpropSpec
    | temporal.RfloSpec
    | temporal.ForceSpec
    | hebbian.FreeSpec,
    Field(discriminator="kind"),
    Member,
]

CAPABILITIES: dict[str, Capability] = {
    **gradient.CAPABILITIES,
    **broadcast.CAPABILITIES,
    **targets.CAPABILITIES,
    **phases.CAPABILITIES,
    **compartments.CAPABILITIES,
    **perturbation.CAPABILITIES,
    **reward.CAPABILITIES,
    **temporal.CAPABILITIES,
    **hebbian.CAPABILITIES,
}
"""By kind."""
