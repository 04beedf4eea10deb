"""Rules of units with two compartments: what drives them from below is kept apart from what comes from above."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Positive, Spec
from models.specs.credit.capability import Capability


class BurstSpec(Spec):
    """Bursts of a unit tell those below it what its spikes do not: how it should change."""

    kind: Literal["burst"]
    p0: Annotated[float, Field(ge=1e-3, le=0.5)] = 0.2
    """Usual share of bursts at the output: how strongly its error is sent."""
    scale: Positive = 1.0
    """Standard deviation of the feedback weights, in units of 1/sqrt(fan_out)."""


CAPABILITIES: dict[str, Capability] = {
    "burst": Capability(
        needs=frozenset({"vector_error", "order"}),
        areas=frozenset({"linear"}),
        out=False,
        hears="ends",
        loops=False,
        act=frozenset({"sigmoid"}),
    ),
}
