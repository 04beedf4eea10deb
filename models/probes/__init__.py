"""Probes: measurements that cannot teach."""

from __future__ import annotations

from importlib import import_module
from typing import assert_never

from models.probes.accuracy import Accuracy
from models.probes.activity import Activity
from models.probes.alignment import Alignment
from models.probes.angle_error import AngleError
from models.probes.average_precision import AveragePrecision
from models.probes.cka import Cka
from models.probes.cost_conflict import CostConflict
from models.probes.coverage import Coverage
from models.probes.dead_units import DeadUnits
from models.probes.decode import Decode
from models.probes.delta_value import DeltaValue
from models.probes.divergence import Divergence
from models.probes.effective_rank import EffectiveRank
from models.probes.fewshot import Fewshot
from models.probes.fisher_trace import FisherTrace
from models.probes.gridness import Gridness
from models.probes.linear_readout import LinearReadout
from models.probes.loss import Loss
from models.probes.memory_capacity import MemoryCapacity
from models.probes.mode_strength import ModeStrength
from models.probes.mse import Mse
from models.probes.next_frame import NextFrame
from models.probes.ocular_dominance import OcularDominance
from models.probes.orientation import Orientation
from models.probes.pathway_share import PathwayShare
from models.probes.preference import Preference
from models.probes.regret import Regret
from models.probes.retinotopy import Retinotopy
from models.probes.retrieval import Retrieval
from models.probes.rf import Rf
from models.probes.rsa import Rsa
from models.probes.sparseness import Sparseness
from models.probes.spatial_information import SpatialInformation
from models.probes.steps_ratio import StepsRatio
from models.probes.traces import Traces
from models.probes.update_ratio import UpdateRatio
from models.probes.weight_norm import WeightNorm
from models.protocols import Probe
from models.specs.costs import CostSpec
from models.specs.probes import (
    OfActing,
    OfErrors,
    OfForecasts,
    OfMaps,
    OfPatterns,
    OfReaders,
    OfTruths,
    OfUnits,
    OfWeights,
    ProbeSpec,
    acting,
    activity,
    errors,
    truths,
    weights,
)


def build_probe(spec: ProbeSpec, cost: CostSpec | None) -> Probe:  # noqa: C901, PLR0911 - one case per family
    """The probe a spec describes; `cost` is the declared cost it names, None if it names none."""
    if isinstance(spec, OfErrors):
        return _of_errors(spec, cost)
    if isinstance(spec, OfTruths):
        return _of_truths(spec)
    if isinstance(spec, OfReaders):
        return _of_readers(spec)
    if isinstance(spec, OfForecasts):
        return _of_forecasts(spec)
    if isinstance(spec, OfUnits):
        return _of_units(spec)
    if isinstance(spec, OfPatterns):
        return _of_patterns(spec)
    if isinstance(spec, OfMaps):
        return _of_maps(spec)
    if isinstance(spec, OfActing):
        return _of_acting(spec)
    return _of_weights(spec)


def _of_acting(spec: OfActing) -> Probe:
    match spec:
        case acting.ReturnSpec():
            # a module of this name can be imported in no other way
            member: Probe = import_module("models.probes.return").Return(spec)
            return member
        case acting.StepsRatioSpec():
            return StepsRatio(spec)
        case acting.RegretSpec():
            return Regret(spec)
        case acting.CoverageSpec():
            return Coverage(spec)
        case _:
            assert_never(spec)


def _of_weights(spec: OfWeights) -> Probe:
    match spec:
        case weights.WeightNormSpec():
            return WeightNorm(spec)
        case weights.UpdateRatioSpec():
            return UpdateRatio(spec)
        case weights.OcularDominanceSpec():
            return OcularDominance(spec)
        case weights.PathwayShareSpec():
            return PathwayShare(spec)
        case weights.ModeStrengthSpec():
            return ModeStrength(spec)
        case weights.TracesSpec():
            return Traces(spec)
        case _:
            assert_never(spec)


def _of_errors(spec: OfErrors, cost: CostSpec | None) -> Probe:
    match spec:
        case errors.LossSpec():
            return Loss(spec)
        case errors.AlignmentSpec():
            return Alignment(spec)
        case errors.FisherTraceSpec():
            assert cost is not None
            return FisherTrace(spec, cost.at)
        case errors.CostConflictSpec():
            return CostConflict(spec)
        case _:
            assert_never(spec)


def _of_truths(spec: OfTruths) -> Probe:
    match spec:
        case truths.AccuracySpec():
            return Accuracy(spec)
        case truths.MseSpec():
            return Mse(spec)
        case truths.AveragePrecisionSpec():
            return AveragePrecision(spec)
        case truths.AngleErrorSpec():
            return AngleError(spec)
        case truths.PreferenceSpec():
            return Preference(spec)
        case _:
            assert_never(spec)


def _of_readers(spec: OfReaders) -> Probe:
    match spec:
        case truths.LinearReadoutSpec():
            return LinearReadout(spec)
        case truths.DecodeSpec():
            return Decode(spec)
        case truths.FewshotSpec():
            return Fewshot(spec)
        case truths.MemoryCapacitySpec():
            return MemoryCapacity(spec)
        case _:
            assert_never(spec)


def _of_forecasts(spec: OfForecasts) -> Probe:
    match spec:
        case truths.NextFrameSpec():
            return NextFrame(spec)
        case truths.DivergenceSpec():
            return Divergence(spec)
        case _:
            assert_never(spec)


def _of_units(spec: OfUnits) -> Probe:
    match spec:
        case activity.ActivitySpec():
            return Activity(spec)
        case activity.DeadUnitsSpec():
            return DeadUnits(spec)
        case activity.SparsenessSpec():
            return Sparseness(spec)
        case activity.SpatialInformationSpec():
            return SpatialInformation(spec)
        case activity.DeltaValueSpec():
            return DeltaValue(spec)
        case _:
            assert_never(spec)


def _of_maps(spec: OfMaps) -> Probe:
    match spec:
        case activity.OrientationSpec():
            return Orientation(spec)
        case activity.RfSpec():
            return Rf(spec)
        case activity.RetinotopySpec():
            return Retinotopy(spec)
        case activity.GridnessSpec():
            return Gridness(spec)
        case _:
            assert_never(spec)


def _of_patterns(spec: OfPatterns) -> Probe:
    match spec:
        case activity.EffectiveRankSpec():
            return EffectiveRank(spec)
        case activity.RsaSpec():
            return Rsa(spec)
        case activity.CkaSpec():
            return Cka(spec)
        case activity.RetrievalSpec():
            return Retrieval(spec)
        case _:
            assert_never(spec)
