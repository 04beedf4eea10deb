"""Gates of a stage: which probes they read, and when; under the names that probes have in trajectories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from models.specs.canonical import measured, probe_ids
from models.specs.envelopes import Factor, Gate, Scalar, factors, gates, is_zero
from models.specs.regime import Watched
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import pass_sp


class Between(Protocol):
    """A piece of life."""

    @property
    def youngest(self) -> int:
        """Least age in it."""
        ...

    @property
    def oldest(self) -> int:
        """Greatest age in it."""
        ...


def gated(
    schedule: ScheduleSpec, stage: StageSpec, stretch: Between
) -> tuple[ScheduleSpec, StageSpec, dict[str, Watched]]:
    """The same schedule and stage with the ids of probes in their gates, and the probes that are read in the stage."""
    found = [gate for scalar in _scalars(schedule, stage, stretch) for gate in gates(scalar)]
    if not any(gates(scalar) for scalar in _all(schedule)):
        return schedule, stage, {}
    ids = probe_ids(schedule, {gate.probe for gate in _every_gate(schedule)})
    watched: dict[str, Watched] = {}
    batch, one_pass = schedule.clock.batch, pass_sp(schedule.worlds[stage.world])
    for name in sorted({gate.probe for gate in found}):
        probe = schedule.probes[name]
        every_sp = probe.every.updates(batch, pass_sp=one_pass) * batch
        keep = max(gate.smooth for gate in found if gate.probe == name)
        watched[ids[name]] = Watched(probe=measured(probe, schedule), every_sp=every_sp, keep=keep)
    return _named(schedule, ids), _named_stage(stage, ids), watched


def _scalars(schedule: ScheduleSpec, stage: StageSpec, stretch: Between) -> Iterator[Scalar]:
    """What may be in force in a stage; of deficits only those that may be on in the stretch."""
    yield from (scalar for scalar in [*stage.costs.values(), *stage.plasticity.values()] if not is_zero(scalar))
    yield from (each.level for each in schedule.modulators.values())
    yield from (each.level for each in schedule.critical_periods.values() if each.level is not None)
    for each in schedule.deficits.values():
        onset, end = each.onset.samples, each.onset.samples + each.duration.samples
        touches = "*" in each.worlds or stage.world in each.worlds
        if touches and onset < min(end, stretch.oldest) and end > stretch.youngest:
            yield each.strength


def _all(schedule: ScheduleSpec) -> Iterator[Scalar]:
    for stage in schedule.stages:
        yield from (*stage.costs.values(), *stage.plasticity.values())
    yield from (each.level for each in schedule.modulators.values())
    yield from (each.level for each in schedule.critical_periods.values() if each.level is not None)
    yield from (each.strength for each in schedule.deficits.values())


def _every_gate(schedule: ScheduleSpec) -> Iterator[Gate]:
    return (gate for scalar in _all(schedule) for gate in gates(scalar))


def _named(schedule: ScheduleSpec, ids: dict[str, str]) -> ScheduleSpec:
    deficits = {
        name: each.model_copy(update={"strength": _renamed(each.strength, ids)})
        for name, each in schedule.deficits.items()
    }
    periods = {
        name: each if each.level is None else each.model_copy(update={"level": _renamed(each.level, ids)})
        for name, each in schedule.critical_periods.items()
    }
    modulators = {
        name: each.model_copy(update={"level": _renamed(each.level, ids)}) for name, each in schedule.modulators.items()
    }
    return schedule.model_copy(update={"deficits": deficits, "critical_periods": periods, "modulators": modulators})


def _named_stage(stage: StageSpec, ids: dict[str, str]) -> StageSpec:
    levels = ("costs", "plasticity")
    return stage.model_copy(
        update={field: {name: _renamed(each, ids) for name, each in getattr(stage, field).items()} for field in levels}
    )


def _renamed(scalar: Scalar, ids: dict[str, str]) -> Scalar:
    parts = tuple(_with_id(factor, ids) for factor in factors(scalar))
    return parts if len(parts) > 1 else parts[0]


def _with_id(factor: Factor, ids: dict[str, str]) -> Factor:
    return factor.model_copy(update={"probe": ids[factor.probe]}) if isinstance(factor, Gate) else factor
