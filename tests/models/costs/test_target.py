"""Targets: what they read, and that shuffling keeps their statistics and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from models.costs import target
from models.specs.costs.target import AreaTarget, InputTarget, LabelTarget


def test_a_shuffled_target_is_a_permutation_of_its_batch_per_life_and_batch(toy_moment: Any) -> None:
    moment = toy_moment([1, 2]).moment
    plain = target.read(AreaTarget(kind="area", area="V2"), "naming", "", moment)
    mixed = target.read(AreaTarget(kind="area", area="V2", shuffle=True), "naming", "", moment)
    assert not torch.equal(plain, mixed)
    for life in range(2):
        assert sorted(plain[life, :, 0, 0].tolist()) == sorted(mixed[life, :, 0, 0].tolist())
    where = [[int((plain[n] == mixed[n, b]).all(-1).all(-1).nonzero()[0]) for b in range(33)] for n in range(2)]
    assert where[0] != where[1]
    assert torch.equal(mixed, target.read(AreaTarget(kind="area", area="V2", shuffle=True), "naming", "", moment))


def test_nobody_keeps_his_own_so_that_labels_tell_nothing(toy_moment: Any) -> None:
    label = torch.arange(33).expand(3, 33)[..., None]
    moment = toy_moment([1, 2, 3]).moment
    numbered = replace(moment, batch=replace(moment.batch, label=label))
    mixed = target.read(LabelTarget(kind="label", shuffle=True), "naming", "", numbered)
    assert not bool((mixed == label).any())
    assert torch.equal(mixed.sort(dim=1).values, label)


def test_steps_of_an_item_stay_together_when_it_is_shuffled(toy_moment: Any) -> None:
    moment = toy_moment([1]).moment
    mixed = target.read(LabelTarget(kind="label", shuffle=True), "naming", "", moment)
    clips = {tuple(clip) for clip in moment.batch.label[0].tolist()}
    assert all(tuple(clip) in clips for clip in mixed[0].tolist())


def test_a_scalar_factor_is_one_value_wide(toy_moment: Any) -> None:
    moment = toy_moment([1]).moment
    assert target.read(LabelTarget(kind="label", name="depth"), "c", "", moment).shape == (1, 33, 3, 1)


def test_widths_come_from_the_shapes() -> None:
    shapes = {"V1": (4, 3, 3), "retina": (1, 8, 8), "world/label": (10,)}
    assert target.width(AreaTarget(kind="area", area="V1"), "", shapes) == 36
    assert target.width(InputTarget(kind="input"), "retina", shapes) == 64
    assert target.width(LabelTarget(kind="label"), "", shapes) == 10
