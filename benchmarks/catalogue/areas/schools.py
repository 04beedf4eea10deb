"""Organisms that differ in one area, taught the same: what each makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.catalogue.costs import lives
from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count


def between(area: Mapping[str, Any], sense: Mapping[str, Any], out: int, **organism: Any) -> dict[str, Any]:
    """An area `hidden` above one sense, and a linear read-out of it with `out` units."""
    (name,) = sense
    return {
        "senses": dict(sense),
        "areas": {"hidden": dict(area), "head": {"kind": "linear", "size": out, "act": "none"}},
        "pathways": [{"from": name, "to": "hidden"}, {"from": "hidden", "to": "head"}],
        "optimizer": {"kind": "adam", "lr": 0.005, "clip": 1.0},
        **organism,
    }


def matched(organism: Mapping[str, Any], area: Mapping[str, Any]) -> dict[str, Any]:
    """The organism with such an area in the place of `hidden`, of the size at which parameters are as many, or more."""
    wanted = _parameters(organism)
    size = 1
    while _parameters(twin := _with(organism, {**area, "size": size})) < wanted:
        size += 1
    return twin


def taught(organism: Mapping[str, Any], world: Mapping[str, Any], cost: str, updates: int) -> list[float]:
    """Accuracies, or mean squared errors, of the read-out on items not trained on, by life."""
    probe, kind = ("accuracy", "cross_entropy") if cost == "accuracy" else ("mse", "mse")
    document = {
        "clock": {"batch": 20},
        "organism": dict(organism),
        "worlds": {"day": dict(world), "exam": {**world, "split": "test"}},
        "costs": {"asked": {"kind": kind, "at": "head", "target": "label"}},
        "stages": [{"name": "day", "world": "day", "costs": {"asked": 1.0}, "until": {"after": f"{updates}ba"}}],
        "probes": {"told": {"kind": probe, "at": "head", "world": "exam", "every": f"{updates}ba", "n": 500}},
    }
    return list(lives.grown(document).last["told"])


def _with(organism: Mapping[str, Any], area: Mapping[str, Any]) -> dict[str, Any]:
    return {**organism, "areas": {**organism["areas"], "hidden": dict(area)}}


def _parameters(organism: Mapping[str, Any]) -> int:
    return parameter_count(OrganismSpec.model_validate(organism))
