"""Activity before sight: waves that sweep over a sheet of cells, most of the time nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.nature import RetinalWavesSpec
from models.specs.worlds.sources import name_of
from models.worlds.clips import moments, shuffled
from models.worlds.tiles import Tiles

_SHEET = 48
_ON, _FLOOR, _REST, _SD = 10, 50, 450.0, 200.0
"""Steps of .1 s: how long a cell is on; refractory time at least, at birth at most and in the mean, its spread."""
_SEEDS_PER_STEP, _RECRUITABLE, _THRESHOLD = 0.015, (0.45, 0.8), 3
_BURN_IN, _WAVES, _KEPT, _LASTS = 12, 40, 16, 16
_LEAST = 0.01
_LONGEST = 400


@final
class RetinalWaves:
    r"""Clips of spontaneous waves on a sheet of cells that rest after they fired.

    Scene:      channel `retina`: 16 frames of a wave, from a moment at least 8 frames before its end on; factors
                `front`: mean place of the active cells (x right, y down; 0 without any), `active`: their share,
                `recruited`: the share of the sheet that the whole wave takes
    Statistics: steps of .1 s on a sheet of at least 48 x 48. A cell fires if 3 or more cells within 2 are on and it is
                recruitable: of each wave a share U(.45, .8) of cells is; it is on for 1 s and rests N(45, 20) s, 5 s
                at least. A disc of radius 2 is seeded .15 times a second while the sheet is still: a cell fires every
                60 to 120 s, a tenth to six tenths of all waves take 2 to 60 % of the sheet, correlation falls with
                distance. Twelve seeds are lived through first; of the next 40 the first 16 whose waves take 1 % or
                more are shown, and others where there are fewer. Frames are means over squares of cells, `speed` steps
                apart
    Draws:      (world digest, sheet): start; (sheet, seed): gap, place, recruitable, rest, moment
    Shapes:     retina (N, B, T, 1, H, W) float32, T <= 16; front (N, B, T, 2); active, recruited (N, B, T)
    Units:      share of cells that are on, in 256 steps; half frames; shares
    Controls:   `shuffle: pixels` (one order of pixels for all), `time` (frames of a clip out of order), `phase` (random
                phases of every frame's spectrum, of mean and power as before)
    Reference:  Butts, Feller, Shatz & Rokhsar (1999) J. Neurosci. 19:3580; there each cell's threshold varies, here
                the share that a wave can recruit
    """

    size = None

    def __init__(self, source: RetinalWavesSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        name = name_of(source, split)
        self._draw = Draw(torch.zeros(1, dtype=torch.int64), address=word(name)).at("retinal_waves")
        pixels = [] if source.shuffle == "phase" else ["retina"]
        self._tiles = Tiles(f"{name} {steps} {source.shuffle}", self._drawn, pixels, items, together=_KEPT)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The clips, the same for every life."""
        return self._tiles.sample(index_NB)

    def _drawn(self, index_NB: Tensor) -> Shown:
        scene_NB, time_NBT = moments(index_NB, self.steps, min(_LASTS, self.steps + _LASTS // 2 - 1), self._draw)
        sheet, which = torch.unique(scene_NB[0] // _KEPT, return_inverse=True)
        lived = _Sheets(self.source, self._draw, sheet).live()
        wave, time = scene_NB[0] % _KEPT, time_NBT[0]
        cells = lived.frames[which[:, None], wave[:, None], time][None].to(torch.float32)
        recruited = lived.recruited[which, wave][None, :, None].expand(1, -1, self.steps)
        active = cells.mean(dim=(3, 4))
        retina = self._scrambled(self._framed(cells), index_NB)
        told = {"front": _front(cells), "active": active, "recruited": recruited.contiguous()}
        shown = {"retina": retina.unsqueeze(3)}, None, told
        return shuffled(shown, self._draw.indexed(index_NB)) if self.source.shuffle == "time" else shown

    def _framed(self, cells: Tensor) -> Tensor:
        """Means over squares of cells: (1, M, T, H, W)."""
        _, high, wide = self.source.frame
        rows, columns = cells.shape[3] // high, cells.shape[4] // wide
        blocks = cells.reshape(*cells.shape[:3], high, rows, wide, columns)
        return blocks.sum(dim=(4, 6)) / (rows * columns)

    def _scrambled(self, retina: Tensor, index_NB: Tensor) -> Tensor:
        """The pictures of the controls."""
        if self.source.shuffle == "pixels":
            count = retina[0, 0, 0].numel()
            order = self._draw.at("scramble", "pixels").bits(count)[0].argsort(stable=True)
            return retina.flatten(3)[..., order].reshape(retina.shape)
        if self.source.shuffle == "phase":
            noise = self._draw.at("scramble", "phase").indexed(index_NB).normal(*retina.shape[2:])
            clips = [_with_phases(clip, other) for clip, other in zip(retina[0], noise[0], strict=True)]
            return torch.stack(clips)[None]
        return retina


@dataclass(frozen=True)
class _Lived:
    """What sheets went through."""

    frames: Tensor
    """(sheets, waves, frames, height, width), whether a cell is on."""
    recruited: Tensor
    """(sheets, waves): share of the sheet that the wave takes."""


class _Sheets:
    """Sheets of cells, from seed to seed; time goes on from where the last wave died to the next seed in one step."""

    def __init__(self, source: RetinalWavesSpec, draw: Draw, sheet: Tensor) -> None:
        self._source = source
        self.high, self.wide = (side * -(-_SHEET // side) for side in source.frame[1:])
        self._seeds = draw.indexed((sheet[:, None] * 64 + torch.arange(_BURN_IN + _WAVES)).flatten()[None])
        born = draw.indexed(sheet[None]).at("sheet", "start").uniform(self.high, self.wide)[0]
        self._count = len(sheet)
        self._now = torch.zeros(self._count)
        self._rest_until = (_REST * born).round()

    def live(self) -> _Lived:
        """The first waves that are large enough, after the sheets have forgotten how they began."""
        gap = (-self._of_seeds("gap").clamp(max=1.0 - 1e-6).neg().log1p() / _SEEDS_PER_STEP).round()
        waves = [self._wave(number, gap[:, number]) for number in range(_BURN_IN + _WAVES)][_BURN_IN:]
        recruited = torch.stack([wave[1] for wave in waves], dim=1)
        # The first that are large enough, then the others, each group in its order.
        chosen = (recruited < _LEAST).to(torch.int64).argsort(dim=1, stable=True)[:, :_KEPT]
        sheet = torch.arange(self._count)[:, None]
        frames = torch.stack([wave[0] for wave in waves], dim=1)[sheet, chosen]
        return _Lived(frames, recruited.gather(1, chosen))

    def _of_seeds(self, name: str) -> Tensor:
        """A number for every sheet and seed."""
        return self._seeds.at("seed", name).uniform()[0].reshape(self._count, -1)

    def _wave(self, number: int, gap: Tensor) -> tuple[Tensor, Tensor]:
        """One seed and what comes of it: frames (sheets, 16, height, width) and the share that fired."""
        self._now = self._now + gap
        one = self._seeds.indexed(self._seeds.index_NB.reshape(self._count, -1)[:, number][None])  # type: ignore[union-attr]
        low, high = _RECRUITABLE
        share = low + (high - low) * one.at("seed", "share").uniform()[0][:, None, None]
        able = one.at("seed", "recruitable").uniform(self.high, self.wide)[0] < share
        drawn = _REST + _SD * one.at("seed", "rest").banked(self.high, self.wide)[0]
        history, fired = self._spread(self._seeded(one), able, drawn.clamp(min=_FLOOR).round())
        lasted = history.flatten(2).view(torch.uint8).amax(dim=2).sum(dim=1)
        self._now = self._now + lasted
        step = self._source.speed
        latest = (lasted - _LASTS // 2 * step).clamp(min=0).to(torch.float32)
        start = (one.at("seed", "moment").uniform()[0] * (latest + 1.0)).floor().clamp(max=latest).to(torch.int64)
        wanted = start[:, None] + step * torch.arange(_LASTS)
        seen = history[torch.arange(self._count)[:, None], wanted.clamp(max=history.shape[1] - 1)]
        return seen & (wanted < history.shape[1])[..., None, None], fired.flatten(1).to(torch.float32).mean(dim=1)

    def _seeded(self, one: Draw) -> Tensor:
        """Cells of the disc that is set off."""
        y = one.at("seed", "row").integers(self.high)[0][:, None, None] - torch.arange(self.high)[:, None]
        x = one.at("seed", "column").integers(self.wide)[0][:, None, None] - torch.arange(self.wide)
        return x * x + y * y <= 4

    def _spread(self, fire: Tensor, able: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Activity from a seed to stillness, (sheets, steps, height, width), and all cells that fired.

        Sheets at rest are left out once they are half of those at work. A cell that is on is always one that rests.
        """
        going = torch.arange(self._count)
        now, until = self._now[:, None, None], self._rest_until
        fire, on_until = fire & (until <= now), torch.full_like(rest, -1.0)
        history: list[tuple[Tensor, Tensor]] = []
        while len(going) and len(history) < _LONGEST:
            on_until = torch.where(fire, now + _ON, on_until)
            until = torch.where(fire, now + rest, until)
            active = on_until > now
            history.append((going, active))
            kept = active.flatten(1).view(torch.uint8).amax(dim=1).nonzero()[:, 0] if len(history) % _ON == 0 else going
            if 2 * len(kept) <= len(going):
                self._rest_until[going] = until
                going, active = going[kept], active[kept]
                now, until, on_until, able, rest = (each[kept] for each in (now, until, on_until, able, rest))
            now = now + 1.0
            excited = _neighbours(active, self._source.direction_bias) >= _THRESHOLD
            fire = (until <= now) & excited & able
        self._rest_until[going] = until
        frames = torch.zeros(self._count, len(history), self.high, self.wide, dtype=torch.bool)
        for step, (sheets, active) in enumerate(history):
            frames[sheets, step] = active
        return frames, frames.view(torch.uint8).amax(dim=1)


def _neighbours(active: Tensor, bias: int) -> Tensor:
    """How many cells of a disc of radius 2 are on, the disc moved to the left by the bias."""
    padded = torch.nn.functional.pad(active.to(torch.uint8), (2 + bias, 2 - bias, 2, 2))
    centre, row = padded[..., 2:-2], padded[..., 1:-3] + padded[..., 2:-2] + padded[..., 3:-1]
    middle = row[:, 2:-2] + padded[:, 2:-2, :-4] + padded[:, 2:-2, 4:]
    return middle + row[:, 1:-3] + row[:, 3:-1] + centre[:, :-4] + centre[:, 4:]


def _front(cells: Tensor) -> Tensor:
    """Mean place of the cells that are on, 0 if none is: (1, M, T, 2)."""
    down, right = (torch.linspace(-1.0, 1.0, side) for side in cells.shape[3:])
    count = cells.sum(dim=(3, 4)).clamp(min=1.0)
    x = (cells.sum(dim=3) * right).sum(dim=3) / count
    y = (cells.sum(dim=4) * down).sum(dim=3) / count
    return torch.stack([x, y], dim=-1)


def _with_phases(clip: Tensor, noise: Tensor) -> Tensor:
    """Frames (T, H, W) with the amplitudes of theirs and the phases of noise; their mean stays."""
    spectrum, other = torch.fft.rfft2(clip), torch.fft.rfft2(noise)
    mixed = spectrum.abs() * other / other.abs().clamp(min=1e-12)
    mixed[:, 0, 0] = spectrum[:, 0, 0]
    found: Tensor = torch.fft.irfft2(mixed, s=clip.shape[1:])
    return found
