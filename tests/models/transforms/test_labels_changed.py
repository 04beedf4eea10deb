"""Transforms of labels, by counts and by exact permutations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Apply = Callable[..., Tensor]


def test_wrong_labels_come_as_often_as_asked_and_every_other_class_alike(relabel: Apply) -> None:
    label = torch.full((1, 20_000, 1), 3)
    told = relabel(label, 5, 0.4, kind="label_noise")
    shares = torch.bincount(told.flatten(), minlength=5) / 20_000
    assert shares.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.6, 0.1], abs=0.01)


def test_a_wrong_label_is_new_at_every_presentation_and_the_same_for_all_steps(relabel: Apply) -> None:
    label = torch.zeros(1, 100, 4, dtype=torch.int64)
    first, second = (relabel(label, 10, 0.5, at, kind="label_noise") for at in (0, 100))
    assert torch.equal(first, first[..., :1].expand_as(first))
    assert not torch.equal(first, second)


def test_at_strength_1_no_label_is_right_and_one_class_has_no_wrong_label(relabel: Apply) -> None:
    label = torch.arange(10).repeat(30).reshape(1, 300, 1)
    assert not (relabel(label, 10, kind="label_noise") == label).any()
    assert torch.equal(relabel(label * 0, 1, kind="label_noise"), label * 0)


@pytest.mark.parametrize("classes", [2, 3, 10, 97])
def test_a_shuffle_of_labels_is_one_cycle_through_all_classes(relabel: Apply, classes: int) -> None:
    label = torch.arange(classes).reshape(1, classes, 1)
    name = relabel(label, classes, kind="label_shuffle").flatten().tolist()
    met, at = [], 0
    for _ in range(classes):
        met.append(at)
        at = name[at]
    assert at == 0
    assert sorted(met) == list(range(classes))


def test_shuffles_of_labels_differ_by_seed_and_not_by_life_or_presentation(relabel: Apply) -> None:
    label = torch.arange(10).reshape(1, 10, 1).expand(2, 10, 1)
    first = relabel(label, 10, kind="label_shuffle")
    assert torch.equal(first[0], first[1])
    assert torch.equal(first, relabel(label, 10, 1.0, 500, kind="label_shuffle"))
    assert not torch.equal(first, relabel(label, 10, kind="label_shuffle", seed=1))


def test_half_a_shuffle_renames_half_of_the_items(relabel: Apply) -> None:
    label = torch.zeros(1, 4000, 2, dtype=torch.int64)
    moved = relabel(label, 10, 0.5, kind="label_shuffle") != 0
    assert torch.equal(moved[..., 0], moved[..., 1])
    assert moved.float().mean().item() == pytest.approx(0.5, abs=0.03)
