"""Whether acts find what they change, and costs what acts should have made: E02, E06, E10, E14, E15, E30, E36."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.acts import ActSpec, Anchor, ResetState, ResetUnits, RestoreBest, Rewire, SetTemplate
from models.specs.areas import LinearSpec
from models.specs.check_costs import weighed
from models.specs.check_worlds import unfit_as_number
from models.specs.costs import CostSpec, target_of
from models.specs.costs.supervised import GoalMatchSpec
from models.specs.costs.target import TemplateTarget
from models.specs.costs.wiring import EwcSpec
from models.specs.findings import Code, Finding, Steps, finding
from models.specs.organism import PathwaySpec
from models.specs.rewired import moved, organism_of, pathway
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import pass_sp


def check_acts(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Of a schedule whose names are all known, stage by stage: what is held, what is set."""
    held: set[str] = set()
    anchors: set[tuple[str, str]] = set()
    for index, stage in enumerate(schedule.stages):
        costs = {name: schedule.costs[name] for name in weighed(stage)}
        for number, act in enumerate(stage.on_enter):
            steps: Steps = ("stages", index, "on_enter", number)
            place = f"stage {stage.name}"
            yield from _too_many(schedule, place, steps, act)
            if isinstance(act, Anchor):
                anchors |= {
                    (act.name, area) for area in schedule.organism.areas if area in act.areas or "*" in act.areas
                }
            yield from _nothing_kept(schedule, place, steps, act)
            yield from _no_units(schedule, place, steps, act)
            yield from _no_best(schedule, place, steps, act)
            yield from _no_other_way(schedule, place, steps, act)
            if isinstance(act, SetTemplate):
                users = {name for name, cost in costs.items() if _template_area(cost) == act.area}
                held |= users
                if not users:
                    message = f"{place}: set_template of {act.area}, but no cost of the stage has a template of it"
                    hint = f"a cost with target {{kind: template, area: {act.area}}} that weighs here, or no act"
                    yield finding("E06", steps, message, hint)
        held |= {name for name, cost in costs.items() if isinstance(cost, GoalMatchSpec) and cost.eta > 0}
        for name, cost in costs.items():
            lack = _lack(name, cost, held, anchors)
            if lack is not None:
                message = f"stage {stage.name}: cost {name} needs {lack[0]}, and nothing has set it"
                yield finding("E06", ("stages", index, "costs", name), message, f"on_enter: {lack[1]}")


def _nothing_kept(schedule: ScheduleSpec, place: str, steps: Steps, act: ActSpec) -> Iterator[Finding]:
    """Areas whose state is reset, though they have none."""
    areas = schedule.organism.areas
    keeping = [name for name, spec in areas.items() if spec.keeps]
    for number, name in enumerate(act.areas if isinstance(act, ResetState) else ()):
        if not (areas[name].keeps if name in areas else keeping):
            message = f"{place}: reset_state of {name}, which keeps nothing from item to item"
            text = f"one of {', '.join(keeping)}" if keeping else "reset_area, which renews parameters, or no act"
            yield finding("E06", (*steps, "areas", number), message, text)


def _no_units(schedule: ScheduleSpec, place: str, steps: Steps, act: ActSpec) -> Iterator[Finding]:
    """Areas whose units cannot start anew one by one."""
    for number, name in enumerate(act.areas if isinstance(act, ResetUnits) else ()):
        area = schedule.organism.areas.get(name)
        if not isinstance(area, LinearSpec) or area.depth != 1:
            message = f"{place}: reset_units of {name}, which is no linear area of depth 1"
            yield finding("E30", (*steps, "areas", number), message, "linear areas of one layer, each by its name")
        elif not any(path.source == name for path in schedule.organism.pathways):
            message = f"{place}: reset_units of {name}, which nobody hears"
            yield finding("E30", (*steps, "areas", number), message, "an area with a pathway that starts there")


def _no_other_way(schedule: ScheduleSpec, place: str, steps: Steps, act: ActSpec) -> Iterator[Finding]:
    """Pathways that cannot begin where an act wants them to."""
    if not isinstance(act, Rewire):
        return
    stage, number = schedule.stages[int(steps[1])], int(steps[3])
    if steps[1] == 0:
        message = f"{place}: rewire of {act.pathway} on entering the first stage, before which there was nothing"
        yield finding("E30", steps, message, f"from: {act.source} in the pathway itself")
        return
    if not all(isinstance(each, Rewire) for each in stage.on_enter[:number]):
        yield finding("E30", steps, f"{place}: rewire of {act.pathway} after other acts", "rewire before them")
    organism = organism_of(schedule, stage)
    whole, senses = pathway(organism, act.pathway), organism.senses
    before = moved(schedule, stage)[act.pathway]
    for code, wrong, text in _unfit_way(schedule, whole, before, act):
        yield finding(code, (*steps, "from"), f"{place}: rewire of {act.pathway}: {wrong}", text)
    for name, probe in schedule.probes.items():
        read = {getattr(probe, key, None) for key in ("source", "left", "right")} - {None}
        if before in senses and getattr(probe, "at", None) == whole.target and read & {before, act.source}:
            message = f"{place}: rewire of {act.pathway}: probe {name} reads the weights of a pathway that is not there"
            text = "a probe that reads no single pathway into this area"
            yield finding("E36", ("probes", name), f"{message} all the time", text)


def _unfit_way(schedule: ScheduleSpec, path: PathwaySpec, before: str, act: Rewire) -> Iterator[tuple[Code, str, str]]:
    """Code, what is wrong, what would be right."""
    senses, area = schedule.organism.senses, schedule.organism.areas[path.target]
    if before not in senses:
        yield "E30", f"it begins at {before}, which is no sense", "a pathway from a sense"
        return
    shapes = {name: list(senses[name].shape) for name in (before, act.source)}
    others = [each for each in schedule.organism.pathways if each.title != path.title]
    if before == act.source:
        yield "E30", f"it begins at {before} already", "another sense"
    elif shapes[before] != shapes[act.source]:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        yield "E14", f"its weights are for another shape: {told}", "a sense of the same shape"
    if any(each.source == act.source and each.target == path.target for each in others):
        yield "E02", f"{act.source} leads to {path.target} by another pathway", "another sense, or another pathway"
    if path.mode == "symmetric" or "label" in {senses[name].channel for name in shapes}:
        yield "E30", "a way that acts both ways, or from the label, stays where it is", "another pathway"
    if {before, act.source} & {value for value in area.model_dump().values() if isinstance(value, str)}:
        yield "E30", f"{area.kind} {path.target} names its sources", "another area"


def _no_best(schedule: ScheduleSpec, place: str, steps: Steps, act: ActSpec) -> Iterator[Finding]:
    """Probes that have no best, or were not taken yet."""
    if not isinstance(act, RestoreBest):
        return
    unfit = unfit_as_number(schedule.probes[act.probe], ranked=True)
    if unfit:
        message = f"{place}: restore_best of probe {act.probe}, which {unfit}"
        yield finding("E36", (*steps, "probe"), message, "another probe")
    if steps[1] == 0:
        message = f"{place}: restore_best of probe {act.probe}, which is never taken before: this stage is the first"
        yield finding("E10", (*steps, "probe"), message, "the act on entering a later stage")


def _lack(name: str, cost: CostSpec, held: set[str], anchors: set[tuple[str, str]]) -> tuple[str, str] | None:
    """What a cost needs that acts make and have not made, and the act that would."""
    area = _template_area(cost)
    if area is not None and name not in held:
        return "a template", f"set_template of {area}"
    if isinstance(cost, EwcSpec) and (cost.anchor, cost.at) not in anchors:
        return f"anchor {cost.anchor} of {cost.at}", f"anchor with name {cost.anchor}, here or in a stage before"
    return None


def _too_many(schedule: ScheduleSpec, place: str, steps: Steps, act: ActSpec) -> Iterator[Finding]:
    """More items than the world that an act looks at has."""
    if isinstance(act, SetTemplate | Anchor | ResetUnits) and act.world is not None:
        items = pass_sp(schedule.worlds[act.world])
        if schedule.worlds[act.world].parts:
            text = "one of the worlds it is made of"
            yield finding("E30", (*steps, "world"), f"{place}: {act.kind} looks at {act.world}, which is a mix", text)
        if act.n is not None and items is not None and act.n > items:
            message = f"{place}: {act.kind} wants {act.n} items, world {act.world} has {items}"
            yield finding("E15", (*steps, "n"), message, f"at most {items}")


def _template_area(cost: CostSpec) -> str | None:
    target = target_of(cost)
    return target.area if isinstance(target, TemplateTarget) else None
