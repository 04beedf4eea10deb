"""From the rows of a job to the paths along which its histories are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from models.specs.catalogue import entry
from models.specs.envelopes import gates
from models.specs.overlays import ModulatorSpec
from models.specs.plan import Span
from models.specs.probes import MEASURES
from models.specs.regime import Reading
from models.specs.selectors import is_of_grid
from service.store.path import ArmPath, Piece

Row = Mapping[str, Any]


def arm_paths(arms: Sequence[Row], steps: Sequence[Row], ended: Sequence[Row]) -> list[ArmPath]:
    """The path of every arm, as far as its trajectories are known."""
    return [
        _arm_path(
            arm,
            [step for step in steps if step["arm"] == arm["idx"] and step["trajectory"] is not None],
            [row for row in ended if row["arm"] == arm["idx"]],
        )
        for arm in arms
    ]


def _arm_path(arm: Row, steps: Sequence[Row], ended: Sequence[Row]) -> ArmPath:
    modulators: Mapping[str, Any] = arm["document"].get("modulators", {})
    levels = {name: ModulatorSpec.model_validate_json(orjson.dumps(each)).level for name, each in modulators.items()}
    kinds = {name: arm["probes"][key]["probe"]["kind"] for name, key in arm["probe_names"].items()}
    return ArmPath(
        arm=arm["idx"],
        labels=arm["labels"],
        pieces=tuple(_piece(step, _ends(step, ended)) for step in steps),
        probes=arm["probe_names"],
        units={name: MEASURES[kind].unit for name, kind in kinds.items()},
        meanings={name: _summary(kind) for name, kind in kinds.items()},
        diverged=frozenset(row["seed"] for row in ended if row["status"] == "diverged"),
        censored=frozenset(row["seed"] for row in ended if row["status"] == "censored"),
        modulators={name: level for name, level in levels.items() if not gates(level)},
        beside=bool(arm["labels"]) and not is_of_grid(arm["name"], arm["labels"]),
    )


def _summary(kind: str) -> str:
    found = entry("probes", kind)
    return found.summary if found else ""


def _ends(step: Row, ended: Sequence[Row]) -> dict[int, int]:
    """Offset at which lives left the step, or were lost in it."""
    place = (step["cohort"], step["ordinal"])
    ends: dict[int, int] = {}
    for row in ended:
        if (row["cohort"], row["ordinal"]) == place:
            ends[row["seed"]] = min(row["offset"], ends.get(row["seed"], row["offset"]))
    return ends


def _piece(step: Row, ends: Mapping[int, int]) -> Piece:
    lives = tuple(step["lives"])
    return Piece(
        trajectory=step["trajectory"],
        seeds=lives,
        batch=step["regime"]["batch"],
        age_origin=tuple(step["born"][str(seed)] for seed in lives),
        ends=tuple(min(ends.get(seed, step["demand"]), step["demand"]) for seed in lives),
        reached=step["reached"],
        spans=tuple(Span(**span) for span in step["spans"]),
        readings={
            probe: [Reading(first=first, every=every, last=last) for first, every, last in taken]
            for probe, taken in step["readings"].items()
        },
        ending=step["ending"] is not None,
        decided=step["state"] != "open",
    )
