"""Digits: real scans, fairly split."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

from models.specs.worlds.real import DigitsSpec
from models.worlds import build_world

LIFE = torch.zeros(1, dtype=torch.int64)


def split(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    world = build_world(DigitsSpec(kind="digits"), name)
    assert world.size is not None
    senses, label, _ = world.sample(LIFE, torch.arange(world.size)[None])
    assert label is not None
    return senses["image"][0, :, 0, 0], label[0, :, 0]


def test_the_splits_together_are_the_scans() -> None:
    pixels, labels = load_digits(return_X_y=True)
    image, label = (torch.cat(parts) for parts in zip(*map(split, ("train", "valid", "test")), strict=True))
    assert len(label) == 1797
    ours = sorted((int(y), *(16 * x).int().flatten().tolist()) for x, y in zip(image, label, strict=True))
    theirs = sorted((int(y), *x.astype(int).tolist()) for x, y in zip(pixels, labels, strict=True))
    assert ours == theirs


def test_intensities_fill_the_unit_interval_and_splits_hold_every_digit() -> None:
    image, label = split("train")
    assert (image.min().item(), image.max().item()) == (0.0, 1.0)
    assert abs(image.mean().item() - 0.305) < 0.005
    assert torch.bincount(label).min() > 90
    assert torch.bincount(split("valid")[1]).min() > 8


def test_a_linear_reader_does_well() -> None:
    (image, label), (test_image, test_label) = split("train"), split("test")
    reader = RidgeClassifier().fit(image.flatten(1).numpy(), label.numpy())
    assert reader.score(test_image.flatten(1).numpy(), test_label.numpy()) > 0.88
