"""Whether acts find what they change, and costs what acts should have made: E06, E15."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.acts import SetTemplate
from models.specs.check_costs import weighed
from models.specs.costs import CostSpec, target_of
from models.specs.costs.supervised import GoalMatchSpec
from models.specs.costs.target import TemplateTarget
from models.specs.findings import Finding, Steps, finding
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import pass_sp


def check_acts(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Of a schedule whose names are all known, stage by stage: what is held, what is set."""
    held: set[str] = set()
    for index, stage in enumerate(schedule.stages):
        costs = {name: schedule.costs[name] for name in weighed(stage)}
        for number, act in enumerate(stage.on_enter):
            if not isinstance(act, SetTemplate):
                continue
            steps: Steps = ("stages", index, "on_enter", number)
            users = {name for name, cost in costs.items() if _template_area(cost) == act.area}
            if not users:
                message = (
                    f"stage {stage.name}: set_template of {act.area}, but no cost of the stage has a template of it"
                )
                hint = f"a cost with target {{kind: template, area: {act.area}}} that weighs here, or no act"
                yield finding("E06", steps, message, hint)
            held |= users
            items = pass_sp(schedule.worlds[act.world])
            if act.n is not None and items is not None and act.n > items:
                message = f"stage {stage.name}: set_template wants {act.n} items, world {act.world} has {items}"
                yield finding("E15", (*steps, "n"), message, f"at most {items}")
        held |= {name for name, cost in costs.items() if isinstance(cost, GoalMatchSpec) and cost.eta > 0}
        for name, cost in costs.items():
            area = _template_area(cost)
            if area is not None and name not in held:
                message = f"stage {stage.name}: cost {name} needs a template, and nothing has set it"
                yield finding("E06", ("stages", index, "costs", name), message, f"on_enter: set_template of {area}")


def _template_area(cost: CostSpec) -> str | None:
    target = target_of(cost)
    return target.area if isinstance(target, TemplateTarget) else None
