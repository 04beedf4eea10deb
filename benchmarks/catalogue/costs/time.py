"""Costs that live on what follows what: clips of moving shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry

FILM = {"source": {"kind": "moving_shapes", "frame": 8, "spin": 0.0, "speed": 0.2}, "steps": 16, "labels": "none"}
RETINA = {"retina": {"shape": [1, 8, 8]}}


def _watched(world: dict[str, Any], area: dict[str, Any], cost: dict[str, Any], updates: int) -> lives.Grown:
    organism = {
        "senses": RETINA,
        "areas": {"a1": area},
        "pathways": [{"from": "retina", "to": "a1"}],
        "optimizer": {"kind": "adam", "lr": 0.005, "clip": 1.0},
    }
    return lives.grown(
        {
            "clock": {"batch": 16},
            "organism": organism,
            "worlds": {"film": world, "exam": FILM | {"split": "test"}},
            "costs": {"asked": {"at": "a1"} | cost},
            "stages": [{"name": "day", "world": "film", "costs": {"asked": 1.0}, "until": {"after": f"{updates}ba"}}],
        }
    )


def _predict_next(quick: bool) -> Iterator[Figure]:
    updates = 500 if quick else 800
    area = {"kind": "recurrent", "cell": "gru", "size": 128}
    for name, world, bound in (
        ("over_copy", FILM, "<= 0.5" if quick else "<= 0.45"),
        ("control", FILM | {"transforms": ["shuffle_time"]}, ">= 1"),
    ):
        life = _watched(world, area, {"kind": "predict_next"}, updates)
        frames = life.seen("exam", 200).rate["retina"]
        copied = frames.diff(dim=2).square().mean(dim=(1, 2, 3, 4, 5))
        told = [missed / float(copy) for missed, copy in zip(life.cost("asked", "exam", 200), copied, strict=True)]
        peer = "frames shuffled in training" if name == "control" else "squared error of copying the last frame"
        yield from lives.figures(name, told, "share", bound, peer)


def _restless(y: Tensor) -> list[float]:
    """Mean squared step in units of the spread over items, by life."""
    spread = (y - y.mean(dim=(1, 2), keepdim=True)).square().mean(dim=(1, 2, 3))
    told: list[float] = (y.diff(dim=2).square().mean(dim=(1, 2, 3)) / spread).tolist()
    return told


def _temporal_contrast(quick: bool) -> Iterator[Figure]:
    updates = 300 if quick else 1200
    area = {"kind": "linear", "size": 8, "act": "tanh"}
    asked = {"kind": "temporal_contrast"}
    cut = {**FILM, "source": {**FILM["source"], "jump": 1.0}}  # type: ignore[dict-item]
    learned = _restless(_watched(FILM, area, asked, updates).seen("exam", 200).rate["a1"])
    unseen = _restless(_watched(FILM, area, asked, 1).seen("exam", 200).rate["a1"])
    broken = _restless(_watched(cut, area, asked, updates).seen("exam", 200).rate["a1"])
    gained = [one / other for one, other in zip(learned, unseen, strict=True)]
    lost = [one / other for one, other in zip(broken, learned, strict=True)]
    yield from lives.figures("step_over_spread", learned, "1")
    yield from lives.figures("over_untrained", gained, "1", "<= 0.6")
    yield from lives.figures("control", lost, "1", ">= 1.5", "every step a cut to another scene, over uncut")


def _infonce(quick: bool) -> Iterator[Figure]:
    updates = 300 if quick else 1200
    area = {"kind": "linear", "size": 32, "act": "tanh"}
    asked = {"kind": "infonce"}
    cut = {**FILM, "source": {**FILM["source"], "jump": 1.0}}  # type: ignore[dict-item]
    items = 64
    for name, world, exam, bound in (("information", FILM, "exam", ">= 1"), ("control", cut, "film", "<= 0.3")):
        life = _watched(world, area, asked, updates)
        told = [math.log(items) - surprise for surprise in life.cost("asked", exam, items)]
        peer = "every step a cut to another scene" if name == "control" else f"bound of {items} items: log {items}"
        yield from lives.figures(name, told, "nats", bound, peer)


def _clapp(quick: bool) -> Iterator[Figure]:
    updates = 300 if quick else 1200
    area = {"kind": "linear", "size": 32, "act": "tanh"}
    cut = {**FILM, "source": {**FILM["source"], "jump": 1.0}}  # type: ignore[dict-item]
    for name, world, exam, bound in (("lack", FILM, "exam", "<= 0.75"), ("control", cut, "film", ">= 0.95")):
        life = _watched(world, area, {"kind": "clapp"}, updates)
        peer = (
            "every step a cut to another scene" if name == "control" else "of the margin, on clips not met; 1 at first"
        )
        yield from lives.figures(name, life.cost("asked", exam, 64), "1", bound, peer)


ENTRIES: tuple[Entry, ...] = (
    entry("predict_next", _predict_next),
    entry("temporal_contrast", _temporal_contrast),
    entry("infonce", _infonce),
    entry("clapp", _clapp),
)
