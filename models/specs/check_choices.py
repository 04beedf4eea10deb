"""What a cost that credits a choice needs: who chooses, an answer that follows, labels; E06, E14; and actors, E30."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from models.specs.costs.reward import PolicyGradientSpec
from models.specs.findings import Finding, finding
from models.specs.order import upstream
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import Shape
from models.specs.worlds import NoLabels, WorldSpec
from models.specs.worlds.sources import facts


def check_choices(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Costs that credit what nobody chose, or by an answer that cannot follow (E14); choices before an act (E30)."""
    organism = schedule.organism
    for name, cost in schedule.costs.items():
        if not isinstance(cost, PolicyGradientSpec) or cost.answer is None:
            continue
        area, steps = organism.areas[cost.at], ("costs", name)
        if area.chosen_by is None:
            text = "at an area that chooses by its `control`, or a world that gives rewards and no `answer`"
            message = f"cost {name}: it credits what {cost.at} chooses, and {area.kind} {cost.at} chooses nothing"
            yield finding("E14", (*steps, "at"), message, text)
        elif cost.at not in upstream(organism, cost.answer):
            message = f"cost {name}: nothing of what {cost.at} passes on reaches {cost.answer}"
            yield finding("E14", (*steps, "answer"), message, f"an area above {cost.at}")
    yield from _before_acts(schedule)


def _before_acts(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Choices on which acts rest (E30): acts go frame by frame, what is drawn for a choice by the steps of an item."""
    organism = schedule.organism
    choosing = {name for name, area in organism.areas.items() if area.chosen_by is not None}
    for name, world in schedule.worlds.items():
        heard = set[str]() if world.actor is None else {world.actor, *upstream(organism, world.actor)}
        for area in sorted(heard & choosing):
            message = (
                f"world {name}: {world.actor} acts frame by frame, and {area} chooses anew by the steps of an item"
            )
            yield finding("E30", ("worlds", name, "actor"), message, f"no pathway from {area} to {world.actor}")


def lacks_answers(cost: PolicyGradientSpec, world: WorldSpec) -> str | None:
    """What a cost needs to reward right answers and a world does not give; None if it has all."""
    label = facts(world.source).label
    if label is None or isinstance(world.labels, NoLabels):
        return "labels"
    if label.classes is None:
        return f"classes (its label is {label.width} numbers)"
    return f"the label of every item ({cost.kind} leaves none out)" if world.keeps_unlabelled else None


def unfit_answer(cost: PolicyGradientSpec, world: WorldSpec, shapes: Mapping[str, Shape]) -> str | None:
    """How the units of the answer differ from the classes of a world; None if they fit or cannot be told."""
    classes, given = facts(world.source).classes, shapes.get(cost.answer or "")
    if classes is None or given is None or prod(given) == classes:
        return None
    return f"{cost.answer} gives {list(given)}, the label has {classes} classes"
