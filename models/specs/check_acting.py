"""Whether organisms can act where they are asked to: E14, E30; and what costs and probes of acting need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from models.specs.areas import lasts
from models.specs.costs import CostSpec
from models.specs.costs.intrinsic import DriveSpec, IntrinsicCost
from models.specs.costs.reward import ImitationSpec, PolicyGradientSpec, RewardCost, RiskSpec, TdValueSpec
from models.specs.credit.temporal import TRACED
from models.specs.findings import Finding, finding
from models.specs.order import blocks, disorder, upstream
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import Shape, channel_for
from models.specs.structures import EpisodicControlSpec, OptionsSpec
from models.specs.transforms import OnOrganism
from models.specs.transforms.fit import least_steps, touched
from models.specs.worlds import IidOrder, WorldSpec
from models.specs.worlds.facts import EFFERENCE
from models.specs.worlds.sources import facts


def check_acting(schedule: ScheduleSpec, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Worlds that answer, and the organisms in them."""
    for name, world in schedule.worlds.items():
        if facts(world.source).actions is not None:
            yield from _answers(name, world, shapes)
        elif world.actor is not None:
            message = f"world {name}: nobody acts in {world.source.kind}"
            yield finding("E30", ("worlds", name, "actor"), message, "leave it out")
    yield from _kept(schedule)
    for index, stage in enumerate(schedule.stages):
        world, steps = schedule.worlds[stage.world], ("stages", index, "world")
        if facts(world.source).actions is None:
            continue
        told = _foretold(schedule, world)
        for lost, instead in _lost(schedule, world):
            message = f"stage {stage.name}: who acts in {stage.world} goes frame by frame; {lost}"
            yield finding("E30", steps, message, instead)
        if told is not None:
            message = f"stage {stage.name}: {world.actor} would be told by {told} what it is about to do"
            yield finding("E30", steps, message, f"no pathway from {told} to {world.actor}")


def _answers(name: str, world: WorldSpec, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Who acts, and what comes of it."""
    actions, shape = facts(world.source).actions, shapes.get(world.actor or "")
    if shape is not None and prod(shape) != actions:
        message = f"world {name}: {world.actor} gives {list(shape)}, {world.source.kind} knows {actions} actions"
        yield finding("E14", ("worlds", name, "actor"), message, f"size {actions}")
    walker = getattr(world.source, "walker", "anyone")
    if world.actor is not None and walker != "anyone":
        message = f"world {name}: an {walker} walks there, {world.actor} cannot act as well"
        yield finding("E30", ("worlds", name, "actor"), message, "leave one of them out")
    for field, problem in _unordered(world):
        yield finding("E30", ("worlds", name, field), f"world {name}: {problem}", "leave it out")


def _kept(schedule: ScheduleSpec) -> Iterator[Finding]:
    """What areas that keep what came of acting need of the worlds."""
    known = {world: facts(spec.source).actions for world, spec in schedule.worlds.items()}
    keeping = {name: area for name, area in schedule.organism.areas.items() if isinstance(area, EpisodicControlSpec)}
    for name, area in keeping.items():
        if not any(known.values()):
            message = f"area {name}: {area.kind} keeps what came of acting, and nobody acts in any world"
            yield finding("E30", ("organism", "areas", name, "kind"), message, "a world that answers, such as grid")
        for world, actions in known.items():
            if actions not in (None, area.size) and schedule.worlds[world].actor != name:
                message = f"area {name}: it keeps {area.size} actions, world {world} knows {actions}"
                yield finding("E14", ("organism", "areas", name, "size"), message, f"size {actions}")


def _unordered(world: WorldSpec) -> Iterator[tuple[str, str]]:
    """Options that say which items come when: in acting worlds that follows from what is done."""
    if world.size is not None:
        yield "size", "what comes is what follows from acting, it has no size"
    if not isinstance(world.order, IidOrder):
        yield "order", f"what comes follows from acting, not in the order {world.order.kind}"


def _foretold(schedule: ScheduleSpec, world: WorldSpec) -> str | None:
    """A sense of what is done from which pathways lead to who does it; to options it matters from the next frame on."""
    organism = schedule.organism
    waiting, met = [world.actor or ""], set[str]()
    while waiting:
        hearer = waiting.pop()
        area = organism.areas.get(hearer)
        later = area.efference if isinstance(area, OptionsSpec) else None
        sources = {link.source for link in organism.into(hearer) if link.source != later} - met
        met |= sources
        waiting += [each for each in sources if each in organism.areas]
    return next((copy for copy in _copies(schedule, world) if copy in met), None)


def _copies(schedule: ScheduleSpec, world: WorldSpec) -> list[str]:
    """Senses that are told what is done."""
    channels, senses = facts(world.source).channels, schedule.organism.senses
    return [name for name, spec in senses.items() if channel_for(name, spec, channels) == EFFERENCE]


def _lost(schedule: ScheduleSpec, world: WorldSpec) -> Iterator[tuple[str, str]]:
    """What of an organism cannot be taken along from one frame to the next, and what would do instead."""
    organism = schedule.organism
    late = [path.title for path in organism.pathways if path.delay]
    if late:
        yield f"{late[0]} has a delay", "a recurrent area, or no delay"
    elif not disorder(organism) and any(block.loop for block in blocks(organism)):
        yield "some pathways go in a circle", "a recurrent area, or no circle"
    if schedule.clock.sweeps > 1:
        yield f"clock has {schedule.clock.sweeps} sweeps", "sweeps: 1"
    lasting = [name for name, area in organism.areas.items() if lasts(area)]
    for circuit in organism.credit:
        both = [area for area in lasting if area in circuit.areas]
        if both and circuit.rule.kind in TRACED:
            yield f"{both[0]} goes on while traces of {circuit.rule.kind} begin anew", "backprop or bptt"
    told = {copy for copy in _copies(schedule, world) if any(copy in upstream(organism, area) for area in lasting)}
    shapes = {name: tuple(sense.shape) for name, sense in organism.senses.items()}
    deficits = [each.transform for each in schedule.deficits.values() if not isinstance(each.transform, OnOrganism)]
    for transform in (*(each.transform for each in world.transforms), *deficits):
        mixed = told.intersection(touched(transform, shapes)) if least_steps(transform) > 1 else set()
        if mixed:
            yield f"{transform.kind} needs more of {min(mixed)} than a frame", "another sense, or no such transform"


def lacks_rewards(cost: CostSpec, world: WorldSpec) -> str | None:
    """What a cost of acting needs and a world does not give."""
    if isinstance(cost, ImitationSpec):
        return _lacks_another(cost, world)
    if not isinstance(cost, RewardCost | IntrinsicCost):
        return None
    if facts(world.source).actions is None:
        return "someone who acts" if isinstance(cost, IntrinsicCost) else "rewards"
    if world.steps < 2:
        return "2 time steps"
    acts = isinstance(cost, PolicyGradientSpec | RiskSpec | IntrinsicCost)
    return f"an actor, {cost.at}" if acts and world.actor != cost.at else None


def _lacks_another(cost: ImitationSpec, world: WorldSpec) -> str | None:
    """Why nobody can be imitated in a world."""
    if facts(world.source).actions is None or world.actor == cost.at:
        return f"someone else who acts than {cost.at}"
    return "2 time steps" if world.steps < 2 else None


def unfit_values(cost: CostSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> str | None:
    """The area that should say what states are worth, or do what is shown, and has other units than that takes."""
    if isinstance(cost, ImitationSpec):
        done, given = facts(world.source).actions, shapes.get(cost.at)
        unlike = given is not None and done is not None and prod(given) != done
        return f"{cost.at} gives {list(given or ())}, {world.source.kind} knows {done} actions" if unlike else None
    if isinstance(cost, DriveSpec):
        given, asked = shapes.get(cost.body), len(cost.setpoint)
        unlike = given is not None and prod(given) != asked
        return f"{cost.body} gives {list(given or ())}, {asked} setpoints are for as many" if unlike else None
    area = cost.at if isinstance(cost, TdValueSpec) else getattr(cost, "critic", None)
    shape = None if area is None else shapes.get(area)
    return None if shape is None or prod(shape) == 1 else f"{area} gives {list(shape)}, a value is one number"
