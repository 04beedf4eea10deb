"""Whether transforms find what they change: E06, E14, E30."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.check_worlds import shows_labels
from models.specs.costs import RERUN
from models.specs.credit import CAPABILITIES
from models.specs.credit.temporal import TRACED
from models.specs.envelopes import is_switch
from models.specs.findings import Finding, Steps, finding
from models.specs.overlays import DeficitSpec
from models.specs.reach import reaches
from models.specs.schedule import ScheduleSpec
from models.specs.transforms import OfLabels, OnOrganism, OnWorlds
from models.specs.transforms.fit import least_steps, unfit
from models.specs.transforms.organism import BiasErrorSpec, ResetContextSpec
from models.specs.transforms.senses import PermuteSpec, SenseTransform, SwapSensesSpec


def check_transforms(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Of a schedule whose names are all known; a deficit needs one world that gives it what it changes."""
    for name, world in schedule.worlds.items():
        for index, each in enumerate(world.transforms):
            steps: Steps = ("worlds", name, "transforms", index)
            yield from _transform(schedule, each.transform, steps, f"world {name}", [name])
    for name, deficit in schedule.deficits.items():
        steps, place = ("deficits", name, "transform"), f"deficit {name}"
        if not isinstance(deficit.transform, OnOrganism):
            yield from _transform(schedule, deficit.transform, steps, place, _worlds(schedule, deficit))
        if isinstance(deficit.transform, ResetContextSpec):
            yield from _context(schedule, deficit, deficit.transform, place, steps)
        if isinstance(deficit.transform, BiasErrorSpec):
            yield from _errors(schedule, deficit, deficit.transform, place, steps)
        if isinstance(deficit.transform, PermuteSpec) and not is_switch(deficit.strength):
            message = f"{place}: strength of permute is out of bounds: it is 0 or 1, nothing between"
            yield finding("E30", ("deficits", name, "strength"), message, "1, a pulse, or steps between 0 and 1")


def _context(
    schedule: ScheduleSpec, deficit: DeficitSpec, transform: ResetContextSpec, place: str, steps: Steps
) -> Iterator[Finding]:
    """A reset that comes too late for every item (E30), and rules that keep traces of a past that is gone (E25)."""
    worlds = _worlds(schedule, deficit)
    longest = schedule.clock.sweeps * max((schedule.worlds[world].steps for world in worlds), default=1)
    if transform.every >= longest:
        message = f"{place}: a reset every {transform.every} steps, {_told(worlds)} has {longest}"
        yield finding("E30", (*steps, "every"), message, f"less than {longest}")
    for circuit in schedule.organism.credit:
        both = [area for area in transform.areas if area in circuit.areas]
        if both and circuit.rule.kind in TRACED:
            message = f"{place}: {circuit.rule.kind} keeps traces of what {both[0]} carries; a reset is unknown to them"
            yield finding("E25", steps, message, "backprop or bptt")


def _errors(
    schedule: ScheduleSpec, deficit: DeficitSpec, transform: BiasErrorSpec, place: str, steps: Steps
) -> Iterator[Finding]:
    """A constant in errors that do not come as errors of single units (E25), twice (E26), or not at all (E07)."""
    area, organism = transform.area, schedule.organism
    rule = organism.rule_of(area)
    able = None if rule is None else CAPABILITIES[rule.kind]
    if rule is not None and able is not None and not ("vector_error" in able.needs and able.hears == "anywhere"):
        message = f"{place}: {rule.kind} hears no errors of single units at {area} to which a constant could be added"
        yield finding("E25", (*steps, "area"), message, "an area under backprop, or under feedback_alignment")
    touched = set(_worlds(schedule, deficit))
    stages = [stage for stage in schedule.stages if stage.world in touched]
    heard = [{name: schedule.costs[name] for name in stage.costs if name in schedule.costs} for stage in stages]
    here = [[cost for cost in costs.values() if area in reaches(organism, cost)] for costs in heard]
    if stages and not any(here):
        message = f"{place}: no cost's error reaches {area}: there is nothing to add to"
        yield finding("E07", (*steps, "area"), message, "an area that a cost judges, or one below it")
    for costs in here:
        apart = {cost.scope for cost in costs} == {"local", "upstream"}
        again = next((cost.kind for cost in costs if cost.at == area and cost.kind in RERUN), None)
        if apart or again:
            what = f"{again} runs {area} once more" if again else f"a local cost at {area} and errors from elsewhere"
            message = f"{place}: {what}: the constant would not come once"
            yield finding("E26", (*steps, "area"), message, "costs of one scope, none that runs its area again")


def _worlds(schedule: ScheduleSpec, deficit: DeficitSpec) -> list[str]:
    """Worlds that lives are shown while the deficit may be on."""
    shown = dict.fromkeys(stage.world for stage in schedule.stages)
    return [world for world in shown if "*" in deficit.worlds or world in deficit.worlds]


def _transform(
    schedule: ScheduleSpec, transform: OnWorlds, steps: Steps, place: str, worlds: list[str]
) -> Iterator[Finding]:
    lacking = _lacking(schedule, transform)
    if lacking:
        yield finding("E14", steps, f"{place}: {lacking}", "another sense, or another transform")
    least, given = least_steps(transform), [schedule.worlds[world].steps for world in worlds]
    if given and max(given) < least:
        message = f"{place}: {transform.kind} needs {least} time steps, {_told(worlds)} has {max(given)}"
        yield finding("E30", steps, message, f"steps: {least} or more in the world")
    if isinstance(transform, OfLabels) and worlds and not any(shows_labels(schedule.worlds[world]) for world in worlds):
        message = f"{place}: {transform.kind} needs labels, {_told(worlds)} gives none"
        yield finding("E06", steps, message, "a world with labels")


def _lacking(schedule: ScheduleSpec, transform: OnWorlds) -> str | None:
    """Why no sense can be changed; None if one can."""
    senses = {name: tuple(sense.shape) for name, sense in schedule.organism.senses.items()}
    if isinstance(transform, SwapSensesSpec):
        pair = {name: senses[name] for name in transform.senses}
        return f"{_shapes(pair)} cannot be swapped" if len(set(pair.values())) > 1 else None
    if not isinstance(transform, SenseTransform):
        return None
    open_to = senses if transform.sense is None else {transform.sense: senses[transform.sense]}
    lacks = [unfit(transform, shape) for shape in open_to.values()]
    return f"no sense has {lacks[0]}: {_shapes(open_to)}" if lacks and all(lacks) else None


def _shapes(senses: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in senses.items())


def _told(worlds: list[str]) -> str:
    return f"world {worlds[0]}" if len(worlds) == 1 else f"every one of the worlds {', '.join(worlds)}"
