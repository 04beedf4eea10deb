"""Pictures with the statistics of natural ones, because they come about as these do: by things in front of things."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.nature import DeadLeavesSpec
from models.specs.worlds.sources import name_of
from models.worlds.tiles import Tiles

_SCENE, _CROP = 128, 32
_CROPS = (_SCENE // _CROP) ** 2
_GRID = 2 * _SCENE
_LARGE, _LEAVES = 96, 2000
_LEAST, _MOST = 2.0, 128.0
"""Radii, in points of the fine grid."""
_BOXES = (8, 16, 32, 64, 128, 256)
_CUT = 0.4


@final
class DeadLeaves:
    r"""Occluding discs of all sizes, seen through windows.

    Scene:      channel `retina`: a window of 32 x 32 in a scene of 128 x 128 pixels; 16 windows to a scene
    Statistics: 96 large discs, radius log-uniform from 16 to 64 pixels, on them 2000 discs of radius r with
                p(r) ~ r^-3 from 1 to 64; centres uniform over the scene and half its greatest radius around it, greys
                U(0, 1); drawn on a grid of half a pixel and averaged. Power falls with frequency as f^-2.1, the
                kurtosis of differences between neighbours is about 11 (24 photographs: -2.13 and 28), no point is
                bare. With three channels a disc has a grey and, in each, U(-.2, .2) beside it, within [0, 1].
                `whiten` filters a scene by f exp(-(f / .4)^4), f in cycles per pixel, and sets its mean to 0 and its
                standard deviation to 1
    Draws:      (world digest, scene): radius, large, x, y, grey, hue. All lives share tiles
    Shapes:     retina (N, B, 1, 1 or 3, 32, 32) float32; no factors
    Units:      intensity in [0, 1], 256 steps; standard deviations where whitened
    Controls:   `permute` of the pixels; white noise, which has no edges
    Reference:  Lee, Mumford & Huang (2001) Int. J. Comput. Vision 41:35; Baradad et al. (2021) NeurIPS; the filter:
                Olshausen & Field (1997) Vision Res. 37:3311. There discs are laid until nothing is bare
    """

    size = None

    def __init__(self, source: DeadLeavesSpec, split: str, items: int | None = None) -> None:
        self.source = source
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name)).at("dead_leaves")
        pixels = [] if source.whiten else ["retina"]
        self._tiles = Tiles(name, self._drawn, pixels, items, together=_CROPS)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The windows, the same for every life."""
        return self._tiles.sample(index_NB)

    def _drawn(self, index_NB: Tensor) -> Shown:
        scene, which = torch.unique(index_NB[0] // _CROPS, return_inverse=True)
        scenes = torch.stack([self._scene(int(number)) for number in scene])
        row, column = index_NB[0] % _CROPS // (_SCENE // _CROP), index_NB[0] % (_SCENE // _CROP)
        side = _SCENE // _CROP
        windows = scenes.reshape(len(scene), -1, side, _CROP, side, _CROP)
        return {"retina": windows[which, :, row, :, column][None, :, None]}, None, {}

    def _scene(self, number: int) -> Tensor:
        """(channels, 128, 128): one scene at a time, so that its bits depend on nothing else."""
        draw = self._scenes.indexed(torch.tensor([[number]]))

        def uniform(name: str, *shape: int) -> Tensor:
            return draw.at("leaf", name).uniform(*shape)[0, 0]

        spread = _LEAST**-2 + uniform("radius", _LEAVES) * (_MOST**-2 - _LEAST**-2)
        large = (math.log(_MOST / 4.0) + math.log(4.0) * uniform("large", _LARGE)).exp()
        radius = torch.cat([large, spread.rsqrt()])
        x, y = ((_GRID + _MOST) * uniform(name, _LARGE + _LEAVES) - _MOST / 2.0 for name in ("x", "y"))
        top = _topmost(x, y, radius)
        grey = uniform("grey", _LARGE + _LEAVES)[:, None]
        if self.source.channels == 3:
            grey = (grey + 0.4 * uniform("hue", _LARGE + _LEAVES, 3) - 0.2).clamp(0.0, 1.0)
        fine = torch.cat([torch.full_like(grey[:1], 0.5), grey])[top].permute(2, 0, 1)
        scene = functional.avg_pool2d(fine[None], 2)[0]
        return _whitened(scene) if self.source.whiten else scene


def _topmost(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Which disc lies on top at each point of the fine grid, counted from 1, later ones above; 0: none, int64."""
    top = torch.zeros(_GRID * _GRID, dtype=torch.int64)
    for least, box in zip((0, *_BOXES), _BOXES, strict=False):
        wide = 2.0 * radius[_LARGE:] + 2.0
        some = _LARGE + ((wide > least) & (wide <= box)).nonzero()[:, 0]
        for part in torch.split(some, max(1, (1 << 20) // box**2)):
            _lay(top, x[part], y[part], radius[part], part + 1, box)
    bare = (top == 0).nonzero()[:, 0]
    column, row = (bare % _GRID).to(torch.float32), (bare // _GRID).to(torch.float32)
    for number in reversed(range(_LARGE)):
        inside = (column - x[number]).square() + (row - y[number]).square() < radius[number].square()
        top[bare[inside]] = number + 1
        bare, column, row = (each[~inside] for each in (bare, column, row))
    return top.reshape(_GRID, _GRID)


def _lay(top: Tensor, x: Tensor, y: Tensor, radius: Tensor, number: Tensor, box: int) -> None:
    """Discs that fit into boxes of so many points a side."""
    left, up = ((centre - box / 2.0).ceil() for centre in (x, y))
    column, row = left[:, None] + torch.arange(box), up[:, None] + torch.arange(box)
    across, down = (column - x[:, None]).square(), (row - y[:, None]).square()
    inside = (across[:, None, :] + down[:, :, None]) < radius.square()[:, None, None]
    inside &= ((column >= 0) & (column < _GRID))[:, None, :] & ((row >= 0) & (row < _GRID))[:, :, None]
    place = row[:, :, None] * _GRID + column[:, None, :]
    above = number[:, None, None].expand_as(inside)
    top.scatter_reduce_(0, place[inside].to(torch.int64), above[inside], "amax")


def _whitened(scene: Tensor) -> Tensor:
    """A scene (channels, 128, 128) with its power made flat up to high frequencies, which are left out."""
    down, right = torch.fft.fftfreq(_SCENE)[:, None], torch.fft.rfftfreq(_SCENE)
    frequency = (down.square() + right.square()).sqrt()
    passed = frequency * (-(frequency / _CUT).square().square()).exp()
    flat: Tensor = torch.fft.irfft2(torch.fft.rfft2(scene) * passed, s=(_SCENE, _SCENE))
    return (flat - flat.mean()) / flat.std(correction=0)
