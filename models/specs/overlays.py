"""Overlays: deficits, critical periods and modulators; windows on age that cross stages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import AnyOrName, Many, Name, Spec
from models.specs.durations import ZERO, Duration
from models.specs.envelopes import Scalar
from models.specs.transforms import DeficitTransformSpec

Level = Annotated[float, Field(ge=0.0, le=100.0)]


class DeficitSpec(Spec):
    """A transform on worlds or on the organism from `onset` for `duration`; never in probes."""

    transform: DeficitTransformSpec
    worlds: Annotated[Many[AnyOrName], Field(min_length=1)] = ("*",)
    onset: Duration
    duration: Duration
    strength: Scalar = 1.0
    """Per age, in [0, 1]; 0 leaves the input as it is."""


class Reopening(Spec):
    """A later opening of a critical period."""

    at: Duration
    duration: Duration
    level: Level = 1.0


class CriticalPeriodSpec(Spec):
    """A window of plasticity in age: either opens/closes with flanks, or a level by age."""

    areas: Annotated[Many[AnyOrName], Field(min_length=1)]
    opens: Duration = ZERO
    closes: Duration | None = None
    open_level: Level = 1.0
    closed_level: Level = 0.0
    edge: Duration = ZERO
    """Length of the linear flanks that begin at `opens` and at `closes`."""
    reopen: Annotated[Many[Reopening], Field(max_length=64)] = ()
    level: Scalar | None = None

    @model_validator(mode="after")
    def _one_form(self) -> CriticalPeriodSpec:
        window = (self.opens, self.edge, self.reopen) != (ZERO, ZERO, ())
        if (self.level is None) == (self.closes is None) or (self.level is not None and window):
            raise PydanticCustomError("exclusive", "exactly one of closes (with opens, edge, reopen) and level")
        return self


class ModulatorSpec(Spec):
    """A level by age that scales plasticity and cost weights: factor = max(0, 1 + gain (level - 1))."""

    level: Scalar
    plasticity: dict[AnyOrName, float] = {}
    costs: dict[Name, float] = {}
