"""Sources that show another one in their own way."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, NonNegative
from models.specs.worlds.dataset import DatasetSpec
from models.specs.worlds.facts import Source, SourceFacts
from models.specs.worlds.linear import MixedSourcesSpec, RingSpec
from models.specs.worlds.nature import BarsSpec, DeadLeavesSpec, GratingsSpec, NoisyDisksSpec
from models.specs.worlds.real import DigitsSpec, Mnist1dSpec
from models.specs.worlds.scenes import ShapesSpec

StillSource = (
    DigitsSpec
    | Mnist1dSpec
    | DatasetSpec
    | MixedSourcesSpec
    | RingSpec
    | ShapesSpec
    | NoisyDisksSpec
    | GratingsSpec
    | BarsSpec
    | DeadLeavesSpec
)
"""Sources of one channel whose items need no time."""


class TwoEyesSpec(Source):
    """A still source seen by two eyes with noise and blinks of their own."""

    kind: Literal["two_eyes"]
    of: Annotated[StillSource, Field(discriminator="kind"), Member] = DigitsSpec(kind="digits")
    noise: NonNegative = 0.25
    """Standard deviation, in each eye."""
    blink: Annotated[float, Field(ge=0.0, le=0.5)] = 0.25
    """Probability that one eye is shut while the other sees, for each of the two."""

    def facts(self) -> SourceFacts:
        """Those of the source, with its channel twice."""
        seen = self.of.facts()
        shape = next(iter(seen.channels.values()))
        return SourceFacts({"left": shape, "right": shape}, seen.label, seen.factors, seen.sizes, reuse=seen.reuse)
