"""Simple shapes, easy and hard ones: where it can be asked whether the easy should come first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.scenes import ShapesSpec
from models.specs.worlds.sources import name_of
from models.worlds import drawing
from models.worlds.splits import held_out
from models.worlds.tiles import Tiles

_FRAME, _LEAST, _MOST, _CONTRAST = 16, 0.38, 0.75, 0.12


@dataclass(frozen=True)
class _Shape:
    """One shape per item, (1, M) each; places and stretches with a last dimension 2."""

    kind: Tensor
    size: Tensor
    place: Tensor
    stretch: Tensor
    angle: Tensor
    ground: Tensor
    figure: Tensor


@final
class Shapes:
    r"""A square, a disc or a triangle of one grey on another.

    Scene:      channel `retina`; label: square, disc, triangle; factors `size`, `angle`, `difficulty`
    Statistics: half-width U(.38, .75), centre U(-.25, .25); easy: equal axes, 4 angles, 8 greys; hard: each axis times
                U(.5, 1), angle U(0, 2 pi), 32 greys; greys at least .12 apart. As many of each class in every split;
                `difficulty` is the mean of how small, how faint and how unequal in its axes a shape is, each in
                [0, 1]. A tanh network 256-100-100-100-3 names about half of the hard test shapes after 60 passes
    Draws:      (world digest, item): order, size, place, stretch, angle, ground, figure
    Shapes:     retina (N, B, 1, 1, 16, 16) float32; label and factors (N, B, 1)
    Units:      half frames; radians; intensity in [0, 1], 256 steps
    Controls:   `permute` of the pixels; `split_by: angle`, test shapes at angles that no training shape has
    Reference:  Bengio, Louradour, Collobert & Weston (2009) Curriculum learning, ICML; there 32 x 32, and ellipses and
                rectangles as the hard ones
    """

    def __init__(self, source: ShapesSpec, split: str) -> None:
        self.source = source
        sizes = source.facts().sizes
        assert sizes is not None
        self.size = sizes[split]
        self._split = split
        name = name_of(source, split)
        self._items = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(name, self._drawn, ["retina"], self.size)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The shapes at these positions of the split, the same for every life."""
        return self._tiles.sample(index_NB)

    def _drawn(self, index_NB: Tensor) -> Shown:
        shape = self._shape(index_NB)
        small = (_MOST - shape.size) / (_MOST - _LEAST)
        faint = (1.0 - (shape.figure - shape.ground).abs()) / (1.0 - _CONTRAST)
        unequal = 2.0 - 2.0 * shape.stretch.amin(dim=-1) / shape.stretch.amax(dim=-1)
        factors = {
            "size": shape.size,
            "angle": shape.angle,
            "difficulty": ((small + faint + unequal) / 3.0).clamp(0.0, 1.0),
        }
        retina = _render(shape)[:, :, None, None]
        return {"retina": retina}, shape.kind[..., None], {name: each[..., None] for name, each in factors.items()}

    def _shape(self, index_NB: Tensor) -> _Shape:
        item, hard = self._items.indexed(index_NB), self.source.level == "hard"

        def uniform(name: str, low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * item.at("shapes", name).uniform(*shape)

        order = Draw(self._items.seeds_N, address=self._items.address).at("shapes", "order")
        turn = item.at("shapes", "angle").uniform()
        if self.source.split_by == "angle":
            turn = held_out(turn, self._split)
        greys = 32 if hard else 8
        ground = item.at("shapes", "ground").integers(greys)
        apart = math.ceil(_CONTRAST * (greys - 1))
        figure = (ground + apart + item.at("shapes", "figure").integers(greys - 2 * apart + 1)) % greys
        return _Shape(
            kind=order.permuted(index_NB, self.size) % 3,
            size=uniform("size", _LEAST, _MOST),
            place=uniform("place", -0.25, 0.25, 2),
            stretch=uniform("stretch", 0.5, 1.0, 2) if hard else torch.ones(*index_NB.shape, 2),
            angle=2.0 * math.pi * (turn if hard else (4.0 * turn).floor().clamp(max=3.0) / 4.0),
            ground=ground.to(torch.float32) / (greys - 1),
            figure=figure.to(torch.float32) / (greys - 1),
        )


def _render(shape: _Shape) -> Tensor:
    """(1, M, 16, 16), edges of about a pixel."""
    axis = drawing.axis(_FRAME)
    x0, y0, wide, tall = drawing.pixels(*shape.place.unbind(-1), *shape.stretch.unbind(-1))
    size, angle, kind, ground, figure = drawing.pixels(shape.size, shape.angle, shape.kind, shape.ground, shape.figure)
    x, y = drawing.turned(axis - x0, axis[:, None] - y0, angle)
    x, y = x / (wide * size), y / (tall * size)
    square = torch.maximum(x.abs(), y.abs()) - 0.85
    disc = (x * x + y * y).sqrt() - 1.0
    triangle = torch.maximum(y - 0.7, 1.6 * x.abs() - y - 1.0)
    distance = torch.where(kind == 0, square, torch.where(kind == 1, disc, triangle))
    return drawing.over(ground, drawing.cover(distance * size, 1.2 * _FRAME), figure)
