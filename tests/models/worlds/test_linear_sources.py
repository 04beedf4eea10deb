"""Pathways, trees, mixtures, points, stereograms: statistics known by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from showing import items

from models.specs.worlds.linear import HierarchySpec, MixedSourcesSpec
from models.worlds import hierarchy, mixed_sources


def test_two_pathways_carry_one_signal_to_one_target() -> None:
    channels, label, _ = items({"kind": "two_pathway", "d": 2, "s": 3.0}, 500)
    assert torch.equal(channels["a"], channels["b"])
    assert label is not None
    torch.testing.assert_close(label, 3.0 * channels["a"])
    assert channels["a"].std().item() == pytest.approx(1.0, abs=0.08)
    fixed, target, _ = items({"kind": "two_pathway", "fixed_input": True}, 3)
    assert fixed["b"].flatten().tolist() == [1.0] * 3
    assert target is not None
    assert target.flatten().tolist() == [10.0] * 3


def test_features_correlate_by_the_branches_between_their_items() -> None:
    channels, label, factors = items({"kind": "hierarchy", "items": 8, "features": 512, "flip": 0.1}, 8)
    assert torch.equal(channels["item"][0, :, 0], torch.eye(8))
    assert label is not None
    feature = label[0, :, 0]
    assert set(feature.flatten().tolist()) == {-1.0, 1.0}
    alike = feature @ feature.mT / 512
    branches = torch.tensor([(i ^ j).bit_length() for i in range(8) for j in range(8)])
    for apart in (1, 2, 3):
        expected = (1 - 2 * 0.1) ** (2 * apart)
        assert alike.flatten()[branches == apart].mean().item() == pytest.approx(expected, abs=0.06)
    assert factors["level1"].flatten().tolist() == [0] * 4 + [1] * 4
    assert factors["level2"].flatten().tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert factors["level3"].flatten().tolist() == list(range(8))


def test_a_feature_is_there_or_not_with_equal_chance() -> None:
    _, label, _ = items({"kind": "hierarchy", "items": 8, "features": 512, "flip": 0.1}, 8)
    assert label is not None
    # the root of 512 features has a standard error of .044
    assert abs(label.mean().item()) < 0.15


def test_broad_distinctions_are_the_strong_modes_of_a_tree() -> None:
    source = HierarchySpec(kind="hierarchy", features=512, flip=0.1)
    found = hierarchy.modes(source)
    _, label, _ = items({"kind": "hierarchy", "features": 512, "flip": 0.1}, 8)
    assert label is not None
    covariance = label[0, :, 0].mT / 8
    torch.testing.assert_close(found.left * found.strength @ found.right.mT, covariance, atol=1e-5, rtol=1e-5)
    second = found.right[:, 1]
    assert (second[:4].sign() == second[0].sign()).all()
    assert (second[4:].sign() == -second[0].sign()).all()


def test_features_that_flip_half_the_time_have_no_tree() -> None:
    _, label, _ = items({"kind": "hierarchy", "features": 512, "flip": 0.5}, 8)
    assert label is not None
    alike = label[0, :, 0] @ label[0, :, 0].mT / 512 - torch.eye(8)
    assert alike.abs().max().item() < 0.15


@pytest.mark.parametrize(("law", "kurtosis"), [("laplace", 6.0), ("uniform", 1.8), ("gaussian", 3.0)])
def test_sources_have_unit_variance_and_the_kurtosis_of_their_law(law: str, kurtosis: float) -> None:
    options: dict[str, Any] = {"kind": "mixed_sources", "law": law}
    channels, _, factors = items(options, 5000)
    source = factors["source"][0, :, 0]
    assert source.mean(dim=0).abs().max().item() < 0.06
    assert source.square().mean().item() == pytest.approx(1.0, abs=0.04)
    assert source.pow(4).mean().item() == pytest.approx(kurtosis, rel=0.1)
    assert (torch.corrcoef(source.mT) - torch.eye(4)).abs().max().item() < 0.06
    matrix = mixed_sources.mixing(MixedSourcesSpec(kind="mixed_sources", law=law))  # type: ignore[arg-type]
    torch.testing.assert_close(channels["x"][0, :, 0], source @ matrix.mT, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(matrix.square().sum(dim=0), torch.ones(4))


def test_sines_turn_at_their_frequencies() -> None:
    options: dict[str, Any] = {"kind": "mixed_sources", "sources": 10, "law": "sine"}
    _, _, factors = items(options, 3, steps=4000)
    spectrum = torch.fft.rfft(factors["source"][0], dim=1).abs()
    hertz = spectrum[:, 1:].argmax(dim=1) + 1
    assert torch.equal(hertz[0], torch.round(torch.tensor([(0.05 + 0.35 * k) * 40 for k in range(10)])).long())
    assert factors["source"].square().mean().item() == pytest.approx(1.0, abs=0.02)


def test_sines_begin_each_at_a_phase_of_its_own_and_other_sources_anew_at_every_step() -> None:
    _, _, factors = items({"kind": "mixed_sources", "law": "sine"}, 3000)
    begun = factors["source"][0, :, 0]
    assert (torch.corrcoef(begun.mT) - torch.eye(4)).abs().max().item() < 0.08
    for law in ("laplace", "uniform", "gaussian"):
        source = items({"kind": "mixed_sources", "law": law}, 500, steps=6)[2]["source"][0, :, :, 0]
        assert (torch.corrcoef(source.mT) - torch.eye(6)).abs().max().item() < 0.2


@pytest.mark.parametrize(("modes", "radius", "sd"), [(3, 1.0, 0.2), (5, 4.0, 0.01)])
def test_a_ring_has_its_number_of_places_its_radius_and_its_spread(modes: int, radius: float, sd: float) -> None:
    channels, label, _ = items({"kind": "ring", "modes": modes, "radius": radius, "sd": sd}, 2000)
    assert label is not None
    place = label[0, :, 0]
    assert torch.bincount(place).tolist() == pytest.approx([2000 / modes] * modes, rel=0.15)
    angle = place * 2 * math.pi / modes
    away = channels["point"][0, :, 0] - radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    assert away.std(dim=0).tolist() == pytest.approx([sd] * 2, rel=0.06)


def test_points_lie_about_their_places() -> None:
    channels, label, _ = items({"kind": "ring"}, 4000)
    assert label is not None
    point, place = channels["point"][0, :, 0], label[0, :, 0]
    assert torch.bincount(place).min().item() > 430
    angle = place * 2 * math.pi / 8
    away = point - 2.0 * torch.stack([angle.cos(), angle.sin()], dim=1)
    assert away.std().item() == pytest.approx(0.05, rel=0.05)
    assert away.norm(dim=1).max().item() < 0.05 * 5.5


def test_the_right_strip_is_the_left_moved_by_the_disparity() -> None:
    channels, label, factors = items({"kind": "stereograms", "width": 12, "disparity": 2}, 3000)
    assert label is not None
    for name, factor in (("patch1", "disparity"), ("patch2", "other")):
        left, right = channels[name][0, :, 0].split(12, dim=1)
        shift = factors[factor][0, :, 0].long()
        for moved in range(-2, 3):
            here = shift == moved
            kept = slice(2, 10)
            assert torch.equal(right[here][:, kept], left[here][:, 2 + moved : 10 + moved])
    assert torch.equal(factors["disparity"], factors["other"])
    assert torch.bincount(label.flatten()).tolist() == pytest.approx([600] * 5, rel=0.15)
    assert set(channels["patch1"].flatten().tolist()) == {-1.0, 1.0}


def test_patches_are_alike_as_often_as_they_are_coherent() -> None:
    _, _, factors = items({"kind": "stereograms", "disparity": 1, "coherent": 0.5}, 6000)
    alike = (factors["disparity"] == factors["other"]).double().mean().item()
    assert alike == pytest.approx(0.5 + 0.5 / 3, abs=0.02)
    other = torch.bincount((factors["other"].flatten() + 1).long(), minlength=3)
    assert other.tolist() == pytest.approx([2000] * 3, abs=150)


def test_one_patch_alone_and_patches_without_relation_tell_nothing_of_the_other() -> None:
    channels, _, _ = items({"kind": "stereograms"}, 3000)
    for name in ("patch1", "patch2"):
        left, right = channels[name][0, :, 0].split(10, dim=1)
        assert left.mean(dim=0).abs().max().item() < 0.08
        assert right.mean(dim=0).abs().max().item() < 0.08
    _, _, factors = items({"kind": "stereograms", "coherent": 0.0}, 3000)
    pair = torch.stack([factors["disparity"].flatten(), factors["other"].flatten()])
    assert abs(torch.corrcoef(pair)[0, 1].item()) < 0.06


def test_canals_tell_of_the_head_and_the_scene_goes_as_lenses_make_it() -> None:
    channels, _, factors = items({"kind": "vor", "canals": 4, "lens": -2.0, "noise": 0.1}, 4000)
    head = factors["head"].flatten()
    torch.testing.assert_close(channels["scene"].flatten(), -2.0 * head)
    left = channels["canals"].reshape(-1, 4) - head[:, None] * torch.tensor([1.0, -1.0, 1.0, -1.0])
    assert left.std(dim=0).tolist() == pytest.approx([0.1] * 4, rel=0.05)
    assert abs(float(head.mean())) < 0.06
    assert float(head.std()) == pytest.approx(1.0, abs=0.05)
