"""Rules that push what a circuit does, and hear of the cost alone what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Spec
from models.specs.credit.capability import Capability

Sigma = Annotated[float, Field(ge=1e-3, le=0.5)]
Draws = Annotated[int, Field(ge=1, le=64)]


class NodePerturbationSpec(Spec):
    """Drives are pushed at random; what a push did to the cost is the credit of the drive."""

    kind: Literal["node_perturbation"]
    sigma: Sigma = 1e-2
    """Standard deviation of the pushes; below 1e-3 float32 loses the difference of the costs."""
    draws: Draws = 1
    """Pushes per update, whose credits are averaged."""
    antithetic: bool = True
    """Whether every push is compared with its opposite rather than with none."""


class WeightPerturbationSpec(Spec):
    """Weights are pushed at random, all at once; what the push did to the cost is the credit of each."""

    kind: Literal["weight_perturbation"]
    sigma: Sigma = 1e-2
    """Standard deviation of the pushes; below 1e-3 float32 loses the difference of the costs."""
    draws: Draws = 1
    """Pushes per update, whose credits are averaged."""


class ForwardGradientSpec(Spec):
    """The slope of the cost along a random direction, carried forward with the activity, is its credit."""

    kind: Literal["forward_gradient"]
    at: Literal["activity", "weight"] = "activity"
    """What the direction changes: drives, sample by sample, or weights."""
    draws: Draws = 1
    """Directions per update, whose credits are averaged."""


CAPABILITIES: dict[str, Capability] = {
    "node_perturbation": Capability(
        needs=frozenset({"scalar_cost", "noise"}), out=False, alone=True, spikes=True, places=False
    ),
    "weight_perturbation": Capability(needs=frozenset({"scalar_cost", "noise"}), out=False, alone=True, spikes=True),
    "forward_gradient": Capability(
        needs=frozenset({"scalar_cost", "noise"}), out=False, alone=True, hears="ends", places=False
    ),
}
