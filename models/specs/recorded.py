"""How much a schedule records: series of one trajectory, values of a life, and the cadence of probes that would fit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from models.specs.durations import Duration
from models.specs.envelopes import gates
from models.specs.findings import Steps
from models.specs.order import settles
from models.specs.organism import OrganismSpec
from models.specs.probes import ProbeSpec, parts_of
from models.specs.series import NORMS_EVERY
from models.specs.times import Clock

_MOST = 1 << 20
"""No cadence is made slower than by so much."""


@dataclass(frozen=True)
class Recorded:
    """Values per life; bounds where a trigger decides."""

    by_updates: int
    """Of what every update, or every so many, writes down; its cadence is fixed."""
    by_probe: Mapping[str, int]
    series: int
    """Most series of one trajectory."""

    @property
    def values(self) -> int:
        """All of them."""
        return self.by_updates + sum(self.by_probe.values())


def recorded(clock: Clock) -> Recorded:
    """Per update one of each cost, weight, plasticity, rate, change, deficit and modulator that follows a probe.

    Of norms and readings at a cadence.
    """
    schedule, areas = clock.schedule, tuple(clock.schedule.organism.areas)
    widths = sum(_width(probe, areas) for probe in schedule.probes.values())
    by_updates, series = 0, 0
    for stage, lengths in zip(schedule.stages, clock.lengths, strict=True):
        updates = lengths.longest_sp // schedule.clock.batch
        overlays = len(schedule.deficits) + sum(bool(gates(each.level)) for each in schedule.modulators.values())
        always, norms = series_of(schedule.organism, len(stage.costs), overlays)
        by_updates += updates * always + ceil(updates / NORMS_EVERY) * norms
        series = max(series, always + norms + widths)
    return Recorded(by_updates, {name: _readings(clock, name, 1) for name in schedule.probes}, series)


def series_of(organism: OrganismSpec, costs: int, overlays: int) -> tuple[int, int]:
    """Series with a row of every update, and those with one of every tenth."""
    areas = len(organism.areas)
    settling = {area for circuit in organism.credit if settles(circuit) for area in circuit.areas}
    return 2 * costs + 3 * areas + overlays, 2 * areas + len(settling)


def fitting_cadence(clocks: Sequence[Clock], seeds: int, limit: int) -> tuple[Steps, str] | None:
    """The probe to be taken less often, and how seldom, so that all values fit; None if its cadence does not do it.

    `clocks` are those of the arms, each grown with so many seeds.
    """
    told = [recorded(clock) for clock in clocks]
    names = dict.fromkeys(name for each in told for name in each.by_probe)
    if not names:
        return None
    sums = {name: sum(each.by_probe.get(name, 0) for each in told) for name in names}
    name = max(sums, key=sums.__getitem__)
    others = sum(each.values for each in told) - sums[name]
    having = [clock for clock in clocks if name in clock.schedule.probes]

    def fits(times: int) -> bool:
        return seeds * (others + sum(_readings(clock, name, times) for clock in having)) <= limit

    if not fits(_MOST):
        return None
    times = bisect_left(range(_MOST), True, lo=1, key=fits)
    every = having[0].schedule.probes[name].every
    return ("probes", name, "every"), f"{_slower(every, times)} instead of {every}"


def _readings(clock: Clock, name: str, times: int) -> int:
    """Values per life of a probe that is taken so many times as seldom as it is."""
    schedule = clock.schedule
    probe = schedule.probes[name]
    every = _slower(probe.every, times)
    updates = [lengths.longest_sp // schedule.clock.batch for lengths in clock.lengths]
    taken = sum(each // clock.updates(every, index) + 2 for index, each in enumerate(updates))
    return _width(probe, tuple(schedule.organism.areas)) * taken


def _slower(every: Duration, times: int) -> Duration:
    return Duration(every.amount * times, every.unit)


def _width(probe: ProbeSpec, areas: tuple[str, ...]) -> int:
    return len(parts_of(probe, areas))
