"""Whether worlds have the items that are asked of them, and probes can be taken there: E15, E30, E36."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from models.specs.check_costs import lacks, misfed_senses, misfit
from models.specs.check_truths import unmeasurable
from models.specs.envelopes import factors, span
from models.specs.findings import Finding, finding
from models.specs.probes import MEASURES, ProbeSpec
from models.specs.probes.errors import FisherTraceSpec
from models.specs.probes.truths import AccuracySpec, LinearReadoutSpec
from models.specs.probes.weights import TracesSpec
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import Shape
from models.specs.timeline import pass_sp
from models.specs.times import placed_gates
from models.specs.triggers import leaves
from models.specs.varying import Unvaried, varied
from models.specs.worlds import NoLabels, PacedOrder, TemporalOrder, WorldSpec
from models.specs.worlds.dataset import DatasetSpec, registered
from models.specs.worlds.environments import Unavailable
from models.specs.worlds.eyes import TwoEyesSpec
from models.specs.worlds.gym import GymSpec, require
from models.specs.worlds.sources import facts


def check_worlds(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Sizes and steps."""
    for name, world in schedule.worlds.items():
        steps, place, known = ("worlds", name), f"world {name}", facts(world.source)
        items = known.sizes[world.split] if known.sizes else None
        if world.size is not None and items is not None and world.size > items:
            message = f"{place}: {world.size} items asked, {world.source.kind} {world.split} has {items}"
            yield finding("E15", (*steps, "size"), message, f"at most {items}")
        if not known.min_steps <= world.steps <= known.max_steps:
            message = f"{place}: {world.steps} steps are out of bounds"
            bounds = f"{world.source.kind} has {known.min_steps} to {known.max_steps}"
            yield finding("E30", (*steps, "steps"), message, bounds)
        if world.parts:
            yield from _mix(name, world)
            continue
        yield from _budget(name, world)
        yield from _paced(name, world)
        if isinstance(world.order, TemporalOrder) and (pass_sp(world) is not None or known.max_steps == 1):
            lack = "has no time" if known.max_steps == 1 else "shows a given number of items"
            message = f"{place}: order temporal follows endless streams, this world {lack}"
            yield finding("E30", (*steps, "order"), message, "order iid")


def _mix(name: str, world: WorldSpec) -> Iterator[Finding]:
    """E14, E30: worlds in a mix show the same senses for as long, and what they tell means the same."""
    steps, place, parts = ("worlds", name, "mix"), f"world {name}", [part.world for part in world.parts]
    known = [facts(each.source) for each in parts]
    if len({each.steps for each in parts}) > 1:
        yield finding("E30", steps, f"{place}: items of its worlds last different numbers of steps", "equal `steps`")
    if not facts(world.source).channels:
        told = "; ".join(
            ", ".join(f"{channel} {list(shape)}" for channel, shape in each.channels.items()) for each in known
        )
        yield finding("E14", steps, f"{place}: its worlds have no channel in common: {told}", "worlds of one shape")
    labels = [each.label for each, part in zip(known, parts, strict=True) if not isinstance(part.labels, NoLabels)]
    if len(labels) > 1 and any(each != labels[0] for each in labels):
        yield finding("E30", steps, f"{place}: labels of its worlds do not mean the same", "labels none in some")
    for part in parts:
        if isinstance(part.order, TemporalOrder) or facts(part.source).actions is not None:
            what = "is acted in" if facts(part.source).actions is not None else "goes on where its slot ended"
            yield finding("E30", steps, f"{place}: {part.source.kind} {what}, it cannot take turns", "order iid")


def _budget(name: str, world: WorldSpec) -> Iterator[Finding]:
    """E15, E30: a budget of labels is of items that are there, balanced over classes that are known."""
    budget, steps, place = world.budget, ("worlds", name, "labels"), f"world {name}"
    if budget is None:
        return
    known, items = facts(world.source), world.whole_size
    if items is None:
        message = f"{place}: a budget counts labels of a given number of items, {world.source.kind} never ends"
        yield finding("E15", (*steps, "count"), message, "give the world a `size`")
    elif budget.count > items:
        message = f"{place}: {budget.count} labels asked, the world has {items} items"
        yield finding("E15", (*steps, "count"), message, f"at most {items}")
    if known.label is None:
        yield finding("E30", steps, f"{place}: {world.source.kind} has no labels to count", "labels none")
    elif known.classes is None and budget.balanced:
        message = f"{place}: labels of {world.source.kind} are numbers, there are no classes to balance"
        yield finding("E30", (*steps, "balanced"), message, "balanced: false")


def _paced(name: str, world: WorldSpec) -> Iterator[Finding]:
    """E30: what is ranked is a given number of items of known difficulty, of which some are available."""
    steps, place, kind = ("worlds", name, "order"), f"world {name}", world.source.kind
    if not isinstance(world.order, PacedOrder):
        return
    if world.pass_size is None:
        message = f"{place}: order paced ranks a given number of items, {kind} never ends"
        yield finding("E30", steps, message, "give the world a `size`, or order iid")
    if world.order.rank != "random" and facts(world.source).difficulty is None:
        message = f"{place}: order paced ranks by difficulty, {kind} tells of none"
        yield finding("E30", (*steps, "rank"), message, "rank random, or another source")
    if any(span(factor)[0] <= 0.0 for factor in factors(world.order.available)):
        message = f"{place}: nothing would be available where the share is 0"
        yield finding("E30", (*steps, "available"), message, "above 0, and up to 1")


def check_varied(schedule: ScheduleSpec) -> Iterator[Finding]:
    """E01, E18, E30: what stages vary of their worlds; of a schedule whose worlds are all known."""
    for index, stage in enumerate(schedule.stages):
        steps, place, world = ("stages", index, "vary"), f"stage {stage.name}", schedule.worlds[stage.world]
        try:
            changed = varied(world, stage.vary)
        except Unvaried as problem:
            yield finding(problem.code, (*steps, problem.key), f"{place}: {problem}", problem.suggestion)
            continue
        if (facts(changed.source), changed.pass_size) != (facts(world.source), world.pass_size):
            message = f"{place}: varying world {stage.world} so changes what senses receive or how long a pass is"
            yield finding("E30", steps, message, "a world of its own")


def check_data(schedule: ScheduleSpec) -> Iterator[Finding]:
    """E38: data sets and environments are there, as the document was made for; asked where one is submitted."""
    for name, world in schedule.worlds.items():
        source = world.source.of if isinstance(world.source, TwoEyesSpec) else world.source
        problem = _stranger(source) if isinstance(source, DatasetSpec) else None
        if problem is not None:
            yield finding("E38", ("worlds", name, "source"), f"world {name}: data set {problem}", "ontogeny data list")
        if isinstance(source, GymSpec):
            yield from _elsewhere(name, source)


def _stranger(source: DatasetSpec) -> str | None:
    """Why a data set is not the one that is registered."""
    try:
        entry = registered(source.name)
    except ValueError as error:
        return f"'{source.name}': {error}"
    if entry is None:
        return f"'{source.name}' is not registered"
    if entry.content != source.content:
        now, then = entry.content.digest[:12], source.content.digest[:12]
        return f"'{source.name}' has other content ({now}) than the document states ({then})"
    return None


def _elsewhere(name: str, source: GymSpec) -> Iterator[Finding]:
    try:
        require(source)
    except Unavailable as error:
        yield finding("E38", ("worlds", name, "source"), f"world {name}: {error}", error.remedy)


def check_batch(schedule: ScheduleSpec) -> Iterator[Finding]:
    """E15: a batch has items of one pass, each at most once; of a schedule whose worlds are all known."""
    batch = schedule.clock.batch
    for world in dict.fromkeys(stage.world for stage in schedule.stages):
        items = pass_sp(schedule.worlds[world])
        if items is not None and batch > items:
            message = f"clock: a batch of {batch} items asked, world {world} has {items}"
            yield finding("E15", ("clock", "batch"), message, f"at most {items}")


def check_probes(schedule: ScheduleSpec, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Of a schedule whose names are all known."""
    for name, probe in schedule.probes.items():
        steps, place = ("probes", name), f"probe {name}"
        items = pass_sp(schedule.worlds[probe.world])
        if probe.n is not None and items is not None and probe.n > items:
            message = f"{place}: {probe.n} items asked, world {probe.world} has {items}"
            yield finding("E15", (*steps, "n"), message, f"at most {items}")
        mixes = [field for field in ("world", "train") if _is_mix(schedule, getattr(probe, field, None))]
        if mixes:
            message = f"{place}: {getattr(probe, mixes[0])} is a mix"
            yield finding("E36", (*steps, mixes[0]), message, "a probe of each world it is made of")
            continue
        for field, problem in _problems(schedule, probe, shapes):
            yield finding("E36", (*steps, field), f"{place}: {problem}", "another world or area")


def _is_mix(schedule: ScheduleSpec, world: str | None) -> bool:
    return world is not None and bool(schedule.worlds[world].parts)


def check_conditions(schedule: ScheduleSpec) -> Iterator[Finding]:
    """E30, E36: probes of triggers and gates give one number, and plateaus know which direction is better."""
    for steps, gate, level in placed_gates(schedule):
        unfit = unfit_as_number(schedule.probes[gate.probe], ranked=False)
        if unfit:
            yield finding("E36", (*steps, "probe"), f"{level.place}: probe {gate.probe} {unfit}", "another probe")
        if level.several:
            message = f"{level.place}: what is {level.what} follows stage time, not a probe"
            yield finding("E30", steps, message, "a ramp or steps")
    for index, stage in enumerate(schedule.stages):
        for path, leaf in leaves(stage.until):
            condition = leaf.criterion or leaf.plateau
            problem = condition and unfit_as_number(schedule.probes[condition.probe], ranked=leaf.plateau is not None)
            if condition is not None and problem:
                steps = ("stages", index, "until", *path, leaf.key, "probe")
                yield finding("E36", steps, f"stage {stage.name}: probe {condition.probe} {problem}", "another probe")


def unfit_as_number(probe: ProbeSpec, *, ranked: bool) -> str | None:
    """Why a probe's readings are not one number of one area, or, if they are to be ranked, have no best."""
    if isinstance(probe, TracesSpec):
        return "gives a number for every synapse; it is only looked at"
    if MEASURES[probe.kind].by_area and getattr(probe, "at", "*") == "*":
        return "gives a number for every area; choose one with `at`"
    if ranked and MEASURES[probe.kind].better == "none":
        return f"has no better and worse: {probe.kind} is only described"
    return None


def _problems(schedule: ScheduleSpec, probe: ProbeSpec, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, str]]:
    """Field and reason of everything that keeps a probe from being taken."""
    world = schedule.worlds[probe.world]
    for problem in misfed_senses(schedule.organism, world, probe.world):
        yield "world", problem
    match probe:
        case AccuracySpec():
            yield from _accuracy(probe, world, shapes)
        case LinearReadoutSpec():
            for field, name in (("world", probe.world), ("train", probe.train)):
                if not shows_labels(schedule.worlds[name]):
                    yield field, f"linear_readout needs labels of world {name}"
            for problem in misfed_senses(schedule.organism, schedule.worlds[probe.train], probe.train):
                yield "train", problem
        case FisherTraceSpec() if schedule.costs[probe.cost].kind != "cross_entropy":
            yield "cost", f"fisher_trace reads a cross_entropy cost, {probe.cost} is {schedule.costs[probe.cost].kind}"
        case _:
            yield from _of_cost(schedule, probe, world, shapes)
            yield from unmeasurable(schedule, probe, shapes)


def _accuracy(probe: AccuracySpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, str]]:
    classes, shape = facts(world.source).classes, shapes.get(probe.at)
    if not shows_labels(world):
        yield "world", f"accuracy needs labels of world {probe.world}"
    elif shape is not None and prod(shape) != classes:
        yield "at", f"{probe.at} gives {list(shape)}, world {probe.world} has {classes} classes"


def _of_cost(
    schedule: ScheduleSpec, probe: ProbeSpec, world: WorldSpec, shapes: Mapping[str, Shape]
) -> Iterator[tuple[str, str]]:
    for field in () if isinstance(probe, FisherTraceSpec) else ("cost", "other"):
        name = getattr(probe, field, None)
        if name is None:
            continue
        cost = schedule.costs[name]
        missing = lacks(cost, world)
        problem = misfit(schedule, cost, world, shapes)
        if missing:
            yield "world", f"cost {name} needs {missing}, world {probe.world} gives none"
        elif problem:
            yield "world", f"cost {name}: {problem}"


def shows_labels(world: WorldSpec) -> bool:
    """Whether every item of a world shows its class."""
    hides = isinstance(world.labels, NoLabels) or world.keeps_unlabelled
    return not hides and facts(world.source).classes is not None
