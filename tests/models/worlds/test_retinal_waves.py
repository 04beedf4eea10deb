"""Waves: how often cells fire, how far waves go, how neighbours agree."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from showing import items
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds.nature import RetinalWavesSpec
from models.worlds import retinal_waves
from models.worlds.retinal_waves import _Sheets

SOURCE = RetinalWavesSpec(kind="retinal_waves")


def sheets(count: int = 6, source: RetinalWavesSpec = SOURCE) -> _Sheets:
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=word("test"))
    return _Sheets(source, draw, torch.arange(count))


@pytest.fixture(scope="module")
def life() -> tuple[Tensor, Tensor]:
    """When each cell fired, wave by wave (-1: not), in seconds; and the share of the sheet each wave took."""
    sheet = sheets()
    gap = (-sheet._of_seeds("gap").neg().log1p() / retinal_waves._SEEDS_PER_STEP).round()
    fired, shares = [], []
    for number in range(52):
        before = sheet._rest_until.clone()
        _, share = sheet._wave(number, gap[:, number])
        moved = sheet._rest_until != before
        fired.append(torch.where(moved, sheet._now[:, None, None] / 10, -1.0))
        shares.append(share)
    return torch.stack(fired[12:], dim=1), torch.stack(shares[12:], dim=1)


def test_a_cell_takes_part_about_every_hundred_seconds(life: tuple[Tensor, Tensor]) -> None:
    times = life[0][:, :, ::5, ::5].flatten(2).permute(0, 2, 1).flatten(0, 1)
    intervals = torch.cat([each[each >= 0].diff() for each in times])
    assert 60.0 < intervals.median().item() < 120.0


def test_a_tenth_to_six_tenths_of_waves_are_neither_specks_nor_floods(life: tuple[Tensor, Tensor]) -> None:
    middle = ((life[1] > 0.02) & (life[1] < 0.6)).float().mean().item()
    assert 0.1 < middle < 0.6


def test_neighbours_agree_and_distant_cells_less() -> None:
    channels, _, _ = items({"kind": "retinal_waves"}, 64, steps=16)
    x = channels["retina"][0, :, :, 0]
    x = x - x.mean(dim=(0, 1))
    agreement = [
        (x[..., apart:] * x[..., :-apart]).mean().item() / x.square().mean().item() for apart in (1, 4, 16, 32)
    ]
    assert agreement == sorted(agreement, reverse=True)
    assert agreement[0] > 0.5
    assert agreement[3] < 0.35


def test_a_single_cell_sets_nothing_off_where_six_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retinal_waves, "_THRESHOLD", 6)
    sheet = sheets(4)
    whole = sheet._seeded

    def single(one: Draw) -> Tensor:
        disc = whole(one)
        rank = disc.flatten(1).cumsum(dim=1).reshape(disc.shape)
        return disc & (rank == 1)

    monkeypatch.setattr(sheet, "_seeded", single)
    shares = torch.stack([sheet._wave(number, torch.full((4,), 100.0))[1] for number in range(10)])
    assert shares.max().item() <= 1 / 48**2 + 1e-9


def test_clips_show_waves_and_their_truth() -> None:
    channels, label, factors = items({"kind": "retinal_waves"}, 32, steps=16)
    x = channels["retina"][0, :, :, 0]
    assert label is None
    assert set(x.flatten().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(factors["active"][0], x.mean(dim=(2, 3)))
    assert (x.sum(dim=(2, 3)) > 0).float().mean().item() > 0.6
    # Most waves that are shown take 1 % of the sheet or more.
    assert (factors["recruited"][0, :, 0] >= 0.01).float().mean().item() > 0.8
    axis = torch.linspace(-1, 1, 48)
    right = (x.sum(dim=2) * axis).sum(dim=2) / x.sum(dim=(2, 3)).clamp(min=1)
    torch.testing.assert_close(factors["front"][0, ..., 0], right, atol=1e-4, rtol=0)


def test_smaller_frames_are_means_of_the_sheet() -> None:
    fine, _, told = items({"kind": "retinal_waves"}, 16, steps=4)
    coarse, _, _ = items({"kind": "retinal_waves", "frame": [1, 16, 16]}, 16, steps=4)
    assert coarse["retina"].shape[-2:] == (16, 16)
    share = torch.nn.functional.avg_pool2d(fine["retina"][0, :, :, 0], 3)
    assert told["active"].mean() > 0
    assert 0.2 < coarse["retina"].mean().item() / share.mean().item() < 5.0
    values = torch.unique(coarse["retina"] * 9)
    torch.testing.assert_close(values, values.round(), atol=0.02, rtol=0)


def test_waves_run_to_the_side_they_are_biased_to() -> None:
    def drift(bias: int) -> float:
        options: dict[str, Any] = {"kind": "retinal_waves", "direction_bias": bias, "speed": 2}
        _, _, factors = items(options, 64, steps=8)
        wide = (factors["active"][0] > 0.004).all(dim=1)
        return float((factors["front"][0, wide, 7, 0] - factors["front"][0, wide, 0, 0]).mean())

    assert abs(drift(0)) < 0.1
    assert drift(2) > 0.15


@pytest.mark.parametrize("shuffle", ["pixels", "time", "phase"])
def test_controls_keep_how_much_is_on_and_lose_what_they_should(shuffle: str) -> None:
    options: dict[str, Any] = {"kind": "retinal_waves", "frame": [1, 24, 24]}
    plain, _, truth = items(options, 16, steps=16)
    mixed, _, told = items(options | {"shuffle": shuffle}, 16, steps=16)
    x, y = plain["retina"][0, :, :, 0], mixed["retina"][0, :, :, 0]
    torch.testing.assert_close(x.sum(dim=(1, 2, 3)), y.sum(dim=(1, 2, 3)), atol=0.2, rtol=1e-3)

    def neighbours(z: Tensor) -> float:
        z = z - z.mean(dim=(0, 1))
        return float((z[..., 1:] * z[..., :-1]).mean() / z.square().mean())

    if shuffle == "pixels":
        assert neighbours(x) > 0.6
        assert abs(neighbours(y)) < 0.45
        assert torch.equal(x.flatten(2).sort(dim=2).values, y.flatten(2).sort(dim=2).values)
    if shuffle == "time":
        assert torch.equal(truth["active"].sort(dim=2).values, told["active"].sort(dim=2).values)
        assert not torch.equal(truth["active"], told["active"])
    if shuffle == "phase":
        power, other = (torch.fft.rfft2(z).abs() for z in (x, y))
        torch.testing.assert_close(power, other, atol=0.2, rtol=1e-2)
        assert not torch.allclose(x, y, atol=0.1)
