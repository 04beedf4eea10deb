"""Areas without time: what a layer of units adds to a read-out."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.catalogue.areas import schools
from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry


def _linear(quick: bool) -> Iterator[Figure]:
    updates = 800 if quick else 3000
    for name, act, bounds, peer in (
        ("accuracy", "relu", ">= 0.5" if quick else ">= 0.58", None),
        ("control", "none", "<= 0.37", "as many units without an activation"),
    ):
        organism = schools.between({"kind": "linear", "size": 100, "act": act}, {"signal": {"shape": [40]}}, 10)
        told = schools.taught(organism, {"source": "mnist1d"}, "accuracy", updates)
        yield from lives.figures(name, told, "share", bounds, peer)


def _conv(quick: bool) -> Iterator[Figure]:
    updates = 400 if quick else 2000
    world = {"source": {"kind": "shapes", "level": "easy"}}
    area = {"kind": "conv", "channels": 8, "kernel": 5, "pool": 4}
    organism = schools.between(area, {"retina": {"shape": [1, 16, 16]}}, 3)
    plain = schools.matched(organism, {"kind": "linear"})
    told = schools.taught(organism, world, "accuracy", updates)
    yield from lives.figures("accuracy", told, "share", ">= 0.75" if quick else ">= 0.9")
    told = schools.taught(plain, world, "accuracy", updates)
    yield from lives.figures("control", told, "share", "<= 0.5", "linear, as many parameters")


ENTRIES: tuple[Entry, ...] = (entry("linear", _linear), entry("conv", _conv))
