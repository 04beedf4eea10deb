"""Digits and what stands in for them: linear floors, and what a small network adds."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace

Split = tuple[torch.Tensor, torch.Tensor]


def _split(kind: str, channel: str, split: str) -> Split:
    channels, label, _ = readers.items({"kind": kind}, split=split)
    assert label is not None
    return channels[channel][0, :, 0].flatten(1), label[0, :, 0]


def _digits(quick: bool) -> Iterator[Figure]:
    train, test = (_split("digits", "image", split) for split in ("train", "test"))
    yield Figure("logistic", readers.logistic(train, test), "share", "within 0.89 0.96")
    wrong = train[0], train[1].roll(1)
    yield Figure("control", readers.logistic(wrong, test), "share", "<= 0.25", "labels moved by one item")


def _mnist1d(quick: bool) -> Iterator[Figure]:
    train, test = (_split("mnist1d", "signal", split) for split in ("train", "test"))
    yield Figure("control", readers.logistic(train, test), "share", "within 0.29 0.35", "logistic regression")
    found = []
    for seed in range(1 if quick else 5):
        net = readers.network([40, 100, 100, 10], torch.nn.ReLU, seed)
        optimizer = torch.optim.Adam(net.parameters(), 5e-3)
        readers.trained(net, train, optimizer, passes=30, batch=100, seed=seed)
        found.append(readers.accuracy(net, test))
    yield Figure("network", sum(found) / len(found), "share", "within 0.60 0.70", "MLP 40-100-100-10")


ENTRIES = (entry("digits", _digits, pace("digits")), entry("mnist1d", _mnist1d, pace("mnist1d")))
