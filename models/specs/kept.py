"""Acts that go back: which probes' bests a stage keeps for the next, under the names that probes have in trajectories.

Only the stage before such an act keeps anything, so what was lived before that is shared with those who never go back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.specs.acts import ActSpec, RestoreBest
from models.specs.canonical import measured, probe_ids
from models.specs.regime import Followed
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import pass_sp


def probes_kept(stages: Sequence[StageSpec]) -> list[tuple[str, ...]]:
    """Of every stage, the probes whose bests it keeps."""
    return [_restored(stage.on_enter) for stage in stages[1:]] + [()] * bool(stages)


def bests(schedule: ScheduleSpec, stage: StageSpec) -> dict[str, Followed]:
    """What a stage of a canonical schedule keeps, by probe id."""
    index = [each.name for each in schedule.stages].index(stage.name)
    batch, one_pass = schedule.clock.batch, pass_sp(schedule.worlds[stage.world])
    kept: dict[str, Followed] = {}
    names = probes_kept(schedule.stages)[index]
    ids = _ids(schedule) if names else {}
    for name in names:
        every_sp = schedule.probes[name].every.updates(batch, pass_sp=one_pass) * batch
        kept[ids[name]] = Followed(probe=measured(schedule.probes[name], schedule), every_sp=every_sp)
    return kept


def going_back(schedule: ScheduleSpec, acts: Sequence[ActSpec]) -> dict[str, Any]:
    """The acts with probes by id, and those probes; what a regime says of them."""
    probes = {name: measured(schedule.probes[name], schedule) for name in _restored(acts)}
    ids = _ids(schedule) if probes else {}
    named = tuple(
        act.model_copy(update={"probe": ids[act.probe]}) if isinstance(act, RestoreBest) else act for act in acts
    )
    return {"on_enter": named, "restores": {ids[name]: probe for name, probe in probes.items()}}


def _ids(schedule: ScheduleSpec) -> dict[str, str]:
    """Names of the probes that any act of the schedule goes back by."""
    return probe_ids(schedule, _restored([act for stage in schedule.stages for act in stage.on_enter]))


def _restored(acts: Sequence[ActSpec]) -> tuple[str, ...]:
    return tuple(sorted({act.probe for act in acts if isinstance(act, RestoreBest)}))
