"""What one trajectory trains, measures and ends by; everything resolved, every duration in samples.

`RegimeSpec` is the body that enters a trajectory's key. `Measured` probes, their `Reading` offsets and the `Ending`s
do not: they never change what a life becomes, only what is written down and where it is cut.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.acts import ActSpec
from models.specs.base import Many, Name, Spec, later
from models.specs.costs import CostSpec
from models.specs.envelopes import Scalar, gates
from models.specs.organism import OrganismSpec
from models.specs.overlays import CriticalPeriodSpec, ModulatorSpec
from models.specs.probes import ProbeSpec
from models.specs.transforms import DeficitTransformSpec
from models.specs.triggers import Trigger
from models.specs.worlds import WorldSpec

Offset = Annotated[int, Field(ge=0)]
"""Updates since the trajectory's start."""


class WeightedCost(Spec):
    """A cost and its weight in stage time."""

    cost: CostSpec
    weight: Scalar


class DeficitInForce(Spec):
    """A deficit live at ages in [onset_sp, end_sp); end None: as long as the trajectory lasts."""

    transform: DeficitTransformSpec
    strength: Scalar
    """By age."""
    onset_sp: Annotated[int, Field(ge=0)] = 0
    end_sp: Annotated[int, Field(ge=0)] | None = None


class Measured(Spec):
    """A probe with all it needs; names that do not matter (of worlds, of the probe) are left out.

    `id` (see `canonical.probe_id`) names it inside a trajectory, so equal probes of different jobs are one.
    """

    probe: ProbeSpec
    world: WorldSpec
    train: WorldSpec | None = None
    cost: CostSpec | None = None
    other: CostSpec | None = later(None)
    """The second cost of a probe of two."""


class Followed(Spec):
    """A probe that decides what a life becomes."""

    probe: Measured
    every_sp: Annotated[int, Field(ge=1)]
    """Stage times of its readings: 0 and the multiples of this."""


class Watched(Followed):
    """A probe that gates read."""

    keep: Annotated[int, Field(ge=1)]
    """Readings that the longest mean is over."""


class RegimeSpec(Spec):
    """All that is in force: one world, the costs that may weigh, the rates, the overlays, the acts on entry.

    Stage time at offset k is `stage_origin_sp + k * batch`, the same for all lives; age is per life: its age at offset
    0 (kept in the cohort) + k * batch. Where lives are aligned, constant overlays are folded into `plasticity` and
    `costs`, and deficits are live throughout; elsewhere each life meets the edges at its own age.
    """

    organism: OrganismSpec
    batch: Annotated[int, Field(ge=1)]
    sweeps: Annotated[int, Field(ge=1)] = 1
    """Time steps for which each frame of an item is held."""
    world: WorldSpec
    costs: dict[Name, WeightedCost]
    plasticity: dict[Name, Scalar]
    """One for every area, in stage time; 0 for innate areas and those under the rule `frozen`."""
    deficits: dict[Name, DeficitInForce] = {}
    critical_periods: Many[CriticalPeriodSpec] = ()
    """By age; `areas` spelled out."""
    modulators: dict[Name, ModulatorSpec] = {}
    """By age; `plasticity` spelled out for areas."""
    on_enter: Many[ActSpec] = ()
    """Done once, at offset 0, before the first reading."""
    looked_at: dict[Name, WorldSpec] = later({})
    """Worlds that acts look at, by the names they have there."""
    gates: dict[Name, Watched] = later({})
    """By probe id, which names the probe in the gates of this regime."""
    bests: dict[Name, Followed] = later({})
    """By probe id: what a life is when such a probe is best is kept, for acts on entering the next stage."""
    restores: dict[Name, Measured] = later({})
    """By probe id, which names the probe in acts of this regime that go back to its best."""
    rewired: dict[str, Name] = later({})
    """Pathway -> sense at which it began before, of those that acts on entry move; `organism` is as it is after."""
    stage_origin_sp: Annotated[int, Field(ge=0)] = 0
    age_origin_sp: Annotated[int, Field(ge=0)] | None = None
    """Age of every life at offset 0 where lives are aligned and something in force varies by age; for the key only."""

    @property
    def following(self) -> tuple[str, ...]:
        """Modulators that follow a probe: their levels are recorded, those of all others can be told by age."""
        return tuple(name for name, each in self.modulators.items() if gates(each.level))


class Reading(Spec):
    """Offsets at which a probe is taken: first, first + every, ... up to last; a single one if every is 0."""

    first: Offset
    every: Offset
    last: Offset

    def offsets(self) -> range:
        """All of them."""
        return range(self.first, self.last + 1, self.every or 1)


class Ending(Spec):
    """A stage end that a trigger decides, life by life.

    The trigger's probes are named by probe id; its durations are samples. `entry` is the offset at which the stage
    began: hold and plateau count readings from there on, stage time counts from there. At the offset at which a life
    fires, or meets the limit, every probe in `readings` is taken for it if it is not due anyway.
    """

    until: Trigger
    entry: Offset
    limit: Offset
    """Furthest offset; a life still going there meets the limit."""
    on_limit: Literal["advance", "censor", "fail"]
    readings: Many[str] = ()
    """Ids of probes to take at the end of the stage."""
    every: dict[Name, Annotated[int, Field(ge=1)]] = later({})
    """Probe id -> updates between the readings since `entry` that the trigger hears: others are for somebody else."""
