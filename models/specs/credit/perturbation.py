"""Rules that push what a circuit does, and hear of the cost alone what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Spec
from models.specs.credit.capability import Capability

Sigma = Annotated[float, Field(ge=1e-3, le=0.5)]


class NodePerturbationSpec(Spec):
    """Drives are pushed at random; what a push did to the cost is the credit of the drive."""

    kind: Literal["node_perturbation"]
    sigma: Sigma = 1e-2
    """Standard deviation of the pushes; below 1e-3 float32 loses the difference of the costs."""
    draws: Annotated[int, Field(ge=1, le=64)] = 1
    """Pushes per update, whose credits are averaged."""
    antithetic: bool = True
    """Whether every push is compared with its opposite rather than with none."""


CAPABILITIES: dict[str, Capability] = {
    "node_perturbation": Capability(needs=frozenset({"scalar_cost", "noise"}), out=False, spikes=True),
}
