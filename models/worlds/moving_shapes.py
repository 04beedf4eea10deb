"""Clips in which identity holds still while everything else moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.scenes import MovingShapesSpec
from models.specs.worlds.sources import name_of
from models.worlds import drawing
from models.worlds.clips import scene_and_time, shuffled
from models.worlds.tiles import Tiles

_WALL, _LASTS = 0.8, 64


@dataclass(frozen=True)
class _Scene:
    """K shapes over time; each (N, B, T, K), places and velocities with a last dimension 2."""

    kind: Tensor
    shown: Tensor
    place: Tensor
    velocity: Tensor
    angle: Tensor
    half_width: Tensor
    grey: Tensor


@final
class MovingShapes:
    r"""One to three shapes that drift, spin and bounce off invisible walls.

    Scene:      channel `retina`: disc, square, triangle, cross or star on black, later shapes in front, for up to 64
                steps; label: the kind of the first shape; factors of the first shape: `position` (x right, y down),
                `velocity`, `angle` (clockwise)
    Statistics: half-width U(.20, .35), grey U(.3, 1), start U(-.7, .7), velocity N(0, speed), spin N(0, spin) per
                step, 1 to `clutter` shapes; walls at +-.8 reflect the centre. With probability `jump` per step the
                scene is replaced by a new one, label included. Copying the last place errs more than 3 times as much
                as going on by the velocity
    Draws:      (world digest, scene): cut, count, kind, place, velocity, angle, spin, half_width, grey; one lane per
                cut and shape. All lives share tiles of 4096 scenes and meet each in `reuse` passes, in orders of
                their own
    Shapes:     retina (N, B, T, 1, H, H); label, angle (N, B, T); position, velocity (N, B, T, 2)
    Units:      half frames; half frames per step; radians; intensity in [0, 1], 256 steps
    Controls:   `shuffle: time`, every clip with its frames in another order; `jump: 1`, a new scene at every step
    Reference:  own; made for slowness objectives as of Wiskott & Sejnowski (2002) Neural Computation 14:715
    """

    size = None

    def __init__(self, source: MovingShapesSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(f"{name} {steps} {source.shuffle}", self._drawn, ["retina"], items)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The clips, the same for every life."""
        return self._tiles.sample(index_NB)

    def _drawn(self, index_NB: Tensor) -> Shown:
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        draw = self._scenes.indexed(scene_NB)
        scene = self._scene(draw, time_NBT)
        retina = _render(scene, self.source.frame).unsqueeze(3)
        first = {"position": scene.place, "velocity": scene.velocity, "angle": scene.angle}
        shown = {"retina": retina}, scene.kind[..., 0], {name: each[:, :, :, 0] for name, each in first.items()}
        return shuffled(shown, draw.indexed(index_NB)) if self.source.shuffle == "time" else shown

    def _scene(self, draw: Draw, time_NBT: Tensor) -> _Scene:
        cuts, shapes = (_LASTS, self.source.clutter) if self.source.jump else (1, self.source.clutter)
        step = torch.arange(_LASTS)
        cut_NBS = (draw.at("shapes", "cut").uniform(_LASTS) < self.source.jump) & (step > 0)
        which_NBT = cut_NBS.cumsum(2).gather(2, time_NBT)
        since_NBT = time_NBT - torch.where(cut_NBS, step, 0).cummax(2).values.gather(2, time_NBT)

        def each(drawn: Tensor) -> Tensor:
            """The value of the scene on show: (N, B, cuts, ...) -> (N, B, T, ...)."""
            index = which_NBT.reshape(*which_NBT.shape, *[1] * (drawn.dim() - 3))
            return drawn.gather(2, index.expand(*which_NBT.shape, *drawn.shape[3:]))

        def uniform(name: str, low: float, high: float, *shape: int) -> Tensor:
            return each(low + (high - low) * draw.at("shapes", name).uniform(cuts, shapes, *shape))

        count = each(draw.at("shapes", "count").integers(shapes, cuts, 1))
        velocity = self.source.speed * each(draw.at("shapes", "velocity").normal(cuts, shapes, 2))
        since = since_NBT[..., None].to(torch.float32)
        place, turned = _reflected(uniform("place", -0.7, 0.7, 2) + velocity * since[..., None])
        spin = self.source.spin * each(draw.at("shapes", "spin").normal(cuts, shapes))
        return _Scene(
            kind=each(draw.at("shapes", "kind").integers(5, cuts, shapes)),
            shown=torch.arange(shapes) <= count,
            place=place,
            velocity=torch.where(turned, -velocity, velocity),
            angle=uniform("angle", 0.0, 2 * math.pi) + spin * since,
            half_width=uniform("half_width", 0.20, 0.35),
            grey=uniform("grey", 0.3, 1.0),
        )


def _reflected(free: Tensor) -> tuple[Tensor, Tensor]:
    """Where a centre on a free line is between the walls, and whether its velocity points backwards there."""
    period = 4 * _WALL
    lap = (free + _WALL) - period * torch.floor((free + _WALL) / period)
    turned = lap > 2 * _WALL
    return torch.where(turned, period - lap, lap) - _WALL, turned


_DISTANCE = (drawing.disc, drawing.square, drawing.triangle, drawing.cross, drawing.star)
"""Outline of each kind, in half-widths."""


def _render(scene: _Scene, frame: int) -> Tensor:
    """Frames (N, B, T, frame, frame), shapes laid over one another in order."""
    image = torch.zeros(*scene.kind.shape[:3], frame, frame)
    for k in range(scene.kind.shape[3]):
        image = drawing.over(image, _cover(scene, k, frame), scene.grey[..., k, None, None])
    return image


def _cover(scene: _Scene, k: int, frame: int) -> Tensor:
    """How much of each pixel the k-th shape covers, with an edge of about one pixel."""
    axis = drawing.axis(frame)
    kind = scene.kind[..., k]
    covered = torch.zeros(*kind.shape, frame, frame)
    for number, distance in enumerate(_DISTANCE):
        chosen = (kind == number) & scene.shown[..., k]
        x0, y0 = drawing.pixels(*scene.place[..., k, :][chosen].unbind(-1))
        size, angle = drawing.pixels(scene.half_width[..., k][chosen], scene.angle[..., k][chosen])
        x, y = drawing.turned(axis - x0, axis[:, None] - y0, angle)
        covered[chosen] = drawing.cover(distance(x / size, y / size) * size, 1.5 * frame)
    return covered
