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


def test_a_disc_falls_off_as_a_gaussian_beyond_its_radius() -> None:
    channels, _, factors = items({"kind": "noisy_disks", "frame": 15, "noise": 0.0}, 8)
    for item in range(8):
        right, down = factors["centre"][0, item, 0].tolist()
        for row in range(15):
            for column in range(15):
                away = max(0.0, math.hypot(column / 7 - 1 - right, row / 7 - 1 - down) - 0.5)
                expected = math.exp(-(away**2) / (2 * 0.15**2))
                assert channels["retina"][0, item, 0, 0, row, column].item() == pytest.approx(expected, abs=1e-5)


def test_gratings_are_those_of_the_formula() -> None:
    options = {"kind": "gratings", "frame": 9, "orientations": 5, "frequencies": [2.5, 4.0], "contrast": 0.4}
    channels, _, factors = items(options | {"drift": 0.13}, 40, steps=3)
    told = [factors[name][0, ..., None, None] for name in ("orientation", "frequency", "phase")]
    x, angle, turns, phase = torch.linspace(-1, 1, 9), *told
    along = x * angle.cos() + x[:, None] * angle.sin()
    expected = 0.5 + 0.2 * (math.pi * turns * along + phase).sin()
    torch.testing.assert_close(channels["retina"][0, :, :, 0], expected, atol=1e-5, rtol=0)
    step = (factors["phase"].diff(dim=2) / (2 * math.pi)).remainder(1.0)
    torch.testing.assert_close(step, torch.full_like(step, 0.13), atol=1e-5, rtol=0)
    assert set((factors["orientation"] * 5 / math.pi).round().flatten().tolist()) == {0, 1, 2, 3, 4}


def test_phases_are_anywhere() -> None:
    _, _, factors = items({"kind": "gratings", "frame": 8}, 2000)
    turns = factors["phase"].flatten() / (2 * math.pi)
    assert (turns.mean().item(), turns.var().item()) == pytest.approx((1 / 2, 1 / 12), rel=0.05)


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
    assert factors["frequency"].flatten().tolist() == [*[2.0] * 5, *[3.0] * 5] * 4
    turns = factors["phase"].flatten() / (2 * math.pi)
    assert turns.tolist() == pytest.approx([k / 5 for _ in range(8) for k in range(5)])


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


@pytest.fixture
def laid(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """x, y and radius of the discs of a scene, in which every disc then lies on top in turn, point by point."""
    seen: list[Tensor] = []

    def topmost(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
        seen.extend([x, y, radius])
        return (torch.arange(256 * 256) % len(x) + 1).reshape(256, 256)

    monkeypatch.setattr(dead_leaves, "_topmost", topmost)
    return seen


def test_discs_have_the_radii_and_places_of_the_recipe(laid: list[Tensor]) -> None:
    """On the fine grid, of half a pixel."""
    scenes(12)
    x, y, radius = (torch.stack(laid[part::3]) for part in range(3))
    large, leaves = radius[:, :96].log2(), radius[:, 96:]
    assert leaves.shape == (12, 2000)
    assert (float(large.min()), float(large.max()), float(large.mean())) == pytest.approx((5.0, 7.0, 6.0), abs=0.03)
    assert (float(leaves.min()), float(leaves.max())) == pytest.approx((2.0, 128.0), rel=0.3)
    # p(r) ~ r^-3: r^-2 is uniform
    assert float(leaves.pow(-2).mean()) == pytest.approx((2.0**-2 + 128.0**-2) / 2, rel=0.01)
    assert float(leaves.pow(-2).var()) == pytest.approx((2.0**-2 - 128.0**-2) ** 2 / 12, rel=0.03)
    for place in (x, y):
        assert (float(place.min()), float(place.max())) == pytest.approx((-64.0, 320.0), abs=1.0)
        assert float(place.mean()) == pytest.approx(128.0, abs=4.0)
    assert abs(float(torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1])) < 0.03


def test_greys_are_even_and_four_points_make_a_pixel(laid: list[Tensor]) -> None:
    grey = scenes(2)
    # means of four independent uniform numbers
    assert (float(grey.mean()), float(grey.var())) == pytest.approx((1 / 2, 1 / 48), rel=0.05)
    colour = scenes(2, channels=3)
    apart = colour[:, 0] - colour[:, 1]
    # hues of U(-.2, .2) differ by variance 2 (.4^2 / 12), a quarter of it in a pixel, a little less where they are cut
    assert 0.8 < float(apart.var()) / (0.4**2 / 24) < 1.0


def test_whitening_is_the_filter_of_its_formula() -> None:
    scene = torch.rand(1, 128, 128, generator=torch.Generator().manual_seed(0))
    gain = (torch.fft.rfft2(dead_leaves._whitened(scene))[0].abs() / torch.fft.rfft2(scene)[0].abs()).double()

    def passed(frequency: float) -> float:
        return frequency * math.exp(-((frequency / 0.4) ** 4))

    for row, column in ((0, 40), (50, 0), (30, 40), (0, 60), (3, 4)):
        expected = passed(math.hypot(row, column) / 128) / passed(20 / 128)
        assert float(gain[row, column] / gain[0, 20]) == pytest.approx(expected, rel=1e-3)


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
