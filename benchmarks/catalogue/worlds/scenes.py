"""Drawn scenes: whether their truths hold, and what becomes of them in the control."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace


def _shapes(quick: bool) -> Iterator[Figure]:
    def split(level: str, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        channels, label, _ = readers.items({"kind": "shapes", "level": level}, split=name)
        assert label is not None
        return channels["retina"][0, :, 0, 0].flatten(1) - 0.5, label[0, :, 0]

    seeds, passes = (1, 60) if quick else (5, 60)
    for level, bounds, peer in (("hard", "within 0.45 0.55", None), ("easy", ">= 0.6", "easy shapes, same network")):
        found = []
        for seed in range(seeds):
            net = readers.network([256, 100, 100, 100, 3], torch.nn.Tanh, seed)
            optimizer = torch.optim.SGD(net.parameters(), 0.02, momentum=0.9)
            readers.trained(net, split(level, "train"), optimizer, passes=passes, batch=50, seed=seed)
            found.append(readers.accuracy(net, split(level, "test")))
        yield Figure("control" if peer else "network", sum(found) / seeds, "share", bounds, peer)


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


ENTRIES = (
    entry("shapes", _shapes, pace("shapes")),
    entry("moving_shapes", _moving_shapes, pace("moving_shapes")),
)
