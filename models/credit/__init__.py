"""Credit rules: how errors at an area become directions for its parameters."""

from __future__ import annotations

from typing import assert_never

from models.credit.attention_gated import AttentionGated
from models.credit.backprop import Backprop, Exact
from models.credit.bcm import Bcm
from models.credit.bptt import Bptt
from models.credit.burst import Burst
from models.credit.competitive import Competitive
from models.credit.contrastive_hebbian import ContrastiveHebbian
from models.credit.direct_feedback import DirectFeedback
from models.credit.direct_random_target import DirectRandomTarget
from models.credit.eprop import Eprop
from models.credit.equilibrium_propagation import EquilibriumPropagation
from models.credit.feedback_alignment import FeedbackAlignment
from models.credit.foldiak import Foldiak
from models.credit.force import Force
from models.credit.forward_forward import ForwardForward
from models.credit.forward_gradient import ForwardGradient
from models.credit.frozen import Frozen
from models.credit.generec import Generec
from models.credit.hebb import Hebb
from models.credit.kohonen import Kohonen
from models.credit.kolen_pollack import KolenPollack
from models.credit.local_error import LocalError
from models.credit.node_perturbation import NodePerturbation
from models.credit.oja import Oja
from models.credit.predictive_coding import PredictiveCoding
from models.credit.reward_modulated import RewardModulated
from models.credit.rflo import Rflo
from models.credit.sanger import Sanger
from models.credit.sign_symmetry import SignSymmetry
from models.credit.softhebb import SoftHebb
from models.credit.surrogate_gradient import SurrogateGradient
from models.credit.target_propagation import TargetPropagation
from models.credit.temporal_derivative import TemporalDerivative
from models.credit.weight_mirror import WeightMirror
from models.credit.weight_perturbation import WeightPerturbation
from models.crediting import Circuit, CreditRule
from models.specs.credit import RuleSpec
from models.specs.credit.broadcast import DirectFeedbackSpec, DirectRandomTargetSpec, ForwardForwardSpec, LocalErrorSpec
from models.specs.credit.compartments import BurstSpec
from models.specs.credit.gradient import (
    BackpropSpec,
    FeedbackAlignmentSpec,
    FrozenSpec,
    KolenPollackSpec,
    SignSymmetrySpec,
    WeightMirrorSpec,
)
from models.specs.credit.hebbian import (
    BcmSpec,
    CompetitiveSpec,
    FreeSpec,
    HebbSpec,
    KohonenSpec,
    OjaSpec,
    SangerSpec,
    SoftHebbSpec,
)
from models.specs.credit.perturbation import ForwardGradientSpec, NodePerturbationSpec, WeightPerturbationSpec
from models.specs.credit.phases import (
    ContrastiveHebbianSpec,
    EquilibriumPropagationSpec,
    GenerecSpec,
    TemporalDerivativeSpec,
)
from models.specs.credit.reward import AttentionGatedSpec, RewardModulatedSpec
from models.specs.credit.targets import PredictiveCodingSpec, TargetPropagationSpec
from models.specs.credit.temporal import BpttSpec, EpropSpec, ForceSpec, RfloSpec, SurrogateGradientSpec


def build_rule(spec: RuleSpec, circuit: Circuit) -> CreditRule:  # noqa: C901, PLR0911, PLR0912 - one case per member
    """The rule of a circuit."""
    match spec:
        case BackpropSpec():
            return Backprop()
        case FrozenSpec():
            return Frozen(Backprop())
        case FeedbackAlignmentSpec():
            return FeedbackAlignment(spec, Exact())
        case SignSymmetrySpec():
            return SignSymmetry(spec, Exact())
        case KolenPollackSpec():
            return KolenPollack(spec, circuit, Exact())
        case DirectFeedbackSpec():
            return DirectFeedback(spec, circuit, Exact())
        case LocalErrorSpec():
            return LocalError(spec, circuit, Exact())
        case WeightMirrorSpec():
            return WeightMirror(spec, Exact())
        case TargetPropagationSpec():
            return TargetPropagation(spec, circuit, Exact())
        case PredictiveCodingSpec():
            return PredictiveCoding(spec, circuit, Exact())
        case EquilibriumPropagationSpec():
            return EquilibriumPropagation(spec, circuit, Exact())
        case ContrastiveHebbianSpec():
            return ContrastiveHebbian(spec, circuit, Exact())
        case GenerecSpec():
            return Generec(spec, circuit, Exact())
        case BurstSpec():
            return Burst(spec, Exact())
        case TemporalDerivativeSpec():
            return TemporalDerivative(spec, circuit, Exact())
        case NodePerturbationSpec():
            return NodePerturbation(spec, circuit, Exact())
        case WeightPerturbationSpec():
            return WeightPerturbation(spec, circuit, Exact())
        case ForwardGradientSpec():
            return ForwardGradient(spec, circuit, Exact())
        case DirectRandomTargetSpec():
            return DirectRandomTarget(spec, circuit, Exact())
        case ForwardForwardSpec():
            return ForwardForward(spec, circuit, Exact())
        case AttentionGatedSpec():
            return AttentionGated(spec, circuit, Exact())
        case RewardModulatedSpec():
            return RewardModulated(spec, circuit, Exact())
        case BpttSpec():
            return Bptt(spec, Exact())
        case SurrogateGradientSpec():
            return SurrogateGradient(spec, Exact())
        case EpropSpec():
            return Eprop(spec, circuit, Exact())
        case RfloSpec():
            return Rflo(spec, circuit, Exact())
        case ForceSpec():
            return Force(spec, circuit, Exact())
        case HebbSpec() | OjaSpec() | SangerSpec() | SoftHebbSpec() | BcmSpec() | CompetitiveSpec() | KohonenSpec():
            return _freely(spec, circuit)
        case _:
            assert_never(spec)


def _freely(spec: FreeSpec, circuit: Circuit) -> CreditRule:  # noqa: C901, PLR0911 - one case per member
    """The rule of a circuit that learns without a cost."""
    match spec:
        case HebbSpec():
            return Hebb(spec, circuit, Exact())
        case OjaSpec():
            return Oja(spec, circuit, Exact())
        case SangerSpec():
            return Sanger(spec, circuit, Exact())
        case SoftHebbSpec():
            return SoftHebb(spec, circuit, Exact())
        case BcmSpec():
            return Bcm(spec, circuit, Exact())
        case CompetitiveSpec(variant="foldiak"):
            return Foldiak(spec, circuit, Exact())
        case CompetitiveSpec():
            return Competitive(spec, circuit, Exact())
        case KohonenSpec():
            return Kohonen(spec, circuit, Exact())
        case _:
            assert_never(spec)
