"""Transforms of single frames, by values worked out by hand and by limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

Apply = Callable[..., Tensor]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


def test_blur_of_a_point_is_a_gaussian_of_the_lives_own_width(apply: Apply) -> None:
    x = torch.zeros(2, 1, 1, 41)
    x[..., 20] = 1.0
    y = apply(x, [1.0, 0.5], kind="blur", sigma=4.0)[:, 0, 0]
    place = torch.arange(41) - 20
    assert y.sum(-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
    assert (y * place**2).sum(-1).tolist() == pytest.approx([16.0, 4.0], rel=0.01)
    assert y[1, 20].item() == pytest.approx(1 / (2 * math.sqrt(2 * math.pi)), rel=1e-3)


def test_blur_of_an_image_is_separable_and_keeps_a_constant(apply: Apply) -> None:
    x = torch.zeros(1, 1, 1, 1, 9, 15)
    x[..., 4, 7] = 1.0
    y = apply(x, kind="blur", sigma=1.2)[0, 0, 0, 0]
    torch.testing.assert_close(y, y.sum(1, keepdim=True) * y.sum(0, keepdim=True) / y.sum())
    flat = torch.full((1, 2, 1, 1, 9, 15), 0.7)
    torch.testing.assert_close(apply(flat, kind="blur", sigma=1.2), flat)


@pytest.mark.parametrize("shape", [(9, 15), (1, 9, 15), (3, 9, 15)])
def test_images_blur_and_lose_detail_along_both_axes(apply: Apply, shape: tuple[int, ...]) -> None:
    x = torch.zeros(1, 1, 1, *shape)
    x[..., 4, 7] = 1.0
    for spec in ({"kind": "blur", "sigma": 1.2}, {"kind": "downsample", "factor": 3}):
        y = apply(x, **spec)
        assert (y[..., 4, 5].min().item() > 0.0, y[..., 3, 7].min().item() > 0.0) == (True, True)


def test_blur_of_width_0_changes_nothing_at_any_strength(apply: Apply) -> None:
    x = random(1, 2, 1, 30)
    assert torch.equal(apply(x, kind="blur", sigma=0.0), x)


def test_downsampling_by_two_weighs_neighbours_as_triangles_do(apply: Apply) -> None:
    x = torch.tensor([0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0]).reshape(1, 1, 1, 8)
    # Down: pixel 1 covers samples 1..4 with 1, 3, 3, 1 eighths, pixel 2 samples 3..6; so 3 and 1 of the 8.
    # Up: sample i lies at (i + 1/2)/2 - 1/2 between pixels, 1/4 or 3/4 of the way.
    up = [0.0, 0.75, 2.25, 2.5, 1.5, 0.75, 0.25, 0.0]
    assert apply(x, kind="downsample", factor=2).flatten().tolist() == pytest.approx(up)


def test_downsampling_agrees_with_pillow_like_resampling_of_torch(apply: Apply) -> None:
    x = random(1, 2, 1, 3, 32, 20)
    small = torch.nn.functional.interpolate(x[0, :, 0], size=(8, 5), mode="bilinear", antialias=True)
    wide = torch.nn.functional.interpolate(small, size=(32, 20), mode="bilinear")
    torch.testing.assert_close(apply(x, kind="downsample", factor=4)[0, :, 0], wide, atol=1e-5, rtol=1e-5)
    half = apply(x, 0.5, kind="downsample", factor=4)
    torch.testing.assert_close(half[0, :, 0], (x[0, :, 0] + wide) / 2, atol=1e-5, rtol=1e-5)


def test_the_number_of_samples_that_are_left_is_rounded(apply: Apply) -> None:
    x = random(1, 2, 1, 7)
    few = torch.nn.functional.interpolate(x[0, :, 0, None, None], size=(1, 2), mode="bilinear", antialias=True)
    wide = torch.nn.functional.interpolate(few, size=(1, 7), mode="bilinear")[:, 0, 0]
    torch.testing.assert_close(apply(x, kind="downsample", factor=4)[0, :, 0], wide, atol=1e-5, rtol=1e-5)


def test_downsampling_to_one_sample_keeps_a_constant(apply: Apply) -> None:
    flat = torch.full((1, 1, 1, 7), 0.3)
    torch.testing.assert_close(apply(flat, kind="downsample", factor=64), flat)


def test_contrast_fades_every_frame_to_its_own_mean(apply: Apply) -> None:
    x = torch.tensor([[0.0, 2.0], [4.0, 10.0]]).reshape(1, 1, 2, 2)
    assert apply(x, kind="contrast").flatten().tolist() == [1.0, 1.0, 7.0, 7.0]
    assert apply(x, 0.75, kind="contrast").flatten().tolist() == [0.75, 1.25, 6.25, 7.75]


def test_colours_fade_to_the_grey_of_their_own_pixel(apply: Apply) -> None:
    x = torch.tensor([[0.0, 1.0], [3.0, 1.0], [6.0, 1.0]]).reshape(1, 1, 1, 3, 1, 2)
    assert apply(x, kind="desaturate").flatten().tolist() == [3.0, 1.0] * 3
    assert apply(x, 0.5, kind="desaturate").flatten().tolist() == [1.5, 1.0, 3.0, 1.0, 4.5, 1.0]


def test_noise_has_the_asked_size_and_is_new_for_every_presentation_and_life(apply: Apply) -> None:
    x = torch.zeros(2, 50, 2, 1, 28, 28)
    y = apply(x, [1.0, 0.5], kind="noise", sigma=0.5)
    assert y.std(dim=(1, 2, 3, 4, 5)).tolist() == pytest.approx([0.5, 0.25], rel=0.03)
    assert y.mean().abs().item() < 0.01
    some = y[:, :, 0].flatten(2).flatten(0, 1)[[0, 1, 50]]
    assert torch.corrcoef(some).fill_diagonal_(0).abs().max().item() < 0.2
    assert not torch.equal(apply(x, kind="noise", sigma=0.5), apply(x, first=50, kind="noise", sigma=0.5))


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "noise", "sigma": 0.5},
        {"kind": "replace_noise", "mean": 0.0, "sigma": 0.5},
        {"kind": "eye", "sense": "retina"},
    ],
)
def test_noise_is_new_in_every_frame(apply: Apply, spec: dict[str, object]) -> None:
    y = apply(torch.zeros(1, 20, 4, 1, 20, 20), **spec)[0].transpose(0, 1).flatten(1)
    assert (torch.corrcoef(y) - torch.eye(4)).abs().max().item() < 0.05


def test_the_noise_of_a_closed_eye_is_not_that_which_is_added(apply: Apply) -> None:
    x = torch.zeros(1, 20, 1, 1, 20, 20)
    both = torch.stack([apply(x, kind="noise", sigma=1.0), apply(x, kind="eye", sense="retina", noise=1.0)]).flatten(1)
    assert abs(torch.corrcoef(both)[0, 1].item()) < 0.05


def test_lost_items_have_the_mean_that_is_asked_for(apply: Apply) -> None:
    y = apply(torch.zeros(1, 200, 1, 10, 10), kind="replace_noise", mean=-0.25, sigma=0.1)
    assert y.mean().item() == pytest.approx(-0.25, abs=0.01)


def test_lost_items_are_noise_of_the_asked_mean_and_size_and_the_others_untouched(apply: Apply) -> None:
    x = torch.full((1, 2000, 2, 5, 5), 9.0)
    y = apply(x, 0.25, kind="replace_noise", mean=0.5, sigma=0.2)
    lost = (y != 9.0).all(dim=(2, 3, 4))
    assert torch.equal(lost, (y != 9.0).any(dim=4).any(dim=3).any(dim=2))
    assert lost.float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert y[lost].mean().item() == pytest.approx(0.5, abs=0.01)
    assert y[lost].std().item() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("left", [[9, 9, 2, 3], [9, 9, 6, 7]]),
        ("right", [[0, 1, 9, 9], [4, 5, 9, 9]]),
        ("top", [[9, 9, 9, 9], [4, 5, 6, 7]]),
        ("bottom", [[0, 1, 2, 3], [9, 9, 9, 9]]),
        ("centre", [[0, 9, 9, 3], [4, 5, 6, 7]]),
    ],
)
def test_occlusion_covers_its_region(apply: Apply, region: str, expected: list[list[float]]) -> None:
    x = torch.arange(8.0).reshape(1, 1, 1, 1, 2, 4)
    assert apply(x, kind="occlude", region=region, fill=9.0)[0, 0, 0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("region", "share", "expected"),
    [
        ("left", 0.25, [9, 9, 1, 1, 1, 1, 1, 1]),
        ("right", 0.375, [1] * 5 + [9] * 3),
        ("centre", 0.25, [1, 1, 1, 9, 9, 1, 1, 1]),
    ],
)
def test_an_occlusion_has_its_share(apply: Apply, region: str, share: float, expected: list[float]) -> None:
    assert (
        apply(torch.ones(1, 1, 1, 8), kind="occlude", region=region, share=share, fill=9.0).flatten().tolist()
        == expected
    )


def test_half_an_occlusion_is_half_way_to_the_fill(apply: Apply) -> None:
    y = apply(torch.ones(1, 1, 1, 4), 0.5, kind="occlude", region="right", fill=2.0)
    assert y.flatten().tolist() == [1.0, 1.0, 1.5, 1.5]


def test_a_permutation_moves_pixels_alike_in_all_channels_frames_and_lives(apply: Apply) -> None:
    x = torch.arange(12.0).reshape(3, 4) + torch.tensor([0.0, 100.0]).reshape(2, 1, 1)
    y = apply(x.expand(2, 3, 5, 2, 3, 4), kind="permute", seed=4)
    first = y[0, 0, 0, 0].flatten()
    assert sorted(first.tolist()) == list(range(12))
    assert first.tolist() != list(range(12))
    assert torch.equal(y - torch.tensor([0.0, 100.0]).reshape(2, 1, 1), first.reshape(3, 4).expand_as(y))


def test_seeds_and_tasks_are_other_permutations(apply: Apply) -> None:
    x = torch.arange(40.0).reshape(1, 1, 1, 40)
    orders = {
        tuple(apply(x, kind="permute", seed=seed, task=task).flatten().tolist()) for seed in (0, 1) for task in (0, 1)
    }
    assert len(orders) == 4


def test_a_quarter_turn_counterclockwise_is_rot90(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    x = random(1, 1, 1, 1, 7, 7)
    drawn_at(monkeypatch, 0.5, 0.5, 1.0, 0.5)
    turned = apply(x, kind="affine", shift=0.0, turn=math.pi / 2)
    torch.testing.assert_close(turned, torch.rot90(x, dims=(-2, -1)), atol=1e-5, rtol=1e-5)


def test_a_turn_of_a_wide_image_keeps_angles(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.zeros(1, 1, 1, 5, 11)
    x[..., 2, 3:8] = 1.0
    drawn_at(monkeypatch, 0.5, 0.5, 1.0, 0.5)
    turned = apply(x, kind="affine", shift=0.0, turn=math.pi / 2)
    expected = torch.zeros(5, 11)
    expected[:, 5] = 1.0
    torch.testing.assert_close(turned[0, 0, 0], expected, atol=1e-5, rtol=1e-5)


def test_a_shift_moves_right_and_down_and_leaves_darkness(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.arange(1.0, 9.0).reshape(1, 1, 1, 2, 4)
    drawn_at(monkeypatch, 1.0, 1.0, 0.5, 0.5)
    moved = apply(x, kind="affine", shift=0.5)
    torch.testing.assert_close(moved[0, 0, 0], torch.tensor([[0.0, 0, 0, 0], [0, 0, 1, 2]]), atol=1e-5, rtol=0)
    quarter = apply(x, 0.5, kind="affine", shift=0.5)
    torch.testing.assert_close(quarter[0, 0, 0, 1], torch.tensor([0.0, 3, 4, 5]), atol=1e-5, rtol=0)


def test_a_zoom_of_one_half_more_draws_the_middle_out(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.arange(7.0).expand(1, 1, 1, 7, 7)
    drawn_at(monkeypatch, 0.5, 0.5, 0.5, 1.0)
    zoomed = apply(x, kind="affine", shift=0.0, zoom=0.5)
    expected = 3.0 + (torch.arange(7.0) - 3.0) / 1.5
    torch.testing.assert_close(zoomed[0, 0, 0, 3], expected, atol=1e-5, rtol=0)


def test_a_zoom_and_a_quarter_turn_together(apply: Apply, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.arange(7.0).expand(1, 1, 1, 7, 7)
    drawn_at(monkeypatch, 0.5, 0.5, 1.0, 1.0)
    turned = apply(x, kind="affine", shift=0.0, turn=math.pi / 2, zoom=0.5)
    # what rose to the right rises upwards, by 1 / 1.5 a pixel
    expected = 3.0 - (torch.arange(7.0) - 3.0) / 1.5
    torch.testing.assert_close(turned[0, 0, 0, :, 3], expected, atol=1e-5, rtol=0)


def drawn_at(monkeypatch: pytest.MonkeyPatch, *unit: float) -> None:
    """Draws at these places of (0, 1) instead of at addressed ones."""
    monkeypatch.setattr(
        "models.draw.Draw.uniform", lambda self, *shape: torch.tensor(unit).expand(*self.index_NB.shape, *shape)
    )


def test_movements_fill_their_range_and_are_alike_in_all_frames(apply: Apply) -> None:
    x = torch.zeros(1, 400, 2, 1, 33, 33)
    x[..., 16, 16] = 1.0
    y = apply(x, kind="affine", shift=0.25)
    assert torch.equal(y[:, :, 0], y[:, :, 1])
    column = (y[0, :, 0, 0] * torch.arange(33.0)).sum((-1, -2)) / y[0, :, 0, 0].sum((-1, -2)) - 16.0
    assert column.abs().max().item() == pytest.approx(0.25 * 33, abs=0.5)
    assert column.std().item() == pytest.approx(0.25 * 33 / math.sqrt(3), rel=0.1)


def grating(angle: float, cycles: float, size: int = 32) -> Tensor:
    """Contours at an angle from the horizontal, counterclockwise, about 0.5."""
    down, right = torch.meshgrid(torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    across = right * math.sin(angle) + down * math.cos(angle)
    return (0.5 + torch.cos(2 * math.pi * cycles * across / size)).reshape(1, 1, 1, 1, size, size)


@pytest.mark.parametrize("angle", [0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4])
def test_contours_of_the_orientation_pass_and_those_across_do_not(apply: Apply, angle: float) -> None:
    cycles = 4.0 * (math.sqrt(2) if angle % (math.pi / 2) else 1.0)
    along, across = grating(angle, cycles), grating(angle + math.pi / 2, cycles)
    torch.testing.assert_close(apply(along, kind="orientation_filter", angle=angle), along, atol=1e-4, rtol=1e-4)
    flat = apply(across, kind="orientation_filter", angle=angle)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5), atol=1e-3, rtol=0)


def test_a_contour_one_width_off_loses_as_a_gaussian_does(apply: Apply) -> None:
    x = grating(math.pi / 4, 4.0 * math.sqrt(2))
    y = apply(x, kind="orientation_filter", angle=0.0, width=math.pi / 4)
    torch.testing.assert_close(y - 0.5, math.exp(-0.5) * (x - 0.5), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("cycles", "share"), [(2, 1 / (1 + (2 / 8) ** 8)), (8, 0.5), (12, 1 / (1 + (12 / 8) ** 8))])
def test_frequencies_below_the_edge_pass_and_the_edge_has_half(apply: Apply, cycles: int, share: float) -> None:
    x = torch.cos(2 * math.pi * cycles * torch.arange(64.0) / 64).reshape(1, 1, 1, 64) + 0.3
    y = apply(x, kind="bandpass", high=8 / 64)
    torch.testing.assert_close(y, share * (x - 0.3) + 0.3, atol=1e-5, rtol=1e-4)


def test_half_a_band_is_half_way_to_it(apply: Apply) -> None:
    x = torch.cos(2 * math.pi * 8 * torch.arange(64.0) / 64).reshape(1, 1, 1, 64)
    torch.testing.assert_close(apply(x, [0.5], kind="bandpass", high=8 / 64), 0.75 * x, atol=1e-5, rtol=1e-4)


def test_a_band_with_a_lower_edge_loses_the_mean(apply: Apply) -> None:
    x = grating(0.0, 4.0)
    y = apply(x, kind="bandpass", low=4 / 32, high=0.5)
    share = 0.5 / (1 + (4 / 16) ** 8)
    torch.testing.assert_close(y, share * (x - 0.5), atol=1e-5, rtol=1e-4)
