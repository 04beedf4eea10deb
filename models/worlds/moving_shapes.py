"""Clips in which identity holds still while everything else moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds.scenes import MovingShapesSpec
from models.specs.worlds.sources import name_of

_WALL = 0.8


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

    Scene:      channel `retina`: disc, square, triangle, cross or star on black, later shapes in front; label: the
                kind of the first shape; factors of the first shape: `position` (x right, y down), `velocity`, `angle`
    Statistics: half-width U(.20, .35), grey U(.3, 1), start U(-.7, .7), velocity N(0, speed), spin N(0, spin) per
                step, 1 to `clutter` shapes; walls at +-.8 reflect the centre. With probability `jump` per step the
                scene is replaced by a new one, label included
    Draws:      (life seed, world digest, presentation): cut, count, kind, place, velocity, angle, spin, half_width,
                grey; one lane per scene and shape, so that a longer clip begins as the shorter
    Shapes:     retina (N, B, T, 1, H, H); label, angle (N, B, T); position, velocity (N, B, T, 2)
    Units:      half frames; half frames per step; radians; intensity in [0, 1]
    Controls:   the same clip with its frames in another order; `jump` 1 shows a new scene at every step
    Reference:  own; made for slowness objectives as of Wiskott & Sejnowski (2002) Neural Computation 14:715
    """

    size = None

    def __init__(self, source: MovingShapesSpec, split: str, steps: int) -> None:
        self.source = source
        self.steps = steps
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> tuple[dict[str, Tensor], Tensor | None, dict[str, Tensor]]:
        """The clips of these presentations of these lives."""
        scene = self._scene(Draw(seeds_N, index_NB, self._address))
        retina = _render(scene, self.source.frame).unsqueeze(3)
        first = {"position": scene.place, "velocity": scene.velocity, "angle": scene.angle}
        return {"retina": retina}, scene.kind[..., 0], {name: factor[:, :, :, 0] for name, factor in first.items()}

    def _scene(self, draw: Draw) -> _Scene:
        time = torch.arange(self.steps)
        cut_NBT = (draw.at("shapes", "cut").uniform(self.steps) < self.source.jump) & (time > 0)
        scenes, shapes = self.steps if self.source.jump else 1, self.source.clutter
        which_NBT = cut_NBT.cumsum(2)
        since_NBT = time - torch.where(cut_NBT, time, 0).cummax(2).values

        def each(drawn: Tensor) -> Tensor:
            """The value of the scene on show: (N, B, scenes, ...) -> (N, B, T, ...)."""
            index = which_NBT.reshape(*which_NBT.shape, *[1] * (drawn.dim() - 3))
            return drawn.gather(2, index.expand(*which_NBT.shape, *drawn.shape[3:]))

        def uniform(name: str, low: float, high: float, *shape: int) -> Tensor:
            return each(low + (high - low) * draw.at("shapes", name).uniform(scenes, shapes, *shape))

        count = each(draw.at("shapes", "count").integers(shapes, scenes, 1))
        velocity = self.source.speed * each(draw.at("shapes", "velocity").normal(scenes, shapes, 2))
        since = since_NBT[..., None].to(torch.float32)
        place, turned = _reflected(uniform("place", -0.7, 0.7, 2) + velocity * since[..., None])
        spin = self.source.spin * each(draw.at("shapes", "spin").normal(scenes, shapes))
        return _Scene(
            kind=each(draw.at("shapes", "kind").integers(5, scenes, shapes)),
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


def _disc(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt() - 0.8


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.7


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(y - 0.6, 0.87 * x.abs() - 0.5 * y - 0.6)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    wide, tall = x.abs(), y.abs()
    return torch.minimum(torch.maximum(wide - 0.9, tall - 0.28), torch.maximum(wide - 0.28, tall - 0.9))


def _star(x: Tensor, y: Tensor) -> Tensor:
    """Radius .62 + .28 cos(5 a); cos(5 a) as a polynomial of cos(a): atan2 is not the same in every slot."""
    radius = (x * x + y * y).sqrt()
    cosine = x / radius.clamp(min=1e-6)
    square = cosine * cosine
    return radius - (0.62 + 0.28 * cosine * (5.0 + square * (16.0 * square - 20.0)))


_DISTANCE: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (_disc, _square, _triangle, _cross, _star)
"""Signed distance from each kind's outline, in half-widths; negative inside."""


def _render(scene: _Scene, frame: int) -> Tensor:
    """Frames (N, B, T, frame, frame), shapes laid over one another in order."""
    image = torch.zeros(*scene.kind.shape[:3], frame, frame)
    for k in range(scene.kind.shape[3]):
        cover = _cover(scene, k, frame)
        image = image * (1.0 - cover) + scene.grey[..., k, None, None] * cover
    return image


def _cover(scene: _Scene, k: int, frame: int) -> Tensor:
    """How much of each pixel the k-th shape covers, with an edge of about one pixel."""
    axis = torch.linspace(-1.0, 1.0, frame)
    kind = scene.kind[..., k]
    cover = torch.zeros(*kind.shape, frame, frame)
    for number, distance in enumerate(_DISTANCE):
        chosen = (kind == number) & scene.shown[..., k]
        x0, y0 = scene.place[..., k, :][chosen].unbind(-1)
        size = scene.half_width[..., k][chosen][:, None, None]
        angle = scene.angle[..., k][chosen][:, None, None]
        right, down = axis[None, None, :] - x0[:, None, None], axis[None, :, None] - y0[:, None, None]
        x = (angle.cos() * right + angle.sin() * down) / size
        y = (angle.cos() * down - angle.sin() * right) / size
        inside = -distance(x, y) * size * (1.5 * frame)
        cover[chosen] = 0.5 * torch.tanh(0.5 * inside) + 0.5
    return cover
