"""Faces, objects that turn, walks: what readers of pixels make of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace

Part = tuple[torch.Tensor, torch.Tensor]


def _pixels(options: dict[str, Any], count: int, split: str) -> Part:
    channels, label, _ = readers.items(options, count, split=split)
    assert label is not None
    return channels["retina"][0, :, 0, 0].flatten(1) - 0.3, label[0, :, 0]


def _faces(quick: bool) -> Iterator[Figure]:
    train, test = (
        _pixels({"kind": "faces", "frame": 16}, count, split) for count, split in ((6000, "train"), (1000, "test"))
    )
    found = []
    for seed in range(1 if quick else 5):
        net = readers.network([256, 200, 100, 4], torch.nn.ReLU, seed)
        readers.trained(net, train, torch.optim.Adam(net.parameters(), 2e-3), passes=15, batch=50, seed=seed)
        found.append(readers.accuracy(net, test))
    yield Figure("network", sum(found) / len(found), "share", ">= 0.6", "MLP 256-200-100-4")
    few = train[0][:2000], train[1][:2000]
    yield Figure("control", readers.logistic(few, test), "share", "<= 0.6", "logistic regression: places vary")


def _turntable(quick: bool) -> Iterator[Figure]:
    def reading(split_by: str) -> float:
        options = {"kind": "turntable", "frame": 16, "split_by": split_by, "objects": 32}
        return readers.logistic(_pixels(options, 2000, "train"), _pixels(options, 500, "test"))

    known, unseen = reading("none"), reading("angle")
    yield Figure("logistic", known, "share", ">= 0.6", "thirty-two objects, views from all sides")
    yield Figure("control", unseen, "share", f"<= {known - 0.1:.3f}", "views from sides that were held back")


def _rat_view(quick: bool) -> Iterator[Figure]:
    _, _, factors = readers.items({"kind": "rat_view"}, 200 if quick else 1000, 64)
    speed, turn = float(factors["speed"].mean()), math.degrees(float(factors["turn"].std()))
    yield Figure("speed", speed, "m/s", "within 0.075 0.085", "0.08 in the document")
    yield Figure("turn", turn, "deg/s", "within 115 125", "120 in the document")
    (x, y), (seen, there) = (_rows(split, 2000) for split in ("train", "test"))
    yield Figure("place_read", _share_read((x, y), (seen, there)), "share", ">= 0.9", "R2 on views never seen")
    moved = _share_read((x, y.roll(1, 0)), (seen, there))
    yield Figure("control", moved, "share", "<= 0.05", "views of one place, places of another")


def _rows(split: str, count: int) -> Part:
    """Amplitudes of the rows' Fourier series, in which the heading is lost, and where that was seen."""
    channels, _, factors = readers.items({"kind": "rat_view"}, count, split=split)
    waves = torch.fft.rfft(channels["panorama"][0, :, 0, 0].double()).abs()[..., :12].flatten(1)
    return torch.cat([waves, torch.ones(count, 1)], dim=1), factors["where"][0, :, 0].double()


def _share_read(train: Part, test: Part) -> float:
    """Share of the variance that ridge regression explains."""
    (x, y), (seen, true) = train, test
    weight = torch.linalg.solve(x.mT @ x + 0.1 * torch.eye(x.shape[1], dtype=x.dtype), x.mT @ y)
    return float(1.0 - (seen @ weight - true).square().mean() / true.var())


def _characters(quick: bool) -> Iterator[Figure]:
    options = {"kind": "characters"}
    train, test = _pixels(options, 2000, "train"), _pixels(options, 500, "test")
    yield Figure("logistic", readers.logistic(train, test), "share", ">= 0.6", "fifty letters, forty of each")
    wrong = train[0], train[1].roll(1)
    yield Figure("control", readers.logistic(wrong, test), "share", "<= 0.1", "labels moved by one item")
    found = _one_shot(quick)
    yield Figure("one_shot", found, "share", "within 0.3 0.95", "20 letters never seen, one of each, nearest pixels")


def _one_shot(quick: bool) -> float:
    """Share of items whose nearest neighbour among one example of each of twenty held-out letters is their letter."""
    options = {"kind": "characters", "split_by": "class", "alphabets": 16}
    pictures, label = _pixels(options, 1000, "test")
    right, tried = 0, 0
    generator = torch.Generator().manual_seed(0)
    for _ in range(5 if quick else 50):
        order = torch.randperm(len(label), generator=generator)
        first = torch.stack([order[(label[order] == each).nonzero()[0, 0]] for each in label.unique()])
        rest = order[~torch.isin(order, first)]
        named = label[first][torch.cdist(pictures[rest], pictures[first]).argmin(dim=1)]
        right, tried = right + int((named == label[rest]).sum()), tried + len(rest)
    return right / tried


def _pairs(quick: bool) -> Iterator[Figure]:
    def heard(mismatch: float, split: str, count: int) -> Part:
        channels, label, _ = readers.items({"kind": "pairs", "mismatch": mismatch}, count, split=split)
        assert label is not None
        return channels["sound"][0, :, 0].flatten(1), label[0, :, 0]

    both = readers.logistic(heard(0.0, "train", 800), heard(0.0, "test", 300))
    yield Figure("by_ear", both, "share", ">= 0.9", "what is seen, read off the sound")
    mixed = readers.logistic(heard(1.0, "train", 800), heard(1.0, "test", 300))
    yield Figure("control", mixed, "share", "<= 0.15", "words of other things")


ENTRIES = (
    entry("faces", _faces, pace("faces")),
    entry("turntable", _turntable, pace("turntable")),
    entry("rat_view", _rat_view, pace("rat_view")),
    entry("characters", _characters, pace("characters")),
    entry("pairs", _pairs, pace("pairs")),
)
