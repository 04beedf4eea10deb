"""Whether every name a schedule uses is one it declares, once: E01 to E05, E09, E28, E29."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from models.specs.acts import ActSpec, RestoreBest, Rewire, SetTemplate, areas_of, world_of
from models.specs.base import pointer
from models.specs.costs import target_of
from models.specs.costs.statistics import AdversarialSpec
from models.specs.costs.target import means_the_sense, sense_of, teacher_of
from models.specs.findings import Code, Finding, Steps, did_you_mean, finding
from models.specs.schedule import ScheduleSpec
from models.specs.times import placed_gates
from models.specs.transforms import DeficitTransformSpec
from models.specs.transforms.organism import BiasErrorSpec, CutPathwaySpec, LesionSpec, ResetContextSpec
from models.specs.transforms.senses import SenseTransform, SwapSensesSpec
from models.specs.triggers import Trigger, leaves


def check_names(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Unknown names, names twice, and innate areas where something would have to be learned."""
    yield from _twice(schedule)
    yield from _organism(schedule)
    yield from _worlds(schedule)
    yield from _costs(schedule)
    yield from _stages(schedule)
    yield from _deficits(schedule)
    yield from _windows(schedule)
    yield from _probes(schedule)
    yield from _gates(schedule)
    yield from _innate(schedule)


def unknown_event(schedule: ScheduleSpec, event: str, steps: Steps, place: str) -> Iterator[Finding]:
    """E29 if the event's stage, deficit or critical period is not there."""
    family, _, rest = event.partition(".")
    name = rest.rpartition(".")[0]
    known = {
        "birth": [""],
        "stages": [stage.name for stage in schedule.stages],
        "deficits": list(schedule.deficits),
        "critical_periods": list(schedule.critical_periods),
    }[family]
    if name not in known:
        yield finding("E29", steps, f"{place}: unknown event '{event}'", did_you_mean(name, known))


def _unknown(code: Code, steps: Steps, place: str, what: str, name: str, known: Collection[str]) -> Iterator[Finding]:
    if name not in known:
        yield finding(code, steps, f"{place}: unknown {what} '{name}'", did_you_mean(name, known))


def _areas(schedule: ScheduleSpec, steps: Steps, place: str, names: Iterable[str]) -> Iterator[Finding]:
    """Names of areas in a list, or as keys."""
    for index, name in enumerate(names):
        if name != "*":
            yield from _unknown("E01", (*steps, index), place, "area", name, schedule.organism.areas)


def _keys(
    code: Code, steps: Steps, place: str, what: str, names: Iterable[str], known: Collection[str]
) -> Iterator[Finding]:
    """Names that are keys of an object."""
    for name in names:
        if name != "*":
            yield from _unknown(code, (*steps, name), place, what, name, known)


def _twice(schedule: ScheduleSpec) -> Iterator[Finding]:
    organism = schedule.organism
    collections: list[tuple[Steps, str, list[str]]] = [
        (("stages",), "stage", [stage.name for stage in schedule.stages]),
        (("organism", "pathways"), "pathway", [pathway.title for pathway in organism.pathways]),
        (("organism", "credit"), "circuit", [circuit.title for circuit in organism.credit]),
    ]
    collections += [
        (("worlds", name, "transforms"), "transform", [each.title for each in world.transforms])
        for name, world in schedule.worlds.items()
    ]
    for steps, what, titles in collections:
        yield from repeated(steps, what, titles)
    for name in organism.areas.keys() & organism.senses.keys():
        yield finding("E02", ("organism", "areas", name), f"area {name}: a sense has this name too", "rename one")
    ends = [(pathway.source, pathway.target) for pathway in organism.pathways]
    for index, pathway in enumerate(organism.pathways):
        first = ends.index((pathway.source, pathway.target))
        if first < index and organism.pathways[first].title != pathway.title:
            message = f"pathway {pathway.title}: leads the same way as {organism.pathways[first].title}"
            yield finding("E02", ("organism", "pathways", index), message, "keep one of them")


def repeated(steps: Steps, what: str, titles: list[str]) -> Iterator[Finding]:
    """E02 for every later item of a list that has an earlier one's name."""
    counts = Counter[str]()
    for index, title in enumerate(titles):
        counts[title] += 1
        if counts[title] > 1:
            yield finding("E02", (*steps, index), f"{what} {title}: {what} '{title}' twice", "give it another name")


def _organism(schedule: ScheduleSpec) -> Iterator[Finding]:
    organism = schedule.organism
    for index, pathway in enumerate(organism.pathways):
        steps, place = ("organism", "pathways", index), f"pathway {pathway.title}"
        starts = [*organism.senses, *organism.areas]
        yield from _unknown("E01", (*steps, "from"), place, "area or sense", pathway.source, starts)
        yield from _unknown("E01", (*steps, "to"), place, "area", pathway.target, organism.areas)
    for index, circuit in enumerate(organism.credit):
        steps = ("organism", "credit", index)
        yield from _areas(schedule, (*steps, "areas"), f"circuit {circuit.title}", circuit.areas)


def _worlds(schedule: ScheduleSpec) -> Iterator[Finding]:
    for name, world in schedule.worlds.items():
        for index, each in enumerate(world.transforms):
            yield from _transform(schedule, ("worlds", name, "transforms", index), f"world {name}", each.transform)
        for part in world.mix or {}:
            steps = ("worlds", name, "mix", part)
            yield from _unknown("E04", steps, f"world {name}", "world", part, schedule.worlds)
            if part in schedule.worlds and schedule.worlds[part].mix is not None:
                text = "name the worlds that it mixes"
                yield finding("E30", steps, f"world {name}: {part} is a mix itself", text)
        if world.actor is not None:
            areas = schedule.organism.areas
            yield from _unknown("E01", ("worlds", name, "actor"), f"world {name}", "area", world.actor, areas)


def _transform(schedule: ScheduleSpec, steps: Steps, place: str, transform: DeficitTransformSpec) -> Iterator[Finding]:
    """Senses, pathways and areas that a transform or deficit names."""
    organism = schedule.organism
    titles = [pathway.title for pathway in organism.pathways]
    known = {"sense": list(organism.senses), "pathway": titles, "area": list(organism.areas)}
    for what, tail, name in _named(transform):
        yield from _unknown("E01", (*steps, *tail), place, what, name, known[what])


def _named(transform: DeficitTransformSpec) -> list[tuple[str, Steps, str]]:
    """What a transform names: sense, pathway or area, where it stands, the name."""
    match transform:
        case SenseTransform(sense=str(sense)):
            return [("sense", ("sense",), sense)]
        case SwapSensesSpec(senses=senses):
            return [("sense", ("senses", index), name) for index, name in enumerate(senses)]
        case CutPathwaySpec(pathways=pathways):
            return [("pathway", ("pathways", index), name) for index, name in enumerate(pathways)]
        case BiasErrorSpec(area=area):
            return [("area", ("area",), area)]
        case LesionSpec(areas=areas) | ResetContextSpec(areas=areas):
            return [("area", ("areas", index), name) for index, name in enumerate(areas)]
        case _:
            return []


def _costs(schedule: ScheduleSpec) -> Iterator[Finding]:
    areas, senses = schedule.organism.areas, schedule.organism.senses
    for name, cost in schedule.costs.items():
        steps, place = ("costs", name), f"cost {name}"
        yield from _unknown("E03", (*steps, "at"), place, "area", cost.at, areas)
        if isinstance(cost, AdversarialSpec):
            yield from _unknown("E03", (*steps, "other"), place, "area", cost.other, areas)
            yield from _unknown("E01", (*steps, "sense"), place, "sense", cost.sense, senses)
        both = [*areas, *senses]
        for field, known in (("critic", areas), ("answer", areas), ("model", areas), ("place", both), ("body", both)):
            other = getattr(cost, field, None)
            if other is not None:
                what = "area" if known is areas else "area or sense"
                yield from _unknown("E03", (*steps, field), place, what, other, known)
        target = target_of(cost)
        teacher, sense = teacher_of(target), sense_of(target)
        if teacher is not None:
            yield from _unknown("E03", (*steps, "target", "area"), place, "area", teacher, areas)
        if sense is not None:
            yield from _unknown("E01", (*steps, "target", "sense"), place, "sense", sense, senses)
        if target is not None and means_the_sense(target) and len(senses) > 1:
            message = f"{place}: target {target.kind} means one of the senses {', '.join(senses)}"
            yield finding("E01", (*steps, "target"), message, f"target: {{kind: {target.kind}, sense: NAME}}")


def _stages(schedule: ScheduleSpec) -> Iterator[Finding]:
    for index, stage in enumerate(schedule.stages):
        steps, place = ("stages", index), f"stage {stage.name}"
        yield from _unknown("E04", (*steps, "world"), place, "world", stage.world, schedule.worlds)
        yield from _keys("E05", (*steps, "costs"), place, "cost", stage.costs, schedule.costs)
        yield from _keys("E01", (*steps, "plasticity"), place, "area", stage.plasticity, schedule.organism.areas)
        for number, act in enumerate(stage.on_enter):
            yield from _act(schedule, (*steps, "on_enter", number), place, act)
        for path, leaf in leaves(stage.until):
            yield from _condition(schedule, (*steps, "until", *path, leaf.key), place, leaf)


def _act(schedule: ScheduleSpec, steps: Steps, place: str, act: ActSpec) -> Iterator[Finding]:
    world = world_of(act)
    if world is not None:
        yield from _unknown("E04", (*steps, "world"), place, "world", world, schedule.worlds)
    for key in ("area", "answers"):
        area = getattr(act, key, None)
        if area is not None:
            yield from _unknown("E01", (*steps, key), place, "area", area, schedule.organism.areas)
    if isinstance(act, RestoreBest):
        yield from _unknown("E09", (*steps, "probe"), place, "probe", act.probe, schedule.probes)
    if isinstance(act, Rewire):
        titles = [pathway.title for pathway in schedule.organism.pathways]
        yield from _unknown("E01", (*steps, "pathway"), place, "pathway", act.pathway, titles)
        yield from _unknown("E01", (*steps, "from"), place, "sense", act.source, schedule.organism.senses)
    if not isinstance(act, SetTemplate):
        yield from _areas(schedule, (*steps, "areas"), place, areas_of(act))


def _condition(schedule: ScheduleSpec, steps: Steps, place: str, leaf: Trigger) -> Iterator[Finding]:
    if leaf.since is not None:
        yield from unknown_event(schedule, leaf.since.event, (*steps, "event"), place)
    condition = leaf.criterion or leaf.plateau
    if condition is not None:
        yield from _unknown("E09", (*steps, "probe"), place, "probe", condition.probe, schedule.probes)


def _deficits(schedule: ScheduleSpec) -> Iterator[Finding]:
    for name, deficit in schedule.deficits.items():
        steps, place = ("deficits", name), f"deficit {name}"
        for index, world in enumerate(deficit.worlds):
            if world != "*":
                yield from _unknown("E04", (*steps, "worlds", index), place, "world", world, schedule.worlds)
        yield from _transform(schedule, (*steps, "transform"), place, deficit.transform)


def _windows(schedule: ScheduleSpec) -> Iterator[Finding]:
    for name, period in schedule.critical_periods.items():
        yield from _areas(schedule, ("critical_periods", name, "areas"), f"critical period {name}", period.areas)
    for name, modulator in schedule.modulators.items():
        steps, place = ("modulators", name), f"modulator {name}"
        yield from _keys("E01", (*steps, "plasticity"), place, "area", modulator.plasticity, schedule.organism.areas)
        yield from _keys("E05", (*steps, "costs"), place, "cost", modulator.costs, schedule.costs)


def _probes(schedule: ScheduleSpec) -> Iterator[Finding]:
    areas, senses = schedule.organism.areas, schedule.organism.senses
    named: list[tuple[Code, str, Collection[str], tuple[str, ...]]] = [
        ("E01", "area", ["*", *areas], ("at",)),
        ("E05", "cost", schedule.costs, ("cost", "other")),
        ("E01", "area or sense", [*senses, *areas], ("to", "left", "right", "source", "sense")),
        ("E04", "world", schedule.worlds, ("world", "train")),
    ]
    for name, probe in schedule.probes.items():
        for code, what, known, fields in named:
            for field in fields:
                given = getattr(probe, field, None)
                if given is not None:
                    yield from _unknown(code, ("probes", name, field), f"probe {name}", what, given, known)


def _gates(schedule: ScheduleSpec) -> Iterator[Finding]:
    for steps, gate, level in placed_gates(schedule):
        yield from _unknown("E09", (*steps, "probe"), level.place, "probe", gate.probe, schedule.probes)


def _innate(schedule: ScheduleSpec) -> Iterator[Finding]:
    """E28: places that ask an innate area to learn."""
    innate = {name for name, area in schedule.organism.areas.items() if area.innate}
    for steps, area in _where_learning_is_asked(schedule):
        if area in innate:
            yield finding(
                "E28", steps, f"area {area}: {area} is innate, it never learns ({pointer(steps)})", "remove it"
            )


def _where_learning_is_asked(schedule: ScheduleSpec) -> Iterator[tuple[Steps, str]]:
    for name, cost in schedule.costs.items():
        yield ("costs", name, "at"), cost.at
    lists: list[tuple[Steps, tuple[str, ...]]] = [
        (("organism", "credit", index, "areas"), circuit.areas)
        for index, circuit in enumerate(schedule.organism.credit)
    ]
    lists += [(("critical_periods", name, "areas"), each.areas) for name, each in schedule.critical_periods.items()]
    for steps, areas in lists:
        yield from (((*steps, number), area) for number, area in enumerate(areas))
    objects: list[tuple[Steps, Iterable[str]]] = [
        (("stages", index, "plasticity"), stage.plasticity) for index, stage in enumerate(schedule.stages)
    ]
    objects += [(("modulators", name, "plasticity"), each.plasticity) for name, each in schedule.modulators.items()]
    for steps, names in objects:
        yield from (((*steps, area), area) for area in names)
