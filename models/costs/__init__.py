"""Costs: what an area is pushed to lower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from models.costs.activity import Activity
from models.costs.adversarial import Adversarial
from models.costs.autoencode import Autoencode
from models.costs.bce import Bce
from models.costs.clapp import Clapp
from models.costs.cross_entropy import CrossEntropy
from models.costs.cross_modal import CrossModal
from models.costs.curiosity import Curiosity
from models.costs.decorrelate import Decorrelate
from models.costs.denoise import Denoise
from models.costs.drive import Drive
from models.costs.effort import Effort
from models.costs.empowerment import Empowerment
from models.costs.ewc import Ewc
from models.costs.goal_match import GoalMatch
from models.costs.hinge import Hinge
from models.costs.imax import Imax
from models.costs.imitation import Imitation
from models.costs.infomax_ica import InfomaxIca
from models.costs.infonce import Infonce
from models.costs.l1 import L1
from models.costs.l2 import L2
from models.costs.learning_progress import LearningProgress
from models.costs.mse import Mse
from models.costs.novelty import Novelty
from models.costs.policy_gradient import PolicyGradient
from models.costs.predict_next import PredictNext
from models.costs.rbm import Rbm
from models.costs.replay import Replay
from models.costs.retinal_slip import RetinalSlip
from models.costs.risk import Risk
from models.costs.slow_feature import SlowFeature
from models.costs.sparse_code import SparseCode
from models.costs.td_value import TdValue
from models.costs.temporal_contrast import TemporalContrast
from models.costs.vae import Vae
from models.costs.wake_sleep import WakeSleep
from models.costs.wiring import Wiring
from models.protocols import Cost
from models.specs.costs import CostSpec
from models.specs.costs.intrinsic import (
    CuriositySpec,
    DriveSpec,
    EmpowermentSpec,
    IntrinsicCost,
    LearningProgressSpec,
    NoveltySpec,
)
from models.specs.costs.properties import (
    ActivitySpec,
    CrossModalSpec,
    DecorrelateSpec,
    EffortSpec,
    ImaxSpec,
    SlowFeatureSpec,
    TemporalContrastSpec,
)
from models.specs.costs.reward import (
    ImitationSpec,
    PolicyGradientSpec,
    RewardCost,
    RiskSpec,
    TdValueSpec,
)
from models.specs.costs.statistics import (
    AdversarialSpec,
    AutoencodeSpec,
    ClappSpec,
    DenoiseSpec,
    InfomaxIcaSpec,
    InfonceSpec,
    PredictNextSpec,
    RbmSpec,
    SparseCodeSpec,
    VaeSpec,
    WakeSleepSpec,
)
from models.specs.costs.supervised import (
    BceSpec,
    CrossEntropySpec,
    GoalMatchSpec,
    HingeSpec,
    MseSpec,
    ReplaySpec,
    RetinalSlipSpec,
)
from models.specs.costs.wiring import EwcSpec, L1Spec, L2Spec, WiringSpec


def build_cost(name: str, spec: CostSpec, senses: Sequence[str] = ()) -> Cost:  # noqa: PLR0911, PLR0912, C901
    """The cost a spec describes, under its name in the document.

    One case per member. `senses` are the organism's: an input target that names none means the only one.
    """
    if isinstance(spec, RewardCost | IntrinsicCost | ImitationSpec):
        return _of_acting(name, spec, senses)
    match spec:
        case CrossEntropySpec():
            return CrossEntropy(name, spec, senses)
        case MseSpec():
            return Mse(name, spec, senses)
        case BceSpec():
            return Bce(name, spec, senses)
        case HingeSpec():
            return Hinge(name, spec, senses)
        case GoalMatchSpec():
            return GoalMatch(name, spec, senses)
        case RetinalSlipSpec():
            return RetinalSlip(name, spec, senses)
        case ReplaySpec():
            return Replay(name, spec, senses)
        case AutoencodeSpec():
            return Autoencode(name, spec, senses)
        case DenoiseSpec():
            return Denoise(name, spec, senses)
        case VaeSpec():
            return Vae(name, spec, senses)
        case PredictNextSpec():
            return PredictNext(name, spec, senses)
        case RbmSpec():
            return Rbm(name, spec, senses)
        case WakeSleepSpec():
            return WakeSleep(name, spec, senses)
        case ClappSpec():
            return Clapp(name, spec, senses)
        case InfomaxIcaSpec():
            return InfomaxIca(spec)
        case AdversarialSpec():
            return Adversarial(spec)
        case InfonceSpec():
            return Infonce(name, spec, senses)
        case SparseCodeSpec():
            return SparseCode(name, spec, senses)
        case TemporalContrastSpec():
            return TemporalContrast(name, spec)
        case ImaxSpec():
            return Imax(name, spec, senses)
        case CrossModalSpec():
            return CrossModal(name, spec, senses)
        case ActivitySpec():
            return Activity(spec)
        case SlowFeatureSpec():
            return SlowFeature(spec)
        case DecorrelateSpec():
            return Decorrelate(spec)
        case EffortSpec():
            return Effort(spec)
        case EwcSpec() | L1Spec() | L2Spec() | WiringSpec():
            return _of_weights(spec)
        case _:
            assert_never(spec)


def _of_acting(  # noqa: PLR0911, C901
    name: str, spec: RewardCost | IntrinsicCost | ImitationSpec, senses: Sequence[str]
) -> Cost:
    """A cost that looks at what is done."""
    match spec:
        case ImitationSpec():
            return Imitation(spec)
        case TdValueSpec():
            return TdValue(spec)
        case PolicyGradientSpec():
            return PolicyGradient(spec)
        case RiskSpec():
            return Risk(spec)
        case CuriositySpec():
            return Curiosity(name, spec, senses)
        case LearningProgressSpec():
            return LearningProgress(name, spec, senses)
        case NoveltySpec():
            return Novelty(name, spec)
        case EmpowermentSpec():
            return Empowerment(name, spec)
        case DriveSpec():
            return Drive(spec)
        case _:
            assert_never(spec)


def _of_weights(spec: EwcSpec | L1Spec | L2Spec | WiringSpec) -> Cost:
    """A cost that looks at weights alone."""
    match spec:
        case EwcSpec():
            return Ewc(spec)
        case L1Spec():
            return L1(spec)
        case L2Spec():
            return L2(spec)
        case WiringSpec():
            return Wiring(spec)
        case _:
            assert_never(spec)
