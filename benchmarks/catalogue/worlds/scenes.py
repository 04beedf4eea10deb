"""Drawn scenes: whether their truths hold, and what becomes of them in the control."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace


def _moving_shapes(quick: bool) -> Iterator[Figure]:
    clips = 200 if quick else 1000
    _, _, factors = readers.items({"kind": "moving_shapes", "frame": 8}, clips, 16)
    position, velocity = factors["position"], factors["velocity"]
    copied = position.diff(dim=2).square().mean()
    extrapolated = (position[:, :, 1:] - position[:, :, :-1] - velocity[:, :, :-1]).square().mean()
    yield Figure("copy_over_extrapolation", float(copied / extrapolated), "1", ">= 3", "squared error of position")
    for shuffle, bounds in (("none", ">= 0.6"), ("time", "within -0.05 0.05")):
        _, _, factors = readers.items({"kind": "moving_shapes", "frame": 8, "shuffle": shuffle}, clips, 16)
        within = factors["position"] - factors["position"].mean(dim=2, keepdim=True)
        raw = (within[:, :, 1:] * within[:, :, :-1]).mean() / within.square().mean()
        # Sixteen frames less their own mean correlate by -1/15 when nothing connects them.
        name, peer = ("control", "shuffle: time") if shuffle == "time" else ("correlation_in_time", None)
        yield Figure(name, float(raw) + 1 / 15, "1", bounds, peer)


ENTRIES = (entry("moving_shapes", _moving_shapes, pace("moving_shapes")),)
