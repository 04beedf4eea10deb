"""Warnings: schedules that run, but may not mean what they seem to (W01 to W16)."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.acts import RestoreBest, world_of
from models.specs.canonical import DEFAULT_PROBE_ITEMS, canonical
from models.specs.check_costs import still, weighed
from models.specs.check_credit import unfit_optimizers
from models.specs.check_settling import unsettled
from models.specs.costs import target_of
from models.specs.costs.target import sense_of, teacher_of
from models.specs.envelopes import Decay, Factor, Ramp, factors, value
from models.specs.findings import Finding, Steps, finding
from models.specs.organism import AdamSpec, AdamWSpec, RmspropSpec, SgdSpec
from models.specs.probes import costs_of
from models.specs.reach import needs_no_cost, reaches
from models.specs.schedule import ClockSpec, ScheduleSpec, StageSpec
from models.specs.timeline import pass_sp, stage_lengths
from models.specs.times import Clock, durations, levels
from models.specs.triggers import leaves
from models.specs.worlds import WorldSpec

_SCORES = (
    "accuracy", "loss", "linear_readout", "mse", "average_precision", "angle_error", "decode", "next_frame",
    "divergence",
)  # fmt: skip
_FEW_ITEMS = 500
_JUMP = 1.1
"""Ratio of weights from which a border counts as a jump."""


def advise(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Warnings about a schedule that has no errors."""
    clock = Clock(schedule, stage_lengths(schedule))
    yield from _decay_beside_deficit(schedule)
    yield from _lone_readings(schedule)
    yield from _untaught(schedule)
    yield from _late_closings(clock)
    yield from _shared_items(schedule)
    yield from _unaligned_edges(clock)
    yield from _jumps(clock)
    yield from _chosen_by_test(schedule)
    yield from _rounded(clock)
    yield from unfit_optimizers(schedule.organism)
    yield from unsettled(schedule.organism)
    yield from _unused(schedule)
    yield from _untrained_teachers(schedule)


def decays(schedule: ScheduleSpec) -> Iterator[tuple[Steps, Factor]]:
    """Envelopes of plasticity that fall over life."""
    for level in levels(schedule):
        if "plasticity" in level.steps or level.steps[0] == "critical_periods":
            for factor in factors(level.scalar):
                falls = isinstance(factor, Ramp) and factor.to < factor.from_
                if falls or (isinstance(factor, Decay) and factor.floor < factor.base):
                    yield level.steps, factor


def restarts(factor: Factor) -> bool:
    """Whether an envelope starts anew."""
    return isinstance(factor, Decay) and bool(factor.restart_at)


def _decay_beside_deficit(schedule: ScheduleSpec) -> Iterator[Finding]:
    deficits = [name for name, deficit in schedule.deficits.items() if deficit.duration.amount]
    falling = list(decays(schedule))
    if not deficits or any(restarts(factor) for _, factor in falling):
        return
    for steps, _ in falling:
        message = (
            f"deficit {deficits[0]}: plasticity falls over life as well, which alone feigns part of a critical period"
        )
        yield finding("W01", steps, message, "add an arm whose decay has restart_at the end of the deficit")


def _lone_readings(schedule: ScheduleSpec) -> Iterator[Finding]:
    for index, stage in enumerate(schedule.stages):
        for path, leaf in leaves(stage.until):
            if leaf.criterion is None or leaf.criterion.hold > 1:
                continue
            n = probe_items(schedule, leaf.criterion.probe)
            if n < _FEW_ITEMS:
                steps = ("stages", index, "until", *path, "criterion")
                message = f"stage {stage.name}: one reading of probe {leaf.criterion.probe} on {n} items decides"
                yield finding("W03", steps, message, f"hold: 3, or n: {_FEW_ITEMS}")


def probe_items(schedule: ScheduleSpec, name: str) -> int:
    """Items a probe is taken on."""
    probe = schedule.probes[name]
    return probe.n or min(DEFAULT_PROBE_ITEMS, pass_sp(schedule.worlds[probe.world]) or DEFAULT_PROBE_ITEMS)


def _untaught(schedule: ScheduleSpec) -> Iterator[Finding]:
    organism = schedule.organism
    for index, stage in enumerate(schedule.stages):
        reached = {area for name in weighed(stage) for area in reaches(organism, schedule.costs[name])}
        idle = [
            area
            for area in organism.areas
            if area not in reached and still(schedule, stage, area) is None and not needs_no_cost(organism, area)
        ]
        if idle:
            message = f"stage {stage.name}: no cost reaches {', '.join(idle)}, though plastic"
            yield finding("W04", ("stages", index, "plasticity"), message, "a cost, or plasticity 0")


def _late_closings(clock: Clock) -> Iterator[Finding]:
    """Triggered stages are counted at half their limit."""
    batch = clock.schedule.clock.batch
    likely = sum(each.longest_sp // (1 if each.fixed else 2) for each in clock.lengths)
    for name, period in clock.schedule.critical_periods.items():
        closes = None if period.closes is None else clock.updates(period.closes, None) * batch
        if closes is not None and closes > likely:
            message = f"critical period {name}: closes at {closes}sp, life likely ends by {likely}sp"
            yield finding("W05", ("critical_periods", name, "closes"), message, "close earlier")


def _shared_items(schedule: ScheduleSpec) -> Iterator[Finding]:
    trained = {stage.world for stage in schedule.stages}
    trained |= {part for name in trained for part in schedule.worlds[name].mix or {}}
    for name, probe in schedule.probes.items():
        common = [world for world in trained if _same_items(schedule.worlds[world], schedule.worlds[probe.world])]
        if probe.kind in _SCORES and common:
            message = f"probe {name}: world {probe.world} shares items with {min(common)}, which is trained on"
            yield finding("W07", ("probes", name, "world"), message, "another split")


def _same_items(one: WorldSpec, other: WorldSpec) -> bool:
    finite = pass_sp(one) is not None and pass_sp(other) is not None
    return finite and (one.source, one.split) == (other.source, other.split)


def _unaligned_edges(clock: Clock) -> Iterator[Finding]:
    """Edges that lives meet in different stages, or at different stage times."""
    triggered = next((i for i, each in enumerate(clock.lengths) if not each.fixed), None)
    if triggered is None:
        return
    entry, stage = clock.lengths[triggered].youngest_sp, clock.schedule.stages[triggered].name
    ages: list[tuple[Steps, str, int]] = []
    for name, deficit in clock.schedule.deficits.items():
        if deficit.duration.amount:
            end = clock.updates(deficit.onset, None) + clock.updates(deficit.duration, None)
            ages.append((("deficits", name), f"deficit {name}", end))
    for name, period in clock.schedule.critical_periods.items():
        if period.closes is not None:
            ages.append((("critical_periods", name), f"critical period {name}", clock.updates(period.closes, None)))
    for steps, place, age in ages:
        age_sp = age * clock.schedule.clock.batch
        if age_sp > entry:
            message = f"{place}: edge at {age_sp}sp, in or after stage {stage}, which ends life by life"
            yield finding("W08", steps, message, "stage plasticity counts from the stage's start")


def _jumps(clock: Clock) -> Iterator[Finding]:
    schedule, resolved = clock.schedule, canonical(clock.schedule).stages
    for index in range(1, len(schedule.stages)):
        end = clock.lengths[index - 1].longest_sp
        before, stage = schedule.stages[index - 1], schedule.stages[index]
        if any(act.kind == "reset_optimizer" for act in stage.on_enter):
            continue
        for name in dict.fromkeys([*before.costs, *stage.costs]):
            pair = (
                value(resolved[index - 1].costs.get(name, 0.0), end),
                value(resolved[index].costs.get(name, 0.0), 0.0),
            )
            low, high = min(pair), max(pair)
            if high <= low * _JUMP or not _moments_meet(schedule, before, stage, name):
                continue
            message = f"stage {stage.name}: weight of {name} jumps from {pair[0]:g} to {pair[1]:g}, moments are kept"
            yield finding("W09", ("stages", index, "costs", name), message, "on_enter: [reset_optimizer], or a ramp")


def _moments_meet(schedule: ScheduleSpec, before: StageSpec, stage: StageSpec, name: str) -> bool:
    """Whether an area the cost reaches learned before, learns now, and has an optimizer that remembers."""
    reached = reaches(schedule.organism, schedule.costs[name])
    for area in (each for each in reached if schedule.organism.areas[each].weighs):
        optimizer = schedule.organism.optimizer_of(area)
        remembers = isinstance(optimizer, (AdamSpec, AdamWSpec, RmspropSpec)) or (
            isinstance(optimizer, SgdSpec) and optimizer.momentum > 0
        )
        if remembers and still(schedule, before, area) is None and still(schedule, stage, area) is None:
            return True
    return False


def _chosen_by_test(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Bests that are chosen by items on which nothing should be chosen."""
    for index, stage in enumerate(schedule.stages):
        for number, act in enumerate(stage.on_enter):
            if isinstance(act, RestoreBest) and schedule.worlds[schedule.probes[act.probe].world].split == "test":
                steps = ("stages", index, "on_enter", number, "probe")
                message = f"stage {stage.name}: restore_best of probe {act.probe}, which is taken on a test split"
                yield finding("W10", steps, message, "a probe of a world with split: valid")


def _rounded(clock: Clock) -> Iterator[Finding]:
    batch = clock.schedule.clock.batch
    one_by_one = clock.schedule.model_copy(update={"clock": ClockSpec(batch=1)})
    for timed in durations(clock.schedule):
        if timed.role == "cadence" or timed.duration.unit in ("st", "ba"):
            continue
        whole = clock.updates(timed.duration, timed.stage) * batch
        if whole != Clock(one_by_one, clock.lengths).updates(timed.duration, timed.stage):
            message = f"{timed.place}: {timed.duration} takes effect at {whole}sp, after whole batches of {batch}"
            yield finding("W11", timed.steps, message, f"write {whole}sp")


def _unused(schedule: ScheduleSpec) -> Iterator[Finding]:
    probes = schedule.probes.values()
    acted = {world for stage in schedule.stages for act in stage.on_enter if (world := world_of(act))}
    looked = {world for probe in probes for world in (probe.world, getattr(probe, "train", None))}
    seen = acted | looked | {stage.world for stage in schedule.stages}
    seen |= {part for name in seen if name is not None for part in schedule.worlds[name].mix or {}}
    weighing = {name for stage in schedule.stages for name in weighed(stage)}.union(*map(costs_of, probes))
    fed = {pathway.source for pathway in schedule.organism.pathways}
    for cost in schedule.costs.values():
        fed |= {sense_of(target_of(cost)) or "", getattr(cost, "place", "")}
    collections: list[tuple[Steps, str, list[str]]] = [
        (("worlds",), "world", [name for name in schedule.worlds if name not in seen]),
        (("costs",), "cost", [name for name in schedule.costs if name not in weighing]),
        (("organism", "senses"), "sense", [name for name in schedule.organism.senses if name not in fed]),
    ]
    for steps, what, names in collections:
        for name in names:
            yield finding("W15", (*steps, name), f"{what} {name}: defined, but used nowhere", "remove it")


def _untrained_teachers(schedule: ScheduleSpec) -> Iterator[Finding]:
    trained: set[str] = set()
    for index, stage in enumerate(schedule.stages):
        for name in weighed(stage):
            reached = reaches(schedule.organism, schedule.costs[name])
            trained |= {area for area in reached if still(schedule, stage, area) is None}
        for name in weighed(stage):
            teacher = teacher_of(target_of(schedule.costs[name]))
            if teacher is None or teacher in trained:
                continue
            spec = schedule.organism.areas[teacher]
            if not spec.innate and spec.lr_scale > 0.0:
                message = f"stage {stage.name}: cost {name} learns from {teacher}, which nothing has trained"
                yield finding("W16", ("stages", index, "costs", name), message, "train it first")
