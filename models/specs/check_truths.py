"""Whether a world tells what a probe judges by, and areas have what it looks at; reasons of E36."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from models.specs.canonical import DEFAULT_PROBE_ITEMS
from models.specs.organism import OrganismSpec
from models.specs.probes import ProbeSpec
from models.specs.probes.acting import CoverageSpec, RegretSpec, ReturnSpec, StepsRatioSpec
from models.specs.probes.activity import (
    CkaSpec,
    DeltaValueSpec,
    GridnessSpec,
    OrientationSpec,
    RetinotopySpec,
    RetrievalSpec,
    RfSpec,
    RsaSpec,
    SpatialInformationSpec,
)
from models.specs.probes.truths import (
    AngleErrorSpec,
    AveragePrecisionSpec,
    DecodeSpec,
    DivergenceSpec,
    FewshotSpec,
    MemoryCapacitySpec,
    MseSpec,
    NextFrameSpec,
    PreferenceSpec,
)
from models.specs.probes.weights import ModeStrengthSpec, OcularDominanceSpec, PathwayShareSpec, TracesSpec
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import Shape
from models.specs.worlds import NoLabels, WorldSpec
from models.specs.worlds.facts import Factor
from models.specs.worlds.sources import facts

Problem = tuple[str, str]
"""Field of the probe, and what is wrong."""

FEWEST = 4
"""Items without which similarities cannot be compared."""


def unmeasurable(schedule: ScheduleSpec, probe: ProbeSpec, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    """What keeps a probe from being taken; of a schedule whose names are all known."""
    world = schedule.worlds[probe.world]
    match probe:
        case MseSpec() | AveragePrecisionSpec() | AngleErrorSpec():
            yield from _judged(probe, world, shapes.get(probe.at))
        case DecodeSpec() | MemoryCapacitySpec():
            for field, each in (("world", world), ("train", schedule.worlds[probe.train])):
                yield from ((field, problem) for problem in _read(probe, each))
        case FewshotSpec() | PreferenceSpec():
            yield from _sorted(probe, world)
        case DivergenceSpec():
            yield from _lawful(probe, world, shapes.get(probe.at))
        case NextFrameSpec():
            yield from _foreseen(probe, world, shapes)
        case _:
            yield from _seen(probe, world)
            yield from _laid(probe, world, shapes)
            yield from _wired(schedule.organism, probe, world, shapes)


def _seen(probe: ProbeSpec, world: WorldSpec) -> Iterator[Problem]:
    """Probes of activity."""
    match probe:
        case ReturnSpec() | StepsRatioSpec() | RegretSpec() | CoverageSpec() if facts(world.source).actions is None:
            yield "world", f"{probe.kind} is told of acting worlds, nobody acts in {probe.world}"
        case StepsRatioSpec() | RegretSpec() if "distance" not in facts(world.source).factors:
            yield "world", f"{probe.kind} is told of worlds with a goal, {probe.world} has none"
        case DeltaValueSpec() if world.steps < 2:
            yield "world", f"delta_value needs items of two steps at least, world {probe.world} has 1"
        case OrientationSpec() if world.source.kind != "gratings":
            yield "world", f"orientation is told of gratings, world {probe.world} shows {world.source.kind}"
        case RfSpec() | RetinotopySpec():
            yield from _looking(probe, world)
        case RsaSpec() | CkaSpec() if (probe.n or world.size or FEWEST) < FEWEST:
            yield "n", f"{probe.kind} compares {FEWEST} items at least"


def _laid(probe: ProbeSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    """Probes of patterns that must be as wide as each other, of units on a grid, of places."""
    match probe:
        case SpatialInformationSpec() if (factor := told(world, probe.truth)) is None or factor.classes is None:
            yield "truth", f"spatial_information needs places, {_name(world, probe.truth)} gives none"
        case GridnessSpec() if (factor := told(world, probe.truth)) is None or factor.classes or factor.width != 2:
            yield "truth", f"gridness needs places of two numbers, {_name(world, probe.truth)} is none"
        case RetrievalSpec():
            at, to = shapes.get(probe.at), shapes.get(probe.to)
            if at is not None and to is not None and prod(at) != prod(to):
                yield "to", f"{probe.at} gives {list(at)}, {probe.to} gives {list(to)}"
            if probe.truth is not None:
                yield from _sorted(probe, world)
        case RetinotopySpec():
            at = shapes.get(probe.at)
            if at is not None and prod(at) != prod(probe.grid):
                yield "grid", f"a grid of {' x '.join(map(str, probe.grid))} asked, {probe.at} gives {list(at)}"


def _looking(probe: RfSpec | RetinotopySpec, world: WorldSpec) -> Iterator[Problem]:
    """Receptive fields want more items than there are numbers to weigh."""
    channels = facts(world.source).channels
    shape = channels.get(probe.sense) or next(iter(channels.values()))
    items = (probe.n or min(DEFAULT_PROBE_ITEMS, world.pass_size or DEFAULT_PROBE_ITEMS)) * world.steps
    if items < 2 * prod(shape):
        yield (
            "n",
            f"{probe.kind} weighs {prod(shape)} numbers of {probe.sense} on {items} frames; twice as many at least",
        )


def told(world: WorldSpec, name: str | None) -> Factor | None:
    """A factor that probes read; the label, where the world shows it, if none is named."""
    known = facts(world.source)
    if name is not None:
        return known.factors.get(name)
    return None if isinstance(world.labels, NoLabels) or world.keeps_unlabelled else known.label


def _read(probe: DecodeSpec | MemoryCapacitySpec, world: WorldSpec) -> Iterator[str]:
    """What a world lacks for numbers to be read of activity, now or later."""
    factor = told(world, probe.truth)
    if factor is None or factor.classes is not None:
        yield f"{probe.kind} needs numbers, {_name(world, probe.truth)} gives none"
    if isinstance(probe, MemoryCapacitySpec) and world.steps <= probe.delays:
        yield f"{probe.delays} delays need items of more steps, here are {world.steps}"


def _name(world: WorldSpec, truth: str | None) -> str:
    return f"{truth or 'label'} of {world.source.kind}"


def _judged(
    probe: MseSpec | AveragePrecisionSpec | AngleErrorSpec, world: WorldSpec, shape: Shape | None
) -> Iterator[Problem]:
    factor, field = told(world, probe.truth), "world" if probe.truth is None else "truth"
    if factor is None:
        known = ", ".join(["label"] * (told(world, None) is not None) + [*facts(world.source).factors])
        yield field, f"world {probe.world} tells no {probe.truth or 'label'}; it tells {known or 'nothing'}"
        return
    units, wanted = None if shape is None else prod(shape), factor.shape[0]
    if isinstance(probe, AngleErrorSpec) and (factor.classes is not None or factor.width != 2):
        yield field, f"angle_error needs a factor of two numbers, {_name(world, probe.truth)} is none"
    event = isinstance(probe, AveragePrecisionSpec) and factor.classes == 2 and units == 1
    if units is not None and units != wanted and not event:
        yield "at", f"{probe.at} gives {units} numbers, {_name(world, probe.truth)} has {wanted}"


def _sorted(probe: FewshotSpec | PreferenceSpec | RetrievalSpec, world: WorldSpec) -> Iterator[Problem]:
    """Classes, as many as are asked for, and items enough to know some of each and be asked another."""
    factor, named = told(world, probe.truth), _name(world, probe.truth)
    if factor is None or factor.classes is None:
        yield "world" if probe.truth is None else "truth", f"{probe.kind} needs classes, {named} gives none"
        return
    if isinstance(probe, PreferenceSpec):
        for field in ("a", "b"):
            if getattr(probe, field) >= factor.classes:
                yield field, f"class {getattr(probe, field)} asked, {named} has {factor.classes}, counted from 0"
    if not isinstance(probe, FewshotSpec):
        return
    if factor.classes < probe.ways:
        yield "ways", f"{probe.ways} classes are asked for, {named} has {factor.classes}"
    items = probe.n or min(DEFAULT_PROBE_ITEMS, world.size or DEFAULT_PROBE_ITEMS)
    least = probe.ways * (probe.shots + 1)
    if items < least:
        yield "n", f"{probe.ways} classes with {probe.shots + 1} items each are {least}, the probe has {items}"


def _lawful(probe: DivergenceSpec, world: WorldSpec, shape: Shape | None) -> Iterator[Problem]:
    law = told(world, probe.truth)
    if law is None or not law.law:
        yield "world", f"divergence needs a law, {_name(world, probe.truth)} is none"
    elif shape is not None and prod(shape) != law.width:
        yield "at", f"{probe.at} gives {list(shape)}, {_name(world, probe.truth)} has {law.width}"
    if probe.depth is not None and told(world, "depth") is None:
        yield "depth", f"world {probe.world} tells no depth"


def _foreseen(probe: NextFrameSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    least = 2 if probe.against == "copy" else 3
    if world.steps < least:
        yield "world", f"next_frame against {probe.against} needs {least} steps, world {probe.world} has {world.steps}"
    at, sense = shapes.get(probe.at), shapes.get(probe.sense)
    if at is not None and sense is not None and prod(at) != prod(sense):
        yield "at", f"{probe.at} gives {list(at)}, {probe.sense} is {list(sense)}"


def _wired(
    organism: OrganismSpec, probe: ProbeSpec, world: WorldSpec, shapes: Mapping[str, Shape]
) -> Iterator[Problem]:
    """Probes of weights."""
    match probe:
        case OcularDominanceSpec():
            for field, source in (("left", probe.left), ("right", probe.right)):
                if not _hears(organism, probe.at, source):
                    yield field, f"{probe.at} has no weights of its own from {source}"
        case PathwayShareSpec():
            yield from _sharing(organism, probe)
        case TracesSpec():
            yield from _recorded(organism, probe)
        case ModeStrengthSpec():
            yield from _moded(probe, world, shapes)


def _sharing(organism: OrganismSpec, probe: PathwayShareSpec) -> Iterator[Problem]:
    """A drive is a plain sum of what pathways bring."""
    if not _hears(organism, probe.at, probe.source):
        yield "source", f"{probe.at} has no weights of its own from {probe.source}"
    others = (link for link in organism.into(probe.at) if link.turned)
    area = organism.areas[probe.at]
    if any(others) or area.kind == "conv" or getattr(area, "cell", "rnn") != "rnn":
        yield "at", f"pathway_share reads the drive of a linear or plain recurrent area; {probe.at} is another"


def _recorded(organism: OrganismSpec, probe: TracesSpec) -> Iterator[Problem]:
    """Synapses are single weights between two units."""
    area = organism.areas[probe.at]
    if not _hears(organism, probe.at, probe.source):
        yield "source", f"{probe.at} has no weights of its own from {probe.source}"
    elif area.kind not in ("linear", "recurrent") or getattr(area, "cell", "rnn") != "rnn":
        yield "at", f"traces are of single weights of linear and plain recurrent areas; {probe.at} is another"
    elif getattr(area, "depth", 1) > 1:
        yield "at", f"traces are of weights that end at the units of {probe.at}; its layers lie between"


def _hears(organism: OrganismSpec, area: str, source: str) -> bool:
    return any(link.source == source and not link.turned for link in organism.into(area))


def _moded(probe: ModeStrengthSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    label = told(world, None)
    if label is None or label.classes is not None:
        yield "world", f"mode_strength needs labels that are numbers, {_name(world, None)} is none"
        return
    at, sense = shapes.get(probe.at), shapes.get(probe.sense)
    if at is not None and prod(at) != label.width:
        yield "at", f"{probe.at} gives {list(at)}, {_name(world, None)} has {label.width}"
    modes = label.width if sense is None else min(label.width, prod(sense))
    if probe.mode >= modes:
        yield "mode", f"mode {probe.mode} asked, the map has {modes}, counted from 0"
