"""Disks, gratings, bars, leaves: statistics known by hand or from photographs."""

from __future__ import annotations

import math

import pytest
import torch
from showing import items
from torch import Tensor

from models.specs.worlds.nature import DeadLeavesSpec
from models.worlds import dead_leaves


def test_disks_are_bright_at_their_centre_and_noise_is_even() -> None:
    channels, label, factors = items({"kind": "noisy_disks", "frame": 31}, 2000)
    assert label is None
    retina, centre = channels["retina"][0, :, 0, 0], factors["centre"][0, :, 0]
    assert centre.abs().max().item() <= 1.3
    assert centre.std().item() == pytest.approx(1.3 / math.sqrt(3), rel=0.03)
    column, row = ((centre + 1) * 15).round().long().unbind(1)
    inside = (centre.abs() < 0.9).all(dim=1)
    middle = retina[torch.arange(2000), row.clamp(0, 30), column.clamp(0, 30)][inside]
    assert 1.0 <= middle.min().item() <= middle.max().item() <= 1.3
    axis = torch.linspace(-1, 1, 31)
    far = (axis - centre[:, 0, None, None]).square() + (axis[:, None] - centre[:, 1, None, None]).square() > 1.5
    assert retina[far].mean().item() == pytest.approx(0.15, abs=0.003)
    assert retina[far].var().item() == pytest.approx(0.3**2 / 12, rel=0.03)
    quiet, _, _ = items({"kind": "noisy_disks", "frame": 31, "noise": 0.0}, 3)
    assert quiet["retina"].max().item() == 1.0


def test_gratings_have_their_orientation_and_frequency() -> None:
    channels, label, factors = items({"kind": "gratings", "frame": 64, "frequencies": [4.0, 9.0]}, 60)
    retina = channels["retina"][0, :, 0, 0] - 0.5
    assert retina.abs().max().item() == pytest.approx(0.5, abs=0.01)
    window = torch.hann_window(64, periodic=False)
    power = torch.fft.fft2(retina * window * window[:, None], s=(256, 256)).abs()
    power[:, 0, 0] = 0.0
    peak = power[:, :128].flatten(1).argmax(dim=1)
    # 256 bins over 4 times 63 / 64 of the frame: f cycles of the frame fall on bin 4 f 64 / 63.
    down, right = (peak // 256) * 63 / 256, ((peak % 256 + 128) % 256 - 128) * 63 / 256
    frequency, angle = factors["frequency"][0, :, 0], factors["orientation"][0, :, 0]
    torch.testing.assert_close((down.square() + right.square()).sqrt(), frequency, atol=0.25, rtol=0)
    off = (torch.atan2(down, right) - angle).remainder(math.pi)
    assert torch.minimum(off, math.pi - off).max().item() < 0.06
    assert label is not None
    torch.testing.assert_close(angle, label[0, :, 0] * math.pi / 16)


def test_a_grating_drifts_by_its_speed() -> None:
    options = {"kind": "gratings", "drift": 0.25, "frame": 16}
    channels, _, factors = items(options, 20, steps=5)
    torch.testing.assert_close(channels["retina"][:, :, 0], channels["retina"][:, :, 4], atol=1e-4, rtol=0)
    torch.testing.assert_close(channels["retina"][:, :, 1], 1.0 - channels["retina"][:, :, 3], atol=1e-4, rtol=0)
    assert 0.0 <= factors["phase"].min().item() <= factors["phase"].max().item() < 2 * math.pi + 1e-6


def test_a_grid_is_every_grating_once() -> None:
    options = {"kind": "gratings", "orientations": 4, "frequencies": [2.0, 3.0], "grid": 5, "frame": 8}
    _, label, factors = items(options, 40)
    rows = torch.stack([*(each[0, :, 0] for each in factors.values())], dim=1)
    assert len(torch.unique(rows, dim=0)) == 40
    assert label is not None
    assert label.flatten().tolist() == [k for k in range(4) for _ in range(10)]


def test_a_pixel_is_on_if_one_of_its_bars_is() -> None:
    channels, _, factors = items({"kind": "bars"}, 4000)
    retina, bars = channels["retina"][0, :, 0, 0], factors["bars"][0, :, 0]
    assert bars.mean().item() == pytest.approx(0.125, abs=0.004)
    assert retina.mean().item() == pytest.approx(1 - 0.875**2, abs=0.006)
    assert torch.equal(retina[:, 3, 5], torch.maximum(bars[:, 3], bars[:, 8 + 5]))


def test_bars_are_as_likely_as_they_should_be() -> None:
    channels, _, factors = items({"kind": "bars", "side": 5, "probability": 0.3}, 4000)
    assert factors["bars"].mean().item() == pytest.approx(0.3, abs=0.01)
    assert channels["retina"].mean().item() == pytest.approx(1 - 0.7**2, abs=0.012)


def scenes(count: int, **options: object) -> Tensor:
    world = dead_leaves.DeadLeaves(DeadLeavesSpec(kind="dead_leaves", **options), "train")  # type: ignore[arg-type]
    return torch.stack([world._scene(number) for number in range(count)])


def power_slope(scene: Tensor) -> float:
    """Exponent of the power spectrum between 3 and 32 cycles of the scene."""
    window = torch.hann_window(128)
    power = torch.fft.fft2((scene - scene.mean(dim=(-1, -2), keepdim=True)) * window * window[:, None]).abs().square()
    cycles = torch.fft.fftfreq(128) * 128
    radius = (cycles.square() + cycles[:, None].square()).sqrt()
    rings = torch.arange(3, 32)
    value = torch.stack([power.mean(dim=0)[(radius >= k - 0.5) & (radius < k + 0.5)].mean() for k in rings])
    design = torch.stack([rings.float().log(), torch.ones(len(rings))], dim=1)
    return float(torch.linalg.lstsq(design, value.log()[:, None]).solution[0])


def test_leaves_have_the_power_and_the_edges_of_natural_pictures() -> None:
    scene = scenes(12)[:, 0]
    assert power_slope(scene) == pytest.approx(-2.1, abs=0.3)
    step = scene.diff(dim=2)
    assert (step.pow(4).mean() / step.square().mean().square()).item() > 8.0
    assert power_slope(torch.rand(4, 128, 128, generator=torch.Generator().manual_seed(0))) > -0.3


def test_no_point_is_bare_and_later_leaves_hide_earlier_ones() -> None:
    x, y = torch.tensor([*[128.0] * 96, 100.0, 110.0]), torch.full((98,), 128.0)
    radius = torch.tensor([*[300.0] * 96, 10.0, 3.0])
    top = dead_leaves._topmost(x, y, radius)
    assert top.min().item() == 96
    assert (top[128, 100].item(), top[128, 108].item(), top[128, 113].item()) == (97, 98, 96)
    assert (top == 97).sum().item() + (top == 98).sum().item() == pytest.approx(math.pi * 100, rel=0.1)


def test_windows_tile_their_scene() -> None:
    channels, _, _ = items({"kind": "dead_leaves"}, 16)
    rows = channels["retina"][0, :, 0, 0].reshape(4, 4, 32, 32).permute(0, 2, 1, 3).reshape(128, 128)
    assert (rows - scenes(1)[0, 0]).abs().max().item() <= 0.5 / 255 + 1e-6


def test_colours_keep_the_edges_and_whitening_flattens_power() -> None:
    colour = scenes(2, channels=3)
    assert colour.shape == (2, 3, 128, 128)
    assert 0.0 <= colour.min().item() <= colour.max().item() <= 1.0
    pair = torch.stack([colour[:, 0].diff(dim=2).flatten(), colour[:, 1].diff(dim=2).flatten()])
    assert torch.corrcoef(pair)[0, 1].item() > 0.7
    white = scenes(8, whiten=True)[:, 0]
    assert white.mean(dim=(1, 2)).abs().max().item() < 1e-5
    assert white.std(dim=(1, 2), correction=0).tolist() == pytest.approx([1.0] * 8, abs=1e-4)
    assert power_slope(white) > -0.6
