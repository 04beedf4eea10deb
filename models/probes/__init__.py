"""Probes: measurements that cannot teach."""

from __future__ import annotations

from typing import assert_never

from models.probes.accuracy import Accuracy
from models.probes.alignment import Alignment
from models.probes.effective_rank import EffectiveRank
from models.probes.fisher_trace import FisherTrace
from models.probes.linear_readout import LinearReadout
from models.probes.loss import Loss
from models.probes.weight_norm import WeightNorm
from models.protocols import Probe
from models.specs.costs import CostSpec
from models.specs.probes import (
    AccuracySpec,
    AlignmentSpec,
    EffectiveRankSpec,
    FisherTraceSpec,
    LinearReadoutSpec,
    LossSpec,
    ProbeSpec,
    WeightNormSpec,
)


def build_probe(spec: ProbeSpec, cost: CostSpec | None) -> Probe:  # noqa: PLR0911  one case per member
    """The probe a spec describes; `cost` is the declared cost it names, None if it names none."""
    match spec:
        case AccuracySpec():
            return Accuracy(spec)
        case LossSpec():
            return Loss(spec)
        case WeightNormSpec():
            return WeightNorm(spec)
        case AlignmentSpec():
            return Alignment(spec)
        case EffectiveRankSpec():
            return EffectiveRank(spec)
        case LinearReadoutSpec():
            return LinearReadout(spec)
        case FisherTraceSpec():
            assert cost is not None
            return FisherTrace(spec, cost.at)
        case _:
            assert_never(spec)
