"""Innate detectors: how often they are right, and what can be learned from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.specs.document import read

_EXAMPLES = Path(__file__).parents[3] / "examples"
MOTION: Mapping[str, Any] = {
    "kind": "conv",
    "channels": 1,
    "kernel": 3,
    "stride": 3,
    "pad": 0,
    "act": "sigmoid4",
    "bias": False,
    "innate": True,
    "init": {"kind": "about", "mean": 0.6, "sd": 0.0},
}
"""Whether anything moves in a field, and nothing else."""


def _watching(target: Mapping[str, Any], updates: int, **cost: Any) -> dict[str, Any]:
    """The example, with what else there is to be taught by."""
    document = dict(read((_EXAMPLES / "members" / "areas" / "mover_detector.yaml").read_bytes()).data)
    document["organism"]["areas"]["MOTION"] = dict(MOTION)
    document["organism"]["pathways"].append({"from": "flow", "to": "MOTION"})
    document["costs"]["hands"] = {"kind": "bce", "at": "HAND", "pos_weight": 5.0, "target": dict(target), **cost}
    document["stages"][0]["until"] = {"after": f"{updates}ba"}
    document["worlds"]["ward"]["size"] = 300 if updates < 200 else 1500
    document["probes"]["where"]["every"] = f"{updates}ba"
    return document


def _mover_detector(quick: bool) -> Iterator[Figure]:
    yield from _precision(300 if quick else 2000)
    updates, count = (60, 2) if quick else (300, lives.LIVES)
    mover: dict[str, Any] = {"kind": "area", "area": "MT"}
    found: dict[str, list[float]] = {}
    cues: tuple[tuple[str, Mapping[str, Any], dict[str, Any], str | None, str | None], ...] = (
        ("hand", mover, {"min_confidence": 0.9}, ">= 0.12" if quick else ">= 0.25", "chance 0.013"),
        ("motion", {"kind": "area", "area": "MOTION"}, {}, None, "whatever moves"),
        ("control", mover | {"shuffle": True}, {"min_confidence": 0.9}, "<= 0.1", "the marks of another scene"),
        ("oracle", {"kind": "label", "name": "hand_map"}, {}, None, "the truth, in every frame"),
    )
    for name, target, options, bounds, peer in cues[: 2 if quick else 4]:
        found[name] = lives.grown(_watching(target, updates, **options), count).last["where"]
        yield from lives.figures(name, found[name], "AP", bounds, peer)
    more = [hand - any_ for hand, any_ in zip(found["hand"], found["motion"], strict=True)]
    yield from lives.figures("more", more, "AP", ">= 0.05", "than motion of any kind, life by life")


def _chain(quick: bool) -> Iterator[Figure]:
    """Movers teach hands, hands teach gaze; not in a hurry."""
    for name, shuffle, bounds, peer in (
        ("gaze", False, "<= 35", "random: 90"),
        ("gaze.control", True, ">= 75", "hands of other scenes"),
    ):
        if quick:
            return
        document = dict(read((_EXAMPLES / "mover-hand-gaze.yaml").read_bytes()).data)
        document["costs"]["looks"]["target"]["shuffle"] = shuffle
        told = lives.grown(document, 3).last["off"]
        yield from lives.figures(name, told, "deg", bounds, peer)


def _precision(count: int) -> Iterator[Figure]:
    """Share of marked fields on a hand or beside one, and of events that are seen."""
    document = _watching({"kind": "area", "area": "MT"}, 1)
    document["worlds"]["films"] = {**document["worlds"]["ward"], "split": "valid", "size": count}
    moment = lives.grown(document, 1).seen("films", count)
    hand = moment.batch.factors["hand_map"].reshape(-1, 12, 12)
    near = functional.max_pool2d(hand[:, None], 3, 1, 1)[:, 0] > 0
    marks = moment.rate["MT"].reshape(-1, 12, 12)
    said = (marks != 0.5).flatten(1).any(dim=1)
    right = near[said][marks[said] == 1].float().mean()
    yield Figure("precision", float(right), "share", ">= 0.9", "marks on a hand or beside it")
    moving = moment.rate["MOTION"].reshape(-1, 12, 12) > 0.5
    yield Figure(
        "motion.precision", float(near[moving].float().mean()), "share", "<= 0.5", "fields in which something moves"
    )
    event = moment.batch.factors["event"].flatten(0, 1)
    seen = said.reshape(event.shape).any(dim=1) & event.bool().any(dim=1)
    yield Figure("recall", float(seen.sum() / event.bool().any(dim=1).sum()), "share", ">= 0.5", "events")
    silent = torch.unique(marks[~said]).tolist()
    yield Figure("silence", float(silent == [0.5]), "share", "== 1", "1/2 wherever nothing is said")


ENTRIES: tuple[Entry, ...] = (entry("mover_detector", _mover_detector, _chain),)
