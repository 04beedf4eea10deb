"""Probes: measurements that cannot teach; each with its unit and the direction that is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from models.specs.probes.acting import CoverageSpec, RegretSpec, ReturnSpec, StepsRatioSpec
from models.specs.probes.activity import (
    ActivitySpec,
    CkaSpec,
    DeadUnitsSpec,
    DeltaValueSpec,
    EffectiveRankSpec,
    GridnessSpec,
    OrientationSpec,
    RetinotopySpec,
    RetrievalSpec,
    RfSpec,
    RsaSpec,
    SparsenessSpec,
    SpatialInformationSpec,
)
from models.specs.probes.errors import AlignmentSpec, CostConflictSpec, FisherTraceSpec, LossSpec
from models.specs.probes.truths import (
    AccuracySpec,
    AngleErrorSpec,
    AveragePrecisionSpec,
    DecodeSpec,
    DivergenceSpec,
    FewshotSpec,
    LinearReadoutSpec,
    MemoryCapacitySpec,
    MseSpec,
    NextFrameSpec,
    PreferenceSpec,
)
from models.specs.probes.weights import (
    ModeStrengthSpec,
    OcularDominanceSpec,
    PathwayShareSpec,
    TracesSpec,
    UpdateRatioSpec,
    WeightNormSpec,
)

OfErrors = LossSpec | AlignmentSpec | FisherTraceSpec | CostConflictSpec
OfTruths = AccuracySpec | MseSpec | AveragePrecisionSpec | AngleErrorSpec | PreferenceSpec
OfReaders = LinearReadoutSpec | DecodeSpec | FewshotSpec | MemoryCapacitySpec
OfForecasts = NextFrameSpec | DivergenceSpec
OfUnits = ActivitySpec | DeadUnitsSpec | SparsenessSpec | SpatialInformationSpec | DeltaValueSpec
OfPatterns = EffectiveRankSpec | RsaSpec | CkaSpec | RetrievalSpec
OfMaps = OrientationSpec | RfSpec | RetinotopySpec | GridnessSpec
OfWeights = WeightNormSpec | UpdateRatioSpec | OcularDominanceSpec | PathwayShareSpec | ModeStrengthSpec | TracesSpec
OfActing = ReturnSpec | StepsRatioSpec | RegretSpec | CoverageSpec

ProbeSpec = Annotated[
    OfErrors | OfTruths | OfReaders | OfForecasts | OfUnits | OfPatterns | OfMaps | OfWeights | OfActing,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Measure:
    """What a probe's numbers mean."""

    unit: str
    better: Literal["higher", "lower", "none"]
    by_area: bool
    """Whether there is one number per area of `at`."""


MEASURES: dict[str, Measure] = {
    "accuracy": Measure("fraction", "higher", by_area=False),
    "loss": Measure("1", "lower", by_area=False),
    "weight_norm": Measure("1", "none", by_area=True),
    "alignment": Measure("deg", "lower", by_area=True),
    "effective_rank": Measure("1", "none", by_area=True),
    "linear_readout": Measure("fraction", "higher", by_area=True),
    "fisher_trace": Measure("1", "none", by_area=True),
    "mse": Measure("1", "lower", by_area=False),
    "average_precision": Measure("fraction", "higher", by_area=False),
    "angle_error": Measure("deg", "lower", by_area=False),
    "decode": Measure("fraction", "higher", by_area=True),
    "fewshot": Measure("fraction", "higher", by_area=True),
    "memory_capacity": Measure("1", "higher", by_area=True),
    "preference": Measure("1", "none", by_area=True),
    "retrieval": Measure("fraction", "higher", by_area=False),
    "gridness": Measure("1", "none", by_area=True),
    "retinotopy": Measure("1", "higher", by_area=False),
    "divergence": Measure("nats", "lower", by_area=False),
    "next_frame": Measure("1", "lower", by_area=False),
    "cost_conflict": Measure("1", "none", by_area=True),
    "activity": Measure("1", "none", by_area=True),
    "dead_units": Measure("fraction", "lower", by_area=True),
    "sparseness": Measure("1", "none", by_area=True),
    "spatial_information": Measure("bits", "none", by_area=True),
    "delta_value": Measure("1", "none", by_area=True),
    "orientation": Measure("1", "none", by_area=True),
    "rf": Measure("half frames", "none", by_area=True),
    "update_ratio": Measure("1", "none", by_area=True),
    "rsa": Measure("1", "none", by_area=True),
    "cka": Measure("1", "none", by_area=True),
    "ocular_dominance": Measure("1", "none", by_area=False),
    "pathway_share": Measure("fraction", "none", by_area=False),
    "traces": Measure("1", "none", by_area=False),
    "mode_strength": Measure("1", "none", by_area=False),
    "return": Measure("1", "higher", by_area=False),
    "steps_ratio": Measure("1", "lower", by_area=False),
    "regret": Measure("1", "lower", by_area=False),
    "coverage": Measure("fraction", "none", by_area=False),
}


def costs_of(probe: ProbeSpec) -> set[str]:
    """Names of the costs that a probe reads."""
    return {name for field in ("cost", "other") if (name := getattr(probe, field, None))}


def parts_of(probe: ProbeSpec, areas: tuple[str, ...]) -> tuple[str, ...]:
    """What stands behind the name of a probe in its series: nothing, or areas, or what its numbers are."""
    if isinstance(probe, TracesSpec):
        return probe.series
    return areas_of(getattr(probe, "at", "*"), areas) if MEASURES[probe.kind].by_area else ("",)


def area_of(probe: ProbeSpec, part: str) -> str | None:
    """The area that a part of a probe is of; None where it is of several, or of none."""
    if isinstance(probe, TracesSpec):
        return probe.at
    return part if MEASURES[probe.kind].by_area else None


def areas_of(at: str, areas: tuple[str, ...]) -> tuple[str, ...]:
    """The areas a probe's `at` names."""
    return areas if at == "*" else (at,)
