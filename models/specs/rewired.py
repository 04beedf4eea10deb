"""Pathways that acts move: which organism a stage has, and where its pathways began before."""

from __future__ import annotations

from models.specs.acts import Rewire
from models.specs.organism import OrganismSpec, PathwaySpec
from models.specs.schedule import ScheduleSpec, StageSpec


def organism_of(schedule: ScheduleSpec, stage: StageSpec) -> OrganismSpec:
    """The organism as it is in a stage: pathways keep their names wherever they begin."""
    return _after(schedule, _index(schedule, stage) + 1)


def moved(schedule: ScheduleSpec, stage: StageSpec) -> dict[str, str]:
    """Pathway -> where it began before the acts on entering a stage, of those that they move."""
    acts = [act for act in stage.on_enter if isinstance(act, Rewire)]
    if not acts:
        return {}
    before = _after(schedule, _index(schedule, stage))
    return {act.pathway: pathway(before, act.pathway).source for act in acts}


def pathway(organism: OrganismSpec, title: str) -> PathwaySpec:
    """The pathway of a name."""
    return next(each for each in organism.pathways if each.title == title)


def _index(schedule: ScheduleSpec, stage: StageSpec) -> int:
    return [each.name for each in schedule.stages].index(stage.name)


def _after(schedule: ScheduleSpec, stages: int) -> OrganismSpec:
    """The organism after the acts of the first so many stages."""
    organism = schedule.organism
    for act in (act for stage in schedule.stages[:stages] for act in stage.on_enter):
        if isinstance(act, Rewire):
            organism = _rewired(organism, act)
    return organism


def _rewired(organism: OrganismSpec, act: Rewire) -> OrganismSpec:
    paths = tuple(
        each.model_copy(update={"name": each.title, "source": act.source}) if each.title == act.pathway else each
        for each in organism.pathways
    )
    return organism.model_copy(update={"pathways": paths})
