"""Rules that send credit back in time, carry forward what it needs, or need none because they are always right."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Positive, Spec
from models.specs.credit.capability import Capability


class BpttSpec(Spec):
    """The gradient through all time steps of an item, or through some at a time."""

    kind: Literal["bptt"]
    window: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Time steps in which errors stay; all of an item's if left out."""


class SurrogateGradientSpec(Spec):
    """The gradient as it would be if spikes were smooth."""

    kind: Literal["surrogate_gradient"]
    slope: Positive = 10.0
    """How fast the derivative of a spike falls with the distance of the potential from the threshold."""


class EpropSpec(Spec):
    """Eligibility traces, carried forward, meet the error of the moment."""

    kind: Literal["eprop"]
    feedback: Literal["symmetric", "random"] = "symmetric"
    """How the circuit's read-out tells the recurrent area its error: by its weights, or by fixed random ones."""
    slope: Positive = 10.0
    """Of the surrogate derivative of units that spike."""


class RfloSpec(Spec):
    """Eligibility traces that know a unit's leak only meet an error that random feedback brings."""

    kind: Literal["rflo"]
    slope: Positive = 10.0
    """Of the surrogate derivative of units that spike."""


class ForceSpec(Spec):
    """A read-out that learns by recursive least squares at every moment, while what it says goes back."""

    kind: Literal["force"]
    alpha: Positive = 1.0
    """How strongly weights are held at what they were at birth: the less, the faster they learn at first."""
    every: Annotated[int, Field(ge=1, le=64)] = 2
    """Time steps from one lesson to the next."""


_ERROR_IN_TIME = frozenset({"vector_error", "time"})
_READ_OUT = frozenset({"recurrent", "linear"})

TRACED = frozenset({"eprop", "rflo", "rtrl"})
"""Rules that carry eligibility forward in time beside the state."""

CAPABILITIES: dict[str, Capability] = {
    "bptt": Capability(needs=_ERROR_IN_TIME, weightless=True),
    "surrogate_gradient": Capability(
        needs=_ERROR_IN_TIME, areas=frozenset({"linear", "conv", "recurrent"}), spikes=True
    ),
    "eprop": Capability(
        needs=_ERROR_IN_TIME, areas=_READ_OUT, out=False, loops=False, gated=False, deep=False, spikes=True
    ),
    "rflo": Capability(
        needs=_ERROR_IN_TIME, areas=_READ_OUT, out=False, loops=False, gated=False, deep=False, spikes=True
    ),
    "force": Capability(
        needs=frozenset({"vector_error"}),
        areas=frozenset({"linear"}),
        out=False,
        alone=True,
        hears="own",
        deep=False,
        costs=frozenset({"mse"}),
    ),
}
