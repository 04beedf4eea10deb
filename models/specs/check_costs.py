"""Whether each stage's costs have what they need, and teach something: E06, E07, E08, E14, E26, E30 of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isqrt, prod

from models.specs.area_base import PROBABILITIES
from models.specs.check_acting import lacks_rewards, unfit_values
from models.specs.check_choices import lacks_answers, unfit_answer
from models.specs.check_credit import check_hearing
from models.specs.costs import BY_ITEM, COMPARED, CostSpec, least_batch, steps_of, target_of
from models.specs.costs.reward import PolicyGradientSpec
from models.specs.costs.statistics import AdversarialSpec, InfomaxIcaSpec, RbmSpec, VaeSpec, WakeSleepSpec
from models.specs.costs.supervised import BceSpec, CrossEntropySpec, GoalMatchSpec, ReplaySpec
from models.specs.costs.target import (
    AreaTarget,
    InputTarget,
    LabelTarget,
    NextTarget,
    TemplateTarget,
    TrackTarget,
    teacher_of,
)
from models.specs.costs.wiring import WiringSpec
from models.specs.envelopes import is_zero
from models.specs.findings import Finding, Steps, finding
from models.specs.organism import OrganismSpec
from models.specs.reach import needs_no_cost, reaches
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.shapes import Shape, channel_for
from models.specs.worlds import NoLabels, WorldSpec
from models.specs.worlds.facts import Factor
from models.specs.worlds.sources import facts


def check_costs(schedule: ScheduleSpec, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Of a schedule whose names are all known; `shapes` of the senses and areas whose shape can be told."""
    for index, stage in enumerate(schedule.stages):
        steps: Steps = ("stages", index)
        for name in weighed(stage):
            yield from _needs(schedule, stage, name, (*steps, "costs", name))
            yield from _fits(schedule, stage, name, shapes)
            yield from _reaches(schedule, stage, name, (*steps, "costs", name))
            yield from check_hearing(schedule, index, name)
        yield from _learns(schedule, stage, steps)
        for problem in misfed_senses(schedule.organism, schedule.worlds[stage.world], stage.world):
            yield finding("E14", (*steps, "world"), f"stage {stage.name}: {problem}", "another world, or another sense")


def weighed(stage: StageSpec) -> list[str]:
    """Costs that may weigh more than 0 somewhere in the stage."""
    return [name for name, weight in stage.costs.items() if not is_zero(weight)]


def still(schedule: ScheduleSpec, stage: StageSpec, area: str) -> str | None:
    """Why an area does not learn in a stage; None if it may."""
    rule = schedule.organism.rule_of(area)
    if rule is not None and rule.kind == "frozen":
        return "under the rule frozen"
    if schedule.organism.areas[area].lr_scale == 0.0:
        return "at lr_scale 0"
    return _closed(schedule, stage, area)


def _closed(schedule: ScheduleSpec, stage: StageSpec, area: str) -> str | None:
    """Why an area is not plastic in a stage; None if it may be."""
    if schedule.organism.areas[area].innate:
        return "innate"
    return "at plasticity 0" if is_zero(stage.plasticity.get(area, stage.plasticity.get("*", 1.0))) else None


def lacks(cost: CostSpec, world: WorldSpec) -> str | None:
    """What a cost needs and a world does not give; None if it has all."""
    target = target_of(cost)
    if isinstance(target, LabelTarget):
        factor, named = _told(world, target.name), target.name is not None
        if factor is None or (isinstance(world.labels, NoLabels) and not named):
            return f"the factor '{target.name}'" if named else "labels"
        if world.keeps_unlabelled and not named and cost.kind not in BY_ITEM:
            return f"the label of every item ({cost.kind} leaves none out)"
        if target.flip and factor.classes is None and not isinstance(cost, BceSpec):
            return f"classes to flip (its label is {factor.width} numbers)"
        if isinstance(cost, CrossEntropySpec | ReplaySpec) and factor.classes is None:
            return f"classes (the {f'factor {target.name}' if named else 'label'} is {factor.width} numbers)"
    view = target.view if isinstance(target, AreaTarget) else None
    if view is not None and view not in facts(world.source).views:
        return f"the view '{view}'"
    return _untimely(cost, world) or _unrewarded(cost, world)


def _untimely(cost: CostSpec, world: WorldSpec) -> str | None:
    if isinstance(cost, ReplaySpec) and world.steps > 1:
        return "items of one time step (it keeps single moments)"
    least = steps_of(cost)
    return f"{least} time steps" if world.steps < least else None


def _unrewarded(cost: CostSpec, world: WorldSpec) -> str | None:
    """What a cost of what is done, or chosen, needs and a world does not give."""
    if isinstance(cost, PolicyGradientSpec) and cost.answer is not None:
        return lacks_answers(cost, world)
    return lacks_rewards(cost, world)


def misfed_senses(organism: OrganismSpec, world: WorldSpec, name: str) -> Iterator[str]:
    """What keeps a world from feeding the senses."""
    channels = facts(world.source).channels
    for sense, spec in organism.senses.items():
        channel = channel_for(sense, spec, channels)
        if channel is None:
            yield f"world {name} has no channel for sense {sense}: {', '.join(channels)}"
        elif channels[channel] != tuple(spec.shape):
            yield f"world {name} gives {list(channels[channel])}, sense {sense} takes {list(spec.shape)}"


def misfit(schedule: ScheduleSpec, cost: CostSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> str | None:
    """How the area of a cost and its target differ in width; None if they fit or cannot be told."""
    if isinstance(cost, AdversarialSpec):
        forger = cost.at if cost.role == "forger" else cost.other
        imagined, sense = shapes.get(forger), shapes.get(cost.sense)
        if imagined is not None and sense is not None and prod(imagined) != prod(sense):
            return f"{forger} gives {list(imagined)}, sense {cost.sense} takes {list(sense)}"
    if isinstance(cost, InfomaxIcaSpec) and cost.at in shapes:
        inputs = [prod(shapes.get(link.source, ())) for link in schedule.organism.into(cost.at)]
        if sum(inputs) != prod(shapes[cost.at]):
            return f"{cost.at} has {prod(shapes[cost.at])} units for {sum(inputs)} inputs, infomax_ica wants as many"
    if isinstance(cost, PolicyGradientSpec) and cost.answer is not None:
        return unfit_answer(cost, world, shapes)
    worthless = unfit_values(cost, world, shapes)
    if worthless is not None:
        return worthless
    area = getattr(cost, "model", cost.at)
    given, wanted = shapes.get(area), target_shape(schedule, cost, world, shapes)
    if cost.kind not in COMPARED or given is None or wanted is None or prod(given) == prod(wanted):
        return None
    return f"{area} gives {list(given)}, the target has {list(wanted)}"


def target_shape(schedule: ScheduleSpec, cost: CostSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> Shape | None:
    """Shape of what a cost compares its area with; None if it has no target or that cannot be told."""
    match target_of(cost):
        case LabelTarget(name=name):
            factor = _told(world, name)
            return None if factor is None else factor.shape
        case InputTarget(sense=sense):
            return shapes.get(sense or next(iter(schedule.organism.senses)))
        case NextTarget(area=None, sense=sense):
            return shapes.get(sense or next(iter(schedule.organism.senses)))
        case AreaTarget(read="centre" | "direction" | "argmax"):
            return (2,)
        case (
            AreaTarget(area=str(area)) | TrackTarget(area=area) | NextTarget(area=str(area)) | TemplateTarget(area=area)
        ):
            return shapes.get(area)
        case _:
            return None


def _told(world: WorldSpec, name: str | None) -> Factor | None:
    """The label of a world, or a factor by its name."""
    known = facts(world.source)
    return known.label if name is None else known.factors.get(name)


def _needs(schedule: ScheduleSpec, stage: StageSpec, name: str, steps: Steps) -> Iterator[Finding]:
    cost = schedule.costs[name]
    missing = lacks(cost, schedule.worlds[stage.world])
    if missing:
        others = [world for world, spec in schedule.worlds.items() if lacks(cost, spec) is None]
        hint = f"worlds that do: {', '.join(others)}" if others else "no world of this schedule does"
        message = f"stage {stage.name}: cost {name} needs {missing}, world {stage.world} gives none"
        yield finding("E06", steps, message, hint)
    least = least_batch(cost)
    if schedule.clock.batch < least:
        message = f"clock: cost {name} takes statistics over the batch; {schedule.clock.batch} is out of bounds"
        yield finding("E30", ("clock", "batch"), message, f"at least {least}")


def _fits(schedule: ScheduleSpec, stage: StageSpec, name: str, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    cost, world = schedule.costs[name], schedule.worlds[stage.world]
    unfit = _unfit(schedule.organism, cost) or _mapless(cost, shapes) or _unflipped(cost)
    if unfit:
        yield finding("E14", ("costs", name, "at"), f"cost {name}: {unfit[0]}", unfit[1])
    problem = misfit(schedule, cost, world, shapes)
    if problem:
        yield finding("E14", ("costs", name, "at"), f"cost {name}: {problem} (world {stage.world})", "change the size")
    first = next(each for each in schedule.stages if name in weighed(each))
    born = target_shape(schedule, cost, schedule.worlds[first.world], shapes)
    now = target_shape(schedule, cost, world, shapes)
    if born and now and born != now and not problem:
        message = f"cost {name}: its decoder is made for {list(born)} in stage {first.name}, here it is {list(now)}"
        yield finding("E14", ("costs", name, "target"), message, "a cost of its own for each world")


def _unfit(organism: OrganismSpec, cost: CostSpec) -> tuple[str, str] | None:
    """Why the areas of a cost are not of the kind it is made for, and what would help."""
    target = target_of(cost)
    if isinstance(cost, BceSpec):
        for area in filter(None, (cost.at, teacher_of(target))):
            spec = organism.areas[area]
            if spec.act not in PROBABILITIES or getattr(spec, "cell", "rnn") != "rnn":
                return f"bce compares probabilities; {area} is {spec.act}", "act sigmoid"
    if isinstance(cost, InfomaxIcaSpec | RbmSpec | WakeSleepSpec):
        return _undetermined(organism, cost) if isinstance(cost, InfomaxIcaSpec) else _dreamless(organism, cost)
    if isinstance(cost, VaeSpec) and (getattr(organism.areas[cost.at], "size", None) or 2) % 2:
        return f"half of {cost.at} are means, half log variances; its size is odd", "an even size"
    if isinstance(cost, WiringSpec) and organism.areas[cost.at].kind == "conv":
        return f"{cost.at} is conv: its units share their wiring", "a linear area, or l1"
    return None


def _undetermined(organism: OrganismSpec, cost: InfomaxIcaSpec) -> tuple[str, str] | None:
    """Why the map of an area has no determinant that its rule could follow, and what would help."""
    spec, rule = organism.areas[cost.at], organism.rule_of(cost.at)
    plain = spec.kind == "linear" and (spec.depth, spec.act, spec.norm) == (1, "none", "none")
    if not plain or any(link.turned or link.path.delay for link in organism.into(cost.at)):
        return f"{cost.at} is no plain map of its inputs", "linear, depth 1, act none, norm none"
    if rule is not None and rule.kind not in ("backprop", "frozen"):
        return f"{cost.at} learns by {rule.kind}, which hears of no determinant", "backprop"
    return None


def _dreamless(organism: OrganismSpec, cost: RbmSpec | WakeSleepSpec) -> tuple[str, str] | None:
    """Why an area has no energy together with the sense that it is to dream of, and what would help."""
    spec, links = organism.areas[cost.at], organism.into(cost.at)
    plain = spec.kind == "linear" and (spec.depth, spec.act, spec.norm, spec.bias) == (1, "sigmoid", "none", True)
    sense = cost.target.sense or next(iter(organism.senses))
    if not plain or [link.source for link in links] != [sense] or links[0].turned or links[0].path.delay:
        text = f"linear, depth 1, act sigmoid, norm none, bias true, one pathway from {sense}"
        return f"{cost.at} is no layer of units that answer to {sense} alone", text
    rule = organism.rule_of(cost.at)
    if rule is not None and rule.kind not in ("backprop", "frozen"):
        return f"{cost.at} learns by {rule.kind}; {cost.kind} says itself where weights go", "backprop"
    return None


def _unflipped(cost: CostSpec) -> tuple[str, str] | None:
    """Why a target cannot be wrong, which classes can be and, of bce, units that say yes or no."""
    target = target_of(cost)
    classes = isinstance(target, LabelTarget) and cost.kind in BY_ITEM
    if target is None or not target.flip or classes or isinstance(cost, BceSpec):
        return None
    return f"a target of {cost.kind} that is neither a class nor yes and no cannot be flipped", "flip 0"


def _mapless(cost: CostSpec, shapes: Mapping[str, Shape]) -> tuple[str, str] | None:
    """Why the teacher of a cost has no map that could be read as places, and what would help."""
    target = target_of(cost)
    placed = isinstance(target, TrackTarget) or (isinstance(target, AreaTarget) and target.read != "none")
    teacher = teacher_of(target)
    shape = shapes.get(teacher) if placed and teacher else None
    if shape is None or len(shape) == 3 or isqrt(prod(shape)) ** 2 == prod(shape):
        return None
    return f"{teacher} is read as a map, and {prod(shape)} units fill no square", "a conv area, or a square number"


def _reaches(schedule: ScheduleSpec, stage: StageSpec, name: str, steps: Steps) -> Iterator[Finding]:
    cost, reasons = schedule.costs[name], dict[str, list[str]]()
    if isinstance(cost, GoalMatchSpec) and cost.eta > 0.0 and _closed(schedule, stage, cost.at) is None:
        return  # its template follows what is met, whoever else learns of it
    reached = reaches(schedule.organism, cost)
    for area, spec in schedule.organism.areas.items():
        if area in reached | {cost.at}:
            taught = still(schedule, stage, area) if area in reached else "without a part in what it chooses"
            reason = taught if spec.weighs else "without weights to be taught"
            if reason is None:
                return
            reasons.setdefault(reason, []).append(area)
    why = "; ".join(
        f"{_list(areas)} {'is' if len(areas) == 1 else 'are'} {reason}" for reason, areas in reasons.items()
    )
    message = f"stage {stage.name}: cost {name} reaches no plastic area: {why}"
    yield finding("E07", steps, message, f"give {_list(sorted(reached), 'or')} plasticity, or the cost weight 0")


def _learns(schedule: ScheduleSpec, stage: StageSpec, steps: Steps) -> Iterator[Finding]:
    free = any(
        needs_no_cost(schedule.organism, area) and still(schedule, stage, area) is None
        for area in schedule.organism.areas
    )
    if not weighed(stage) and not free:
        message = f"stage {stage.name}: nothing to learn, no cost weighs more than 0"
        yield finding("E08", (*steps, "costs"), message, f"weigh one of {_list(list(schedule.costs), 'or')}")


def _list(names: list[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
