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


def test_only_those_who_have_a_label_are_shuffled(toy_moment: Any) -> None:
    label = torch.arange(33).expand(3, 33)[..., None]
    moment = toy_moment([1, 2, 3]).moment
    has = torch.arange(33).expand(3, 33) % torch.tensor([[2], [3], [11]]) == 0
    some = replace(moment, batch=replace(moment.batch, label=label, labelled_NB=has))
    mixed = target.read(LabelTarget(kind="label", shuffle=True), "naming", "", some)
    for own, other, there in zip(label, mixed, has, strict=True):
        assert not bool((own == other)[there].any())
        assert torch.equal(other[there].sort(dim=0).values, own[there])


def test_steps_of_an_item_stay_together_when_it_is_shuffled(toy_moment: Any) -> None:
    moment = toy_moment([1]).moment
    mixed = target.read(LabelTarget(kind="label", shuffle=True), "naming", "", moment)
    clips = {tuple(clip) for clip in moment.batch.label[0].tolist()}
    assert all(tuple(clip) in clips for clip in mixed[0].tolist())


def test_a_scalar_factor_is_one_value_wide(toy_moment: Any) -> None:
    moment = toy_moment([1]).moment
    assert target.read(LabelTarget(kind="label", name="depth"), "c", "", moment).shape == (1, 33, 3, 1)


def test_another_look_is_read_where_each_step_of_this_one_ends(moment_by_hand: Any) -> None:
    now = moment_by_hand({"V1": torch.zeros(1, 1, 2, 1)})
    longer = moment_by_hand({"V1": torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 6, 1)})
    moment = replace(now, batch=replace(now.batch, view=lambda _: {}), again=lambda _: longer)
    looked = target.read(AreaTarget(kind="area", area="V1", view="again"), "c", "", moment)
    assert looked.flatten().tolist() == [3.0, 6.0]


def test_items_without_a_label_leave_the_mean_to_the_others(moment_by_hand: Any) -> None:
    moment = moment_by_hand({"V1": torch.zeros(2, 4, 1, 1)}, torch.zeros(2, 4, 1, dtype=torch.int64))
    has = torch.tensor([[True, False, True, False], [False] * 4])
    some = replace(moment, batch=replace(moment.batch, labelled_NB=has))
    value, spec = torch.tensor([[1.0, 50.0, 4.0, 50.0]] * 2).reshape(2, 4, 1, 1), LabelTarget(kind="label")
    assert target.mean(value, spec, some).tolist() == [2.5, 0.0]
    assert target.by_item(value, spec, some).tolist() == [[2.0, 0.0, 8.0, 0.0], [0.0] * 4]
    assert target.mean(value, spec, moment).tolist() == [26.25, 26.25]


def test_widths_come_from_the_shapes() -> None:
    shapes = {"V1": (4, 3, 3), "retina": (1, 8, 8), "world/label": (10,)}
    assert target.width(AreaTarget(kind="area", area="V1"), "", shapes) == 36
    assert target.width(InputTarget(kind="input"), "retina", shapes) == 64
    assert target.width(LabelTarget(kind="label"), "", shapes) == 10
