"""The chain of the example: who learns in which stage, from whom, and what a lesion of one link leaves."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import torch

from models.engine import stage
from models.engine.cohort import Cohort, birth
from models.specs.canonical import canonical
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "mover-hand-gaze.yaml"


def grown(*, lesion: bool = False) -> list[dict[str, torch.Tensor]]:
    """Parameters of one life at birth and at the end of every step; a short life in a small world."""
    data: dict[str, Any] = dict(read(EXAMPLE.read_bytes()).data)
    data["clock"] = {"batch": 8}
    data["worlds"]["ward"]["size"] = data["worlds"]["table"]["size"] = 24
    for given, updates in zip(data["stages"], (4, 2, 3), strict=True):
        given["until"] = {"after": f"{updates}ba"}
    data["probes"] = {}
    if lesion:
        accident = {"transform": {"kind": "lesion", "areas": ["HAND"]}, "onset": "0sp", "duration": "48sp"}
        data["deficits"] = {"accident": accident}
    arm = plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(data))))
    cohort: Cohort = birth(arm.steps[0].regime, [3])
    told = [{name: value.detach().clone() for name, value in cohort.params.items()}]
    for step in arm.steps:
        if step.ordinal:
            stage.enter(cohort, step.regime)
        goal = step.demand.offset
        list(stage.run(cohort, stage.Orders(step.regime, {}, step.readings, [goal]), 0, goal))
        told.append({name: value.detach().clone() for name, value in cohort.params.items()})
    return told


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name.split("/")[1] for name in before if not torch.equal(before[name], after[name])}


def test_first_the_map_of_hands_learns_and_then_by_it_the_gaze() -> None:
    told = grown()
    changes = [moved(before, after) for before, after in pairwise(told)]
    assert changes[:2] == [{"V1", "V2", "HAND"}] * 2
    assert changes[-1] == {"F1", "F2", "GAZE"}


def test_a_lesion_of_the_map_spares_the_stage_of_the_gaze_which_then_learns_from_nothing() -> None:
    whole, told = grown(), grown(lesion=True)
    assert "HAND" not in moved(told[0], told[-1])
    assert moved(told[-2], told[-1]) == {"F1", "F2", "GAZE"}
    assert not torch.equal(told[-1]["area/GAZE/bias"], whole[-1]["area/GAZE/bias"])
