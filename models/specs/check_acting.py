"""Whether organisms can act where they are asked to: E14, E30; and what costs and probes of acting need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from models.specs.areas import lasts
from models.specs.costs import CostSpec
from models.specs.costs.intrinsic import IntrinsicCost
from models.specs.costs.reward import RewardCost, TdValueSpec
from models.specs.findings import Finding, finding
from models.specs.order import blocks, disorder
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import Shape
from models.specs.worlds import IidOrder, WorldSpec
from models.specs.worlds.sources import facts


def check_acting(schedule: ScheduleSpec, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Worlds that answer, and the organisms in them."""
    for name, world in schedule.worlds.items():
        actions = facts(world.source).actions
        if actions is None:
            if world.actor is not None:
                message = f"world {name}: nobody acts in {world.source.kind}"
                yield finding("E30", ("worlds", name, "actor"), message, "leave it out")
            continue
        shape = shapes.get(world.actor or "")
        if shape is not None and prod(shape) != actions:
            message = f"world {name}: {world.actor} gives {list(shape)}, {world.source.kind} knows {actions} actions"
            yield finding("E14", ("worlds", name, "actor"), message, f"size {actions}")
        for field, problem in _unordered(world):
            yield finding("E30", ("worlds", name, field), f"world {name}: {problem}", "leave it out")
    for index, stage in enumerate(schedule.stages):
        world = schedule.worlds[stage.world]
        memory = None if facts(world.source).actions is None else _holds(schedule)
        if memory is not None:
            message = f"stage {stage.name}: who acts in {stage.world} must see a frame at a time; {memory}"
            yield finding("E30", ("stages", index, "world"), message, "areas and pathways without memory")


def _unordered(world: WorldSpec) -> Iterator[tuple[str, str]]:
    """Options that say which items come when: in acting worlds that follows from what is done."""
    if world.size is not None:
        yield "size", "what comes is what follows from acting, it has no size"
    if not isinstance(world.order, IidOrder):
        yield "order", f"what comes follows from acting, not in the order {world.order.kind}"


def _holds(schedule: ScheduleSpec) -> str | None:
    """What of an organism reaches from one frame to the next."""
    organism = schedule.organism
    states = [name for name, area in organism.areas.items() if lasts(area)]
    if states:
        return f"{', '.join(states)} carries state"
    late = [path.title for path in organism.pathways if path.delay]
    if late:
        return f"{late[0]} has a delay"
    if not disorder(organism) and any(block.loop for block in blocks(organism)):
        return "some pathways go in a circle"
    return f"clock has {schedule.clock.sweeps} sweeps" if schedule.clock.sweeps > 1 else None


def lacks_rewards(cost: CostSpec, world: WorldSpec) -> str | None:
    """What a cost of acting needs and a world does not give."""
    if not isinstance(cost, RewardCost | IntrinsicCost):
        return None
    if facts(world.source).actions is None:
        return "rewards" if isinstance(cost, RewardCost) else "someone who acts"
    if world.steps < 2:
        return "2 time steps"
    return f"an actor, {cost.at}" if not isinstance(cost, TdValueSpec) and world.actor != cost.at else None


def unfit_values(cost: CostSpec, shapes: Mapping[str, Shape]) -> str | None:
    """The area that should say what states are worth and has not one unit."""
    area = cost.at if isinstance(cost, TdValueSpec) else getattr(cost, "critic", None)
    shape = None if area is None else shapes.get(area)
    return None if shape is None or prod(shape) == 1 else f"{area} gives {list(shape)}, a value is one number"
