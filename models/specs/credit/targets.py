"""Rules by which areas learn towards what they should have been: targets, and activities that settle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Positive, Spec, later
from models.specs.credit.capability import LAYERS, SUPERVISED, Capability


class TargetPropagationSpec(Spec):
    """Targets that learned inverses carry down."""

    kind: Literal["target_propagation"]
    variant: Literal["difference", "vanilla", "drl"] = "difference"
    """Whether the inverse's own error is taken off the target; drl: inverses learn to give back, with that taken off
    in every area, what noise does to the area that has the first target."""
    step: Annotated[float, Field(ge=0.01, le=1.0)] = 0.1
    """How far the first target lies down the gradient."""
    sigma: Annotated[float, Field(ge=0.01, le=0.5)] = 0.1
    """Noise around which the inverses are learned."""
    own_rate: Positive | None = None
    """Learning rate of the inverses; that of their areas if left out."""
    inverse_steps: int = later(1, ge=1, le=20)
    """Steps of the inverses per update, each with other noise; more than one need an own_rate."""

    @model_validator(mode="after")
    def _paced(self) -> TargetPropagationSpec:
        if self.inverse_steps > 1 and self.own_rate is None:
            raise PydanticCustomError("unpaced", "inverse_steps above 1 needs an own_rate, the length of a step")
        return self


class PredictiveCodingSpec(Spec):
    """Activities settle before weights learn from the prediction errors that remain."""

    kind: Literal["predictive_coding"]
    variant: Literal["strict", "incremental", "fixed", "error"] = "strict"
    """What settles: activities; the same, weights learning all the while; activities around the feed-forward state;
    errors."""
    steps: Annotated[int, Field(ge=1, le=1000)] = 20
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """Of settling."""
    precision: Positive = 1.0
    """Weight of prediction errors against the cost."""


CAPABILITIES: dict[str, Capability] = {
    "target_propagation": Capability(
        needs=frozenset({"vector_error", "order", "noise"}),
        areas=frozenset({"linear"}),
        out=False,
        hears="ends",
        loops=False,
        deep=False,
        act=frozenset({"tanh", "none", "elu"}),
    ),
    "predictive_coding": Capability(
        needs=frozenset({"vector_error"}), areas=LAYERS, hears="own", loops=False, deep=False, costs=SUPERVISED
    ),
}
