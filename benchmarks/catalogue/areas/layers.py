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


def _expansion(quick: bool) -> Iterator[Figure]:
    """Disparity of random dots: no product of two eyes, no sign of it."""
    world = {"source": {"kind": "stereograms", "width": 8}}
    slow = {"kind": "sgd", "lr": 0.02}
    many = schools.between({"kind": "expansion", "size": 800, "threshold": 0.5}, {"patch1": {"shape": [16]}}, 3)
    few = {**many, "areas": {"head": many["areas"]["head"]}, "pathways": [{"from": "patch1", "to": "head"}]}
    learned = schools.between({"kind": "linear", "size": 120}, {"patch1": {"shape": [16]}}, 3)
    for name, organism, bounds, peer in (
        ("r2", many | {"optimizer": slow}, ">= 0.8", "16 inputs, 800 units, read out by the delta rule"),
        ("control", few | {"optimizer": slow}, "<= 0.05", "linear: the inputs read out by the delta rule"),
        ("backprop", learned, None, "120 units that learn, as many plastic weights"),
    ):
        missed = schools.taught(organism, world, "mse", 1500 if quick else 4000)
        # A class in three, told as 0 or 1, has variance 2/9.
        yield from lives.figures(name, [1.0 - each / (2 / 9) for each in missed], "R2", bounds, peer)


ENTRIES: tuple[Entry, ...] = (entry("linear", _linear), entry("conv", _conv), entry("expansion", _expansion))
