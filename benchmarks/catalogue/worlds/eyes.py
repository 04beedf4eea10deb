"""Two eyes: an organism that nobody touched leans to neither."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace


def _index(eyes: Mapping[str, Tensor], label: Tensor, passes: int, seed: int) -> float:
    """Mean ocular dominance of the units of a 128-24-10 network over both eyes, joined, after training."""
    x = torch.cat([eyes["left"][0, :, 0].flatten(1), eyes["right"][0, :, 0].flatten(1)], dim=1)
    net = readers.network([x.shape[1], 24, 10], torch.nn.ReLU, seed)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    readers.trained(net, (x, label[0, :, 0]), optimizer, passes=passes, batch=20, seed=seed)
    weight = next(iter(net.parameters())).detach()
    left, right = (half.norm(dim=1) for half in weight.split(x.shape[1] // 2, dim=1))
    return float(((right - left) / (right + left)).mean())


def _dominance(quick: bool) -> Iterator[Figure]:
    seeds, passes = (3, 10) if quick else (5, 60)
    eyes, label, _ = readers.items({"kind": "two_eyes"})
    assert label is not None
    found = [_index(eyes, label, passes, seed) for seed in range(seeds)]
    error = torch.tensor(found).std().item() / math.sqrt(seeds)
    yield Figure("dominance", abs(sum(found) / seeds), "index", "<= 0.02", f"untouched; standard error {error:.3f}")
    deprived = {"left": torch.randn(eyes["left"].shape, generator=torch.Generator().manual_seed(0)) * 0.25}
    control = [_index(dict(eyes) | deprived, label, passes, seed) for seed in range(seeds)]
    yield Figure("control", sum(control) / seeds, "index", ">= 0.05", "left eye sees noise alone")


ENTRIES = (entry("two_eyes", _dominance, pace("two_eyes")),)
