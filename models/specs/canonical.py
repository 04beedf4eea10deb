"""The canonical form of a schedule: what it says, with every freedom of saying it taken away.

Defaults are filled, `*` is spelled out, every duration that can be is a whole number of batches in samples, and what
cannot matter is left out: notes, tags, seeds, costs that never weigh, worlds nobody uses. Two documents with equal
canonical bytes (RFC 8785) are one schedule; its id is their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import rfc8785

from models.specs.acts import world_of
from models.specs.base import Spec
from models.specs.costs import CostSpec, target_of
from models.specs.costs.target import means_the_sense
from models.specs.durations import ZERO, Duration
from models.specs.envelopes import Decay, Factor, Gate, Pulse, Ramp, Scalar, Steps, factors, is_zero
from models.specs.organism import OrganismSpec
from models.specs.overlays import CriticalPeriodSpec, DeficitSpec, ModulatorSpec, Reopening
from models.specs.probes import ProbeSpec, costs_of
from models.specs.regime import Measured
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import common_pass, pass_sp, stage_lengths
from models.specs.triggers import Trigger
from models.specs.worlds import MixSource, PacedOrder, WorldSpec

Resolve = Callable[[Duration], Duration]
AnySpec = TypeVar("AnySpec", bound=Spec)

_UNHASHED = {"name", "notes", "tags", "seeds"}
DEFAULT_PROBE_ITEMS = 1000


def canonical(schedule: ScheduleSpec) -> ScheduleSpec:
    """The canonical form of a schedule that passed the checks; canonical schedules are fixed points."""
    stages = tuple(
        _stage(schedule, stage, lengths.longest_sp if lengths.fixed else None)
        for stage, lengths in zip(schedule.stages, stage_lengths(schedule), strict=True)
    )
    in_life = _resolver(schedule, common_pass(schedule), None)
    weighed = {cost for stage in stages for cost in stage.costs}
    costs_read = weighed.union(*(costs_of(probe) for probe in schedule.probes.values()))
    deficits = {name: _deficit(deficit, in_life) for name, deficit in schedule.deficits.items()}
    worlds_used = {stage.world for stage in stages} | {
        world for probe in schedule.probes.values() for world in (probe.world, getattr(probe, "train", None)) if world
    }
    worlds_used |= {world for stage in stages for act in stage.on_enter if (world := world_of(act))}
    return schedule.model_copy(
        update={
            "organism": _organism(schedule.organism),
            "worlds": {name: _world(world, schedule) for name, world in schedule.worlds.items() if name in worlds_used},
            "costs": {name: _cost(cost, schedule) for name, cost in schedule.costs.items() if name in costs_read},
            "stages": stages,
            "deficits": deficits,
            "critical_periods": {
                name: _critical_period(schedule.organism, period, in_life)
                for name, period in schedule.critical_periods.items()
            },
            "modulators": {
                name: ModulatorSpec(
                    level=_scalar(modulator.level, in_life),
                    plasticity=_spelled_out(schedule.organism, modulator.plasticity),
                    costs=modulator.costs,
                )
                for name, modulator in schedule.modulators.items()
            },
            "probes": {name: _probe(probe, schedule, in_life) for name, probe in schedule.probes.items()},
        }
    )


def canonical_bytes(spec: Spec | dict[str, Any]) -> bytes:
    """RFC 8785 bytes of a spec; of a schedule or study without what is not hashed."""
    data = spec.model_dump(mode="json") if isinstance(spec, Spec) else spec
    if data.get("kind") in ("schedule", "study") and "ontogeny" in data:
        data = {key: part for key, part in data.items() if key not in _UNHASHED}
    return rfc8785.dumps(data)


def document_id(spec: Spec | dict[str, Any]) -> str:
    """`sha256:` and the digest of the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_bytes(spec)).hexdigest()


def measured(probe: ProbeSpec, schedule: ScheduleSpec) -> Measured:
    """A probe of a canonical schedule with all it needs, without names and cadence, which do not change its values."""
    train, cost, other = (getattr(probe, field, None) for field in ("train", "cost", "other"))
    nameless = {"world": "world", "every": ZERO} | ({"train": "train"} if train else {})
    return Measured(
        probe=probe.model_copy(update=nameless),
        world=schedule.worlds[probe.world],
        train=schedule.worlds[train] if train else None,
        cost=schedule.costs[cost] if cost else None,
        other=schedule.costs[other] if other else None,
    )


def probe_id(probe: Measured) -> str:
    """Name of a probe inside a trajectory: `p` and 12 hex digits of its definition."""
    return "p" + hashlib.sha256(canonical_bytes(probe)).hexdigest()[:12]


def probe_ids(schedule: ScheduleSpec, names: Iterable[str]) -> dict[str, str]:
    """Names of these probes of a canonical schedule inside a trajectory: probes that only cadence tells apart are two.

    Elsewhere cadence is in no name, so that what is read seldom in one job and often in another is one series.
    """
    probes = {name: schedule.probes[name] for name in names}
    plain = {name: measured(probe, schedule) for name, probe in probes.items()}
    ids = {name: probe_id(probe) for name, probe in plain.items()}
    cadences: dict[str, set[Duration]] = {}
    for name, known in ids.items():
        cadences.setdefault(known, set()).add(probes[name].every)
    for name, probe in plain.items():
        if len(cadences[ids[name]]) > 1:
            own = probe.probe.model_copy(update={"every": probes[name].every})
            ids[name] = probe_id(probe.model_copy(update={"probe": own}))
    return ids


def _world(world: WorldSpec, schedule: ScheduleSpec) -> WorldSpec:
    if isinstance(world.source, MixSource):
        parts = [part.model_copy(update={"world": _world(part.world, schedule)}) for part in world.parts]
        source = world.source.model_copy(update={"parts": tuple(sorted(parts, key=canonical_bytes))})
        return world.model_copy(update={"source": source, "mix": None})
    if not isinstance(world.order, PacedOrder):
        return world
    available = _scalar(world.order.available, _resolver(schedule, pass_sp(world), None))
    return world.model_copy(update={"order": world.order.model_copy(update={"available": available})})


def _stage(schedule: ScheduleSpec, stage: StageSpec, length_sp: int | None) -> StageSpec:
    resolve = _resolver(schedule, pass_sp(schedule.worlds[stage.world]), length_sp)
    plasticity = _spelled_out(schedule.organism, stage.plasticity, default=1.0)
    return stage.model_copy(
        update={
            "costs": {name: _scalar(weight, resolve) for name, weight in stage.costs.items() if not is_zero(weight)},
            "plasticity": {area: _scalar(level, resolve) for area, level in plasticity.items()},
            "vary": {name: _scalar(level, resolve) for name, level in stage.vary.items()},
            "until": _trigger(stage.until, resolve),
            "limit": None if stage.limit is None else resolve(stage.limit),
        }
    )


def _resolver(schedule: ScheduleSpec, one_pass: int | None, stage_sp: int | None) -> Resolve:
    batch = schedule.clock.batch
    return lambda duration: Duration.of_samples(duration.updates(batch, pass_sp=one_pass, stage_sp=stage_sp) * batch)


def _spelled_out(organism: OrganismSpec, levels: dict[str, Any], default: Any = None) -> dict[str, Any]:
    """Levels by area with `*` spelled out; areas without a level are left out if there is no default."""
    everywhere = levels.get("*", default)
    chosen = {area: levels.get(area, everywhere) for area in organism.areas}
    return {area: level for area, level in chosen.items() if level is not None}


def _organism(organism: OrganismSpec) -> OrganismSpec:
    pathways = tuple(pathway.model_copy(update={"name": pathway.title}) for pathway in organism.pathways)
    credit = tuple(circuit.model_copy(update={"name": circuit.title}) for circuit in organism.credit)
    areas = {
        name: area.model_copy(update={"pad": area.kernel // 2}) if area.kind == "conv" and area.pad is None else area
        for name, area in organism.areas.items()
    }
    return organism.model_copy(update={"pathways": pathways, "credit": credit, "areas": areas})


def _cost(cost: CostSpec, schedule: ScheduleSpec) -> CostSpec:
    """With the sense named that an input target means."""
    target = target_of(cost)
    if target is not None and means_the_sense(target) and len(schedule.organism.senses) == 1:
        (sense,) = schedule.organism.senses
        return cost.model_copy(update={"target": target.model_copy(update={"sense": sense})})
    return cost


def _deficit(deficit: DeficitSpec, resolve: Resolve) -> DeficitSpec:
    return deficit.model_copy(
        update={
            "onset": resolve(deficit.onset),
            "duration": resolve(deficit.duration),
            "strength": _scalar(deficit.strength, resolve),
        }
    )


def _critical_period(organism: OrganismSpec, period: CriticalPeriodSpec, resolve: Resolve) -> CriticalPeriodSpec:
    areas = tuple(organism.areas) if "*" in period.areas else period.areas
    if period.level is not None:
        return period.model_copy(update={"areas": areas, "level": _scalar(period.level, resolve)})
    assert period.closes is not None
    reopen = tuple(
        Reopening(at=resolve(opening.at), duration=resolve(opening.duration), level=opening.level)
        for opening in period.reopen
    )
    resolved = {name: resolve(getattr(period, name)) for name in ("opens", "closes", "edge")}
    return period.model_copy(update={"areas": areas, "reopen": reopen, **resolved})


def _probe(probe: ProbeSpec, schedule: ScheduleSpec, resolve: Resolve) -> ProbeSpec:
    world = schedule.worlds[probe.world]
    items = probe.n or min(DEFAULT_PROBE_ITEMS, pass_sp(world) or DEFAULT_PROBE_ITEMS)
    relative = probe.every.unit == "ep" and common_pass(schedule) is None
    every = probe.every if relative else resolve(probe.every)
    return probe.model_copy(update={"every": every, "n": items})


def _trigger(trigger: Trigger, resolve: Resolve) -> Trigger:
    match trigger.key:
        case "after" | "age":
            part: Any = resolve(getattr(trigger, trigger.key))
        case "since":
            assert trigger.since is not None
            part = trigger.since.model_copy(update={"time": resolve(trigger.since.time)})
        case "plateau":
            assert trigger.plateau is not None
            part = trigger.plateau.model_copy(update={"patience": resolve(trigger.plateau.patience)})
        case "any" | "all":
            part = tuple(_trigger(condition, resolve) for condition in getattr(trigger, trigger.key))
        case "not":
            assert trigger.not_ is not None
            return Trigger.model_validate({"not": _trigger(trigger.not_, resolve)})
        case _:
            return trigger
    return trigger.model_copy(update={trigger.key: part})


def _scalar(scalar: Scalar, resolve: Resolve) -> Scalar:
    resolved = tuple(_factor(factor, resolve) for factor in factors(scalar))
    return resolved if len(resolved) > 1 else resolved[0]


def _factor(factor: Factor, resolve: Resolve) -> Factor:
    match factor:
        case Ramp():
            return factor.model_copy(update={"start": resolve(factor.start), "end": resolve(factor.end)})
        case Pulse():
            return factor.model_copy(update={"onset": resolve(factor.onset), "duration": resolve(factor.duration)})
        case Steps():
            return factor.model_copy(update={"points": tuple((resolve(time), x) for time, x in factor.points)})
        case Decay():
            restarts = tuple(resolve(time) for time in factor.restart_at)
            times = {"start": resolve(factor.start), "half_life": resolve(factor.half_life), "restart_at": restarts}
            return factor.model_copy(update=times)
        case Gate():
            return factor.model_copy(update={"initial": factor.from_ if factor.initial is None else factor.initial})
        case _:
            return float(factor)
