"""Sheets of retinal cells: when they fire and rest, which waves are kept, which moments of them are shown."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds.nature import RetinalWavesSpec
from models.worlds.retinal_waves import RetinalWaves, _front, _Lived, _neighbours, _Sheets


def sheets(count: int, **options: int) -> _Sheets:
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=word("sheets of a test"))
    return _Sheets(RetinalWavesSpec(kind="retinal_waves", **options), draw, torch.arange(count))  # type: ignore[arg-type]


def test_a_cell_that_nobody_excites_is_on_for_a_second_and_rests() -> None:
    sheet = sheets(2)
    sheet._rest_until[:] = 0.0
    fire, able = (torch.zeros(2, 48, 48, dtype=torch.bool) for _ in range(2))
    fire[:, 5, 7] = True
    frames, fired = sheet._spread(fire, able, torch.full((2, 48, 48), 60.0))
    assert torch.equal(frames.sum(dim=1), 10 * fire.long())
    assert torch.equal(fired.bool(), fire)
    assert torch.equal(sheet._rest_until, 60.0 * fire)


def test_cells_at_rest_do_not_fire_again() -> None:
    sheet = sheets(1)
    sheet._rest_until[:] = 0.0
    sheet._rest_until[:, :, 24:] = 9.0
    everywhere = torch.ones(1, 48, 48, dtype=torch.bool)
    frames, _ = sheet._spread(everywhere, everywhere, torch.full((1, 48, 48), 1000.0))
    assert bool(frames[0, 0, :, :24].all())
    assert not frames[0, 0, :, 24:].any(), "those that rest are not set off"
    first = frames[0].long().argmax(dim=0)[:, 24:]
    assert int(first.min()) == 9, "and follow their neighbours as soon as they have rested"
    assert torch.equal(frames[0].sum(dim=0)[:, :26], torch.full((48, 26), 10)), "each once"


def test_neighbours_are_the_thirteen_cells_of_a_disc() -> None:
    active = torch.zeros(1, 15, 15, dtype=torch.bool)
    active[0, 7, 7] = True
    for bias in (0, 1, 2):
        found = _neighbours(active, bias)[0].nonzero()
        disc = [
            [7 + down, 7 + bias + right] for down in range(-2, 3) for right in range(-2, 3) if down**2 + right**2 <= 4
        ]
        assert found.tolist() == disc


def test_seeds_are_discs_and_what_they_draw_has_the_laws_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, seen = sheets(150), list[Tensor]()

    def spread(fire: Tensor, able: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        seen.extend([fire, able, rest])
        return fire[:, None], fire

    monkeypatch.setattr(sheet, "_spread", spread)
    sheet._wave(0, torch.zeros(150))
    fire, able, rest = seen
    assert int(fire.sum(dim=(1, 2)).max()) == 13
    share = able.float().mean(dim=(1, 2))
    assert (float(share.min()), float(share.max())) == pytest.approx((0.45, 0.8), abs=0.03)
    assert float(share.mean()) == pytest.approx(0.625, abs=0.03)
    # seconds, at a step of a tenth: N(45, 20), 5 at least
    assert float(rest.min()) == 50.0
    assert float(rest.median()) == pytest.approx(450.0, abs=4.0)
    assert float(rest.flatten().sort().values[round(0.8413 * rest.numel())]) == pytest.approx(650.0, abs=6.0)
    gaps: list[Tensor] = []
    monkeypatch.setattr(sheet, "_wave", lambda number, gap: gaps.append(gap) or (fire[:, None], share))
    sheet.live()
    # .15 seeds a second while the sheet is still: 6.7 seconds from one to the next
    assert float(torch.stack(gaps).mean()) == pytest.approx(10 / 0.15, rel=0.05)


@pytest.mark.parametrize(("speed", "latest"), [(1, 32), (2, 24)])
def test_clips_begin_eight_frames_before_the_end_or_earlier(
    monkeypatch: pytest.MonkeyPatch, speed: int, latest: int
) -> None:
    sheet = sheets(300, speed=speed)
    # a wave of 40 steps, in each of which another cell is on
    history = torch.eye(48, dtype=torch.bool)[:40, None].expand(300, 40, 48, 48)
    monkeypatch.setattr(sheet, "_spread", lambda *_: (history, history.any(dim=1)))
    frames, share = sheet._wave(0, torch.full((300,), 7.0))
    assert share.tolist() == pytest.approx([40 / 48] * 300)
    assert torch.equal(sheet._now, torch.full((300,), 47.0)), "time goes on while a wave lasts"
    begins = frames[:, 0, 0].long().argmax(dim=1)
    assert (int(begins.min()), int(begins.max())) == (0, latest)
    assert float(begins.float().mean()) == pytest.approx(latest / 2, abs=2.0)
    for frame in range(16):
        step = begins + speed * frame
        shown = frames[:, frame, 0]
        assert torch.equal(shown.any(dim=1), step < 40)
        assert torch.equal(shown.long().argmax(dim=1)[step < 40], step[step < 40])


@pytest.mark.parametrize("large", [20, 5])
def test_large_waves_are_kept_first_once_twelve_seeds_are_over(monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    sheet = sheets(1)
    ample = {12 + 2 * number + 1 for number in range(large)}

    def wave(number: int, gap: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full((1, 16, 1, 1), number), torch.tensor([0.0101 if number in ample else 0.0099])

    monkeypatch.setattr(sheet, "_wave", wave)
    lived = sheet.live()
    others = [number for number in range(12, 52) if number not in ample]
    assert lived.frames[0, :, 0, 0, 0].tolist() == (sorted(ample) + others)[:16]
    assert (lived.recruited[0] > 0.01).tolist() == [True] * min(16, large) + [False] * (16 - min(16, large))


def test_every_clip_is_told_its_own_wave(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = torch.rand(2, 16, 16, 48, 48, generator=torch.Generator().manual_seed(0)) < 0.1
    lived = _Lived(frames, torch.arange(32).reshape(2, 16) / 32)
    monkeypatch.setattr(_Sheets, "live", lambda self: lived)
    world = RetinalWaves(RetinalWavesSpec(kind="retinal_waves"), "train", 16)
    channels, _, factors = world._drawn(torch.arange(32)[None])
    assert torch.equal(channels["retina"][0, :, :, 0], frames.flatten(0, 1).float())
    assert torch.equal(factors["recruited"][0], (torch.arange(32) / 32)[:, None].expand(32, 16))


def test_a_front_is_the_mean_place_of_what_is_on() -> None:
    cells = torch.zeros(1, 1, 2, 5, 9)
    cells[0, 0, 0, 4, 0] = cells[0, 0, 0, 4, 2] = cells[0, 0, 0, 1, 4] = 1.0
    # columns -1, -.5, 0 of nine; rows 1, 1, -.5 of five
    assert _front(cells)[0, 0].flatten().tolist() == pytest.approx([-0.5, 0.5, 0.0, 0.0])
