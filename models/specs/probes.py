"""Probes: measurements that cannot teach; each with its unit and the direction that is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import AnyOrName, Name, Spec
from models.specs.durations import Duration


class ProbeBase(Spec):
    """What every probe has: a world to measure on, a cadence in stage time, a number of items."""

    world: Name
    every: Duration
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Items; all of the world, at most 1000, if left out."""


class AccuracySpec(ProbeBase):
    """Share of items whose largest output is the label."""

    kind: Literal["accuracy"]
    at: Name


class LossSpec(ProbeBase):
    """Value of a declared cost on the probe's world."""

    kind: Literal["loss"]
    cost: Name


class WeightNormSpec(ProbeBase):
    """Euclidean norm of an area's weights, biases left out."""

    kind: Literal["weight_norm"]
    at: AnyOrName = "*"


class AlignmentSpec(ProbeBase):
    """Angle between what the credit rule returned and the gradient, per area."""

    kind: Literal["alignment"]
    cost: Name
    at: AnyOrName = "*"


class EffectiveRankSpec(ProbeBase):
    """Exponential of the entropy of the normalised singular values of centred activity."""

    kind: Literal["effective_rank"]
    at: AnyOrName = "*"


class LinearReadoutSpec(ProbeBase):
    """Accuracy of a ridge classifier on frozen activity."""

    kind: Literal["linear_readout"]
    at: AnyOrName = "*"
    train: Name
    """World of the fit."""


class FisherTraceSpec(ProbeBase):
    """Mean squared norm of the gradient of the log likelihood of labels drawn from the area's own softmax, per area."""

    kind: Literal["fisher_trace"]
    at: AnyOrName = "*"
    cost: Name
    """A cross_entropy cost: its area gives the probabilities."""


ProbeSpec = Annotated[
    AccuracySpec | LossSpec | WeightNormSpec | AlignmentSpec | EffectiveRankSpec | LinearReadoutSpec | FisherTraceSpec,
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
}


def areas_of(at: str, areas: tuple[str, ...]) -> tuple[str, ...]:
    """The areas a probe's `at` names."""
    return areas if at == "*" else (at,)
