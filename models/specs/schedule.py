"""The schedule: one concrete way to grow up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.specs.acts import ActSpec
from models.specs.base import AnyOrName, Many, Name, Spec, StageName, later
from models.specs.costs import CostSpec
from models.specs.durations import Duration
from models.specs.envelopes import Scalar
from models.specs.organism import OrganismSpec
from models.specs.overlays import CriticalPeriodSpec, DeficitSpec, ModulatorSpec
from models.specs.probes import ProbeSpec
from models.specs.triggers import Trigger
from models.specs.worlds import WorldSpec, mixed


class SeedsSpec(Spec):
    """Lives: `count` seeds from `start` on."""

    start: Annotated[int, Field(ge=0, le=2**31 - 10001)] = 0
    count: Annotated[int, Field(ge=1, le=10000)] = 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """The seeds themselves."""
        return tuple(range(self.start, self.start + self.count))


class ClockSpec(Spec):
    """How many samples a life is shown per update, and for how long each."""

    batch: Annotated[int, Field(ge=1, le=65536)]
    sweeps: Annotated[int, Field(ge=1, le=256)] = 1
    """Time steps for which each frame of an item is held, so that loops can settle."""


class StageSpec(Spec):
    """A span of life with a fixed world and set of costs."""

    name: StageName
    world: Name
    costs: dict[Name, Scalar] = {}
    """Weights in stage time; costs that are not named weigh 0."""
    plasticity: dict[AnyOrName, Scalar] = {"*": 1.0}
    """Multipliers of the areas' rates in stage time; a named area overrides `*`."""
    vary: dict[str, Scalar] = later({})
    """Options that the world has in this stage: `source.OPTION`, `labels.OPTION` or `TRANSFORM.OPTION`; numbers."""
    until: Trigger
    limit: Duration | None = None
    on_limit: Literal["advance", "censor", "fail"] = "advance"
    on_enter: Annotated[Many[ActSpec], Field(max_length=32)] = ()


class ScheduleSpec(Spec):
    """One life as data."""

    ontogeny: Literal["1"]
    kind: Literal["schedule"]
    name: Name
    notes: Annotated[str, Field(max_length=20_000)] = ""
    tags: Annotated[Many[str], Field(max_length=64)] = ()
    seeds: SeedsSpec = SeedsSpec()
    clock: ClockSpec
    organism: OrganismSpec
    worlds: Annotated[dict[Name, WorldSpec], Field(min_length=1, max_length=64)]
    costs: Annotated[dict[Name, CostSpec], Field(max_length=256)]
    stages: Annotated[Many[StageSpec], Field(min_length=1, max_length=1000)]
    deficits: Annotated[dict[Name, DeficitSpec], Field(max_length=64)] = {}
    critical_periods: Annotated[dict[Name, CriticalPeriodSpec], Field(max_length=64)] = {}
    modulators: Annotated[dict[Name, ModulatorSpec], Field(max_length=64)] = {}
    probes: Annotated[dict[Name, ProbeSpec], Field(max_length=256)] = {}

    @model_validator(mode="after")
    def _mixed(self) -> ScheduleSpec:
        self.worlds.update(mixed(self.worlds))
        return self
