"""Which labels are shown, and which of them are wrong."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.specs.worlds import WorldSpec
from models.worlds.labels import shown

SEEDS = torch.tensor([1, 2])
INDEX = torch.arange(4000).expand(2, 4000)
LABEL = (INDEX % 10)[..., None]


def world(source: Any = "mnist1d", **labels: Any) -> WorldSpec:
    return WorldSpec.model_validate({"source": source, "labels": labels})


def test_a_world_may_show_all_labels_or_none() -> None:
    assert shown(world(kind="all"), LABEL, SEEDS, INDEX) is LABEL
    assert shown(world(kind="none"), LABEL, SEEDS, INDEX) is None
    assert shown(world(kind="all", noise=0.5), None, SEEDS, INDEX) is None


def test_the_asked_share_is_wrong_with_every_other_class_as_likely() -> None:
    told = shown(world(kind="all", noise=0.3), LABEL, SEEDS, INDEX)
    assert told is not None
    wrong = told != LABEL
    assert wrong[0].float().mean().item() == pytest.approx(0.3, abs=0.025)
    step = ((told - LABEL) % 10)[0][wrong[0]]
    assert torch.bincount(step)[1:].min() > 90


def test_a_wrong_label_belongs_to_the_item_of_a_finite_world_and_to_the_life_of_an_endless_one() -> None:
    told = shown(world(kind="all", noise=0.5), LABEL, SEEDS, INDEX)
    assert told is not None
    assert torch.equal(told[0], told[1])
    backwards = shown(world(kind="all", noise=0.5), LABEL.flip(1), SEEDS, INDEX.flip(1))
    assert backwards is not None
    assert torch.equal(told, backwards.flip(1))
    moving = shown(world("moving_shapes", kind="all", noise=0.5), LABEL % 5, SEEDS, INDEX)
    assert moving is not None
    assert torch.equal(moving[0], moving[1])


def test_another_seed_is_wrong_elsewhere() -> None:
    first, second = (shown(world(kind="all", noise=0.5, seed=seed), LABEL, SEEDS, INDEX) for seed in (0, 1))
    assert first is not None
    assert second is not None
    both = ((first != LABEL) & (second != LABEL)).float().mean().item()
    assert both == pytest.approx(0.25, abs=0.03)


def test_all_steps_of_a_clip_are_wrong_together() -> None:
    told = shown(world("moving_shapes", kind="all", noise=0.5), (LABEL % 5).expand(2, 4000, 3), SEEDS, INDEX)
    assert told is not None
    assert torch.equal(told, told[:, :, :1].expand_as(told))


def test_all_wrong_is_never_right() -> None:
    told = shown(world(kind="all", noise=1.0), LABEL, SEEDS, INDEX)
    assert told is not None
    assert not (told == LABEL).any()
