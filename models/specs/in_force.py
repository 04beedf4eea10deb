"""What is in force over a stretch of life: a stage and the overlays, cut down to what can be told apart there.

Two stretches in which the same things act give equal regimes, whatever else their schedules say; that is what lets
trajectories be shared. All schedules here are canonical.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from models.specs.acts import world_of
from models.specs.durations import Duration
from models.specs.envelopes import (
    Decay,
    Factor,
    Gate,
    Pulse,
    Ramp,
    Scalar,
    Steps,
    Told,
    factors,
    is_constant,
    is_timeless,
    is_zero,
    value,
)
from models.specs.gated import gated
from models.specs.kept import bests, going_back
from models.specs.overlays import CriticalPeriodSpec, ModulatorSpec
from models.specs.regime import DeficitInForce, RegimeSpec, WeightedCost
from models.specs.rewired import moved, organism_of
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.varying import varied
from models.specs.worlds import MixSource, PacedOrder, WorldSpec


@dataclass(frozen=True)
class Stretch:
    """A piece of a stage in samples: stage times [start, end), and the ages at which any life can be in it."""

    start: int
    end: int
    youngest: int
    """Least age at stage time `start`."""
    oldest: int
    """Greatest age at stage time `end`."""
    aligned: bool
    """Whether every life is `youngest` old at `start`."""


def regime_of(schedule: ScheduleSpec, stage: StageSpec, stretch: Stretch) -> RegimeSpec:
    """The regime of a stretch of a stage."""
    schedule, stage, watched = gated(schedule, stage, stretch)
    ages = (stretch.youngest, stretch.oldest)
    periods = [period for each in schedule.critical_periods.values() for period in _over(each, *ages)]
    modulators = {
        name: each.model_copy(update={"level": restrict(each.level, *ages)})
        for name, each in schedule.modulators.items()
    }
    constant = [each for each in modulators.values() if is_constant(each.level)]
    costs = {
        name: WeightedCost(cost=schedule.costs[name], weight=weight)
        for name, scalar in stage.costs.items()
        if not is_zero(weight := _weight(name, scalar, stretch, constant))
    }
    plasticity = {area: _plasticity(schedule, stage, area, stretch, periods, constant) for area in stage.plasticity}
    varying = {name: each for name, each in modulators.items() if not is_constant(each.level)}
    regime = RegimeSpec(
        organism=organism_of(schedule, stage),
        batch=schedule.clock.batch,
        sweeps=schedule.clock.sweeps,
        world=_world(varied(schedule.worlds[stage.world], stage.vary), stretch),
        costs=costs,
        plasticity=plasticity,
        deficits=_deficits(schedule, stage.world, stretch),
        critical_periods=tuple(each for each in periods if each.level is None or not is_constant(each.level)),
        modulators=varying,
        gates=watched,
        bests=bests(schedule, stage),
        **(_acts(schedule, stage) if stretch.start == 0 else {}),
    )
    origins = {
        "stage_origin_sp": stretch.start if varies_by_stage_time(regime) else 0,
        "age_origin_sp": stretch.youngest if stretch.aligned and _varies_by_age(regime) else None,
    }
    return regime.model_copy(update=origins)


def _acts(schedule: ScheduleSpec, stage: StageSpec) -> dict[str, Any]:
    """Acts on entry, and the worlds they look at under names that do not depend on the document's."""
    worlds = dict.fromkeys(world for act in stage.on_enter if (world := world_of(act)))
    names = {world: f"w{number}" for number, world in enumerate(worlds)}
    acts = tuple(
        act.model_copy(update={"world": names[world]}) if (world := world_of(act)) else act for act in stage.on_enter
    )
    looked_at = {names[world]: schedule.worlds[world] for world in worlds}
    return going_back(schedule, acts) | {"looked_at": looked_at, "rewired": moved(schedule, stage)}


def varies_by_stage_time(regime: RegimeSpec) -> bool:
    """Whether a cost weight, a plasticity, the order of items or what is read depends on stage time."""
    scalars = [cost.weight for cost in regime.costs.values()] + list(regime.plasticity.values())
    scalars += regime.world.shares_available
    return bool(regime.gates or regime.bests) or not all(map(is_timeless, scalars))


def edges(schedule: ScheduleSpec, world: str) -> set[int]:
    """Ages at which an overlay changes form: deficits that touch the world begin or end, windows bend."""
    ages: set[int] = set()
    for deficit in schedule.deficits.values():
        if _touches(deficit.worlds, world) and deficit.duration.samples:
            ages |= {deficit.onset.samples, deficit.onset.samples + deficit.duration.samples}
    for period in schedule.critical_periods.values():
        ages |= {age for age, _ in bends(period)}
    return ages


def bends(period: CriticalPeriodSpec) -> list[tuple[int, float]]:
    """Corners (age, level) of a window's piecewise linear level, in order of age; empty for a level by age."""
    if period.level is not None:
        return []
    assert period.closes is not None
    edge, closed = period.edge.samples, period.closed_level
    spans = [(period.opens.samples, period.closes.samples, period.open_level)]
    spans += [(each.at.samples, each.at.samples + each.duration.samples, each.level) for each in period.reopen]
    corners: list[tuple[int, float]] = []
    for opens, closes, level in spans:
        corners += [(opens, closed), (opens + edge, level), (closes, level), (closes + edge, closed)]
    return sorted(corners, key=lambda corner: corner[0])


def window_level(period: CriticalPeriodSpec, age_sp: float, told: Told = MappingProxyType({})) -> float:
    """Level of a critical period at an age, for a life whose gates have read so much."""
    if period.level is not None:
        return value(period.level, age_sp, told)
    corners = bends(period)
    before = [corner for corner in corners if corner[0] <= age_sp]
    if not before:
        return period.closed_level
    if len(before) == len(corners):
        return corners[-1][1]
    (left, low), (right, high) = before[-1], corners[len(before)]
    return low + (high - low) * (age_sp - left) / (right - left)


def restrict(scalar: Scalar, low: int, high: int) -> Scalar:
    """The scalar with every factor that is constant on times [low, high) as a number, numbers first and multiplied."""
    number, envelopes = 1.0, list[Factor]()
    for factor in factors(scalar):
        if _still(factor, low, high):
            number *= value(factor, low)
        else:
            envelopes.append(factor)
    return _product(number, envelopes)


def _product(number: float, envelopes: list[Factor]) -> Scalar:
    if number == 0.0 or not envelopes:
        return number
    if number == 1.0 and len(envelopes) == 1:
        return envelopes[0]
    return tuple(envelopes) if number == 1.0 else (number, *envelopes)


def _still(factor: Factor, low: int, high: int) -> bool:
    match factor:
        case Ramp():
            flat = factor.from_ == factor.to
            return flat or high <= factor.start.samples or low >= factor.end.samples
        case Pulse():
            onset = factor.onset.samples
            return not any(low < edge < high for edge in (onset, onset + factor.duration.samples))
        case Steps():
            return not any(low < time.samples < high for time, _ in factor.points)
        case Decay():
            return factor.base == factor.floor or high <= factor.start.samples
        case Gate():
            return False
        case _:
            return True


def _world(world: WorldSpec, stretch: Stretch) -> WorldSpec:
    """The world as it is in the stretch."""
    if isinstance(world.source, MixSource):
        parts = tuple(part.model_copy(update={"world": _world(part.world, stretch)}) for part in world.parts)
        return world.model_copy(update={"source": world.source.model_copy(update={"parts": parts})})
    if not isinstance(world.order, PacedOrder):
        return world
    available = restrict(world.order.available, stretch.start, stretch.end)
    return world.model_copy(update={"order": world.order.model_copy(update={"available": available})})


def _weight(name: str, scalar: Scalar, stretch: Stretch, constant: list[ModulatorSpec]) -> Scalar:
    gains = [modulator_factor(each, each.costs[name], stretch.youngest) for each in constant if name in each.costs]
    return restrict((*factors(scalar), *gains), stretch.start, stretch.end)


def _plasticity(
    schedule: ScheduleSpec,
    stage: StageSpec,
    area: str,
    stretch: Stretch,
    periods: list[CriticalPeriodSpec],
    constant: list[ModulatorSpec],
) -> Scalar:
    rule = schedule.organism.rule_of(area)
    if schedule.organism.areas[area].innate or (rule is not None and rule.kind == "frozen"):
        return 0.0
    levels: list[Any] = [
        each.level for each in periods if area in each.areas and each.level is not None and is_constant(each.level)
    ]
    levels += [
        modulator_factor(each, each.plasticity[area], stretch.youngest) for each in constant if area in each.plasticity
    ]
    flat = [number for level in levels for number in factors(level)]
    return restrict((*factors(stage.plasticity[area]), *flat), stretch.start, stretch.end)


def modulator_factor(modulator: ModulatorSpec, gain: float, age_sp: float, told: Told = MappingProxyType({})) -> float:
    """max(0, 1 + gain (level - 1)) at an age, for a life whose gates have read so much."""
    return max(0.0, 1.0 + gain * (value(modulator.level, age_sp, told) - 1.0))


def _over(period: CriticalPeriodSpec, low: int, high: int) -> list[CriticalPeriodSpec]:
    """The period as it is on ages [low, high): a number or a ramp where it has no corner inside, else itself."""
    if period.level is not None:
        return [CriticalPeriodSpec(areas=period.areas, level=restrict(period.level, low, high))]
    corners = bends(period)
    if any(low < age < high for age, _ in corners):
        return [period]
    before = [corner for corner in corners if corner[0] <= low]
    after = corners[len(before) :]
    if before and after and before[-1][1] != after[0][1]:
        (left, start), (right, end) = before[-1], after[0]
        flank = Ramp.model_validate(
            {
                "kind": "ramp",
                "start": Duration.of_samples(left),
                "end": Duration.of_samples(right),
                "from": start,
                "to": end,
            }
        )
        return [CriticalPeriodSpec(areas=period.areas, level=flank)]
    return [CriticalPeriodSpec(areas=period.areas, level=window_level(period, low))]


def _deficits(schedule: ScheduleSpec, world: str, stretch: Stretch) -> dict[str, DeficitInForce]:
    live = {}
    for name, deficit in schedule.deficits.items():
        onset, end = deficit.onset.samples, deficit.onset.samples + deficit.duration.samples
        meets = onset < min(end, stretch.oldest) and end > stretch.youngest
        if not _touches(deficit.worlds, world) or not meets:
            continue
        strength = restrict(deficit.strength, max(onset, stretch.youngest), min(end, stretch.oldest))
        if is_zero(strength):
            continue
        throughout = onset <= stretch.youngest and end >= stretch.oldest
        window = {} if throughout else {"onset_sp": onset, "end_sp": end}
        live[name] = DeficitInForce(transform=deficit.transform, strength=strength, **window)
    return live


def _touches(worlds: tuple[str, ...], world: str) -> bool:
    return "*" in worlds or world in worlds


def _varies_by_age(regime: RegimeSpec) -> bool:
    windows = any(each.end_sp is not None for each in regime.deficits.values())
    levels: list[Scalar] = [each.strength for each in regime.deficits.values()]
    levels += [each.level for each in regime.modulators.values()]
    levels += [each.level for each in regime.critical_periods if each.level is not None]
    bent = any(each.level is None for each in regime.critical_periods)
    return windows or bent or not all(map(is_timeless, levels))
