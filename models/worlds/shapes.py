"""Simple shapes, easy and hard ones: where it can be asked whether the easy should come first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.scenes import ShapesSpec
from models.specs.worlds.sources import name_of
from models.worlds import drawing
from models.worlds.splits import held_out
from models.worlds.tiles import Tiles

_FRAME, _LEAST, _MOST, _CONTRAST = 16, 0.38, 0.75, 0.12
_FIELD, _SMALLER, _PIECE = 32, 0.45, 0.6
"""Of a cluttered field: its side, the size there of a shape to one alone, and that of a piece to a shape."""


@dataclass(frozen=True)
class _Shape:
    """Shapes, (1, M) or (1, M, pieces) each; places and stretches with a last dimension 2."""

    kind: Tensor
    size: Tensor
    place: Tensor
    stretch: Tensor
    angle: Tensor
    ground: Tensor
    figure: Tensor


@final
class Shapes:
    r"""A square, a disc or a triangle of one grey on another; or a small one among halves of others.

    Scene:      channel `retina`; label: square, disc, triangle; factors `size`, `angle`, `difficulty`. With `clutter`
                also channel `cue`, one-hot, and factors `place` (x right, y down) and `valid`
    Statistics: half-width U(.38, .75), centre U(-.25, .25); easy: equal axes, 4 angles, 8 greys; hard: each axis times
                U(.5, 1), angle U(0, 2 pi), 32 greys; greys at least .12 apart. As many of each class in every split;
                `difficulty` is the mean of how small, how faint and how unequal in its axes a shape is, each in
                [0, 1]. A tanh network 256-100-100-100-3 names about half of the hard test shapes after 60 passes
                With `clutter`: half-width .45 times that, centre U(-.6, .6), the upper half of the greys, on black;
                behind the shape as many halves of shapes, .6 times as large, with centres U(-1, 1). The cue is one of
                four quarters, row by row: with probability `validity` that of the centre, and `valid` is 1, else one of
                the others
    Draws:      (world digest, item): order, size, place, stretch, angle, ground, figure; pieces: the same and kind;
                valid, cue
    Shapes:     retina (N, B, 1, 1, 16, 16) or (N, B, 1, 1, 32, 32), cue (N, B, 1, 4) float32; label and factors
                (N, B, 1), place (N, B, 1, 2)
    Units:      half frames; radians; intensity in [0, 1], 256 steps
    Controls:   `permute` of the pixels; `split_by: angle`, test shapes at angles that no training shape has
    Reference:  Bengio, Louradour, Collobert & Weston (2009) Curriculum learning, ICML; there 32 x 32, and ellipses and
                rectangles as the hard ones. Clutter: Mnih, Heess, Graves & Kavukcuoglu (2014) NeurIPS, there of digits;
                cue: Posner (1980) Q. J. Exp. Psychol. 32:3
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
        least, most = self._widths
        small = (most - shape.size) / (most - least)
        faint = (1.0 - (shape.figure - shape.ground).abs()) / (1.0 - _CONTRAST)
        unequal = 2.0 - 2.0 * shape.stretch.amin(dim=-1) / shape.stretch.amax(dim=-1)
        factors = {
            "size": shape.size,
            "angle": shape.angle,
            "difficulty": ((small + faint + unequal) / 3.0).clamp(0.0, 1.0),
        }
        channels = {"retina": _alone(shape)}
        if self.source.clutter:
            cue, valid = self._cue(index_NB, shape)
            channels = {"retina": _among(shape, self._pieces(index_NB)), "cue": cue}
            factors |= {"place": shape.place, "valid": valid}
        shown = {name: each[:, :, None] for name, each in channels.items()}
        return shown, shape.kind[..., None], {name: each[:, :, None] for name, each in factors.items()}

    @property
    def _widths(self) -> tuple[float, float]:
        """Half-widths, the least and the most."""
        return (_LEAST * _SMALLER, _MOST * _SMALLER) if self.source.clutter else (_LEAST, _MOST)

    def _shape(self, index_NB: Tensor) -> _Shape:
        """The shapes that are named."""
        order = Draw(self._items.seeds_N, address=self._items.address).at("shapes", "order")
        turn = self._items.indexed(index_NB).at("shapes", "angle").uniform()
        if self.source.split_by == "angle":
            turn = held_out(turn, self._split)
        away = 0.6 if self.source.clutter else 0.25
        return self._figures(index_NB, "shapes", order.permuted(index_NB, self.size) % 3, turn, away)

    def _pieces(self, index_NB: Tensor) -> _Shape:
        """The shapes of which halves are strewn about."""
        item, count = self._items.indexed(index_NB).at("pieces"), self.source.clutter
        whole = self._figures(
            index_NB, "pieces", item.at("kind").integers(3, count), item.at("angle").uniform(count), 1.0
        )
        return replace(whole, size=_PIECE * whole.size)

    def _figures(self, index_NB: Tensor, name: str, kind: Tensor, turn: Tensor, away: float) -> _Shape:
        """Shapes of these kinds, at these shares of a full turn."""
        item, hard, many = self._items.indexed(index_NB), self.source.level == "hard", kind.shape[2:]

        def uniform(what: str, low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * item.at(name, what).uniform(*many, *shape)

        ground, figure, greys = self._greys(item, name, many)
        return _Shape(
            kind=kind,
            size=uniform("size", *self._widths),
            place=uniform("place", -away, away, 2),
            stretch=uniform("stretch", 0.5, 1.0, 2) if hard else torch.ones(*kind.shape, 2),
            angle=2.0 * math.pi * (turn if hard else (4.0 * turn).floor().clamp(max=3.0) / 4.0),
            ground=ground.to(torch.float32) / (greys - 1),
            figure=figure.to(torch.float32) / (greys - 1),
        )

    def _greys(self, item: Draw, name: str, many: Sequence[int]) -> tuple[Tensor, Tensor, int]:
        """Steps of grey of grounds and figures, and how many there are."""
        greys = 32 if self.source.level == "hard" else 8
        if self.source.clutter:
            figure = greys // 2 + item.at(name, "figure").integers(greys // 2, *many)
            return torch.zeros_like(figure), figure, greys
        ground = item.at(name, "ground").integers(greys, *many)
        apart = math.ceil(_CONTRAST * (greys - 1))
        figure = (ground + apart + item.at(name, "figure").integers(greys - 2 * apart + 1, *many)) % greys
        return ground, figure, greys

    def _cue(self, index_NB: Tensor, shape: _Shape) -> tuple[Tensor, Tensor]:
        """A quarter (1, M, 4), one-hot, and whether it is the one of the shape."""
        item = self._items.indexed(index_NB).at("cue")
        x, y = (shape.place > 0).long().unbind(-1)
        valid = item.at("valid").uniform() <= self.source.validity
        away = torch.where(valid, 0, 1 + item.at("quarter").integers(3))
        return one_hot((2 * y + x + away) % 4, 4).to(torch.float32), valid.long()


def _alone(shape: _Shape) -> Tensor:
    """(1, M, 1, 16, 16)."""
    (ground,) = drawing.pixels(shape.ground)
    (figure,) = drawing.pixels(shape.figure)
    return drawing.over(ground, _covered(shape, _FRAME), figure).unsqueeze(2)


def _among(shape: _Shape, pieces: _Shape) -> Tensor:
    """(1, M, 1, 32, 32), pieces in order and the shape in front."""
    field = torch.zeros(*shape.kind.shape, _FIELD, _FIELD)
    halves = _covered(pieces, _FIELD, halved=True)
    for each, grey in zip(halves.unbind(2), pieces.figure.unbind(2), strict=True):
        field = drawing.over(field, each, grey[..., None, None])
    (figure,) = drawing.pixels(shape.figure)
    return drawing.over(field, _covered(shape, _FIELD), figure).unsqueeze(2)


def _covered(shape: _Shape, frame: int, *, halved: bool = False) -> Tensor:
    """How much of each pixel is covered, (..., frame, frame), edges of about a pixel; halves end at the y axis."""
    axis = drawing.axis(frame)
    x0, y0, wide, tall = drawing.pixels(*shape.place.unbind(-1), *shape.stretch.unbind(-1))
    size, angle, kind = drawing.pixels(shape.size, shape.angle, shape.kind)
    x, y = drawing.turned(axis - x0, axis[:, None] - y0, angle)
    x, y = x / (wide * size), y / (tall * size)
    square = torch.maximum(x.abs(), y.abs()) - 0.85
    disc = (x * x + y * y).sqrt() - 1.0
    triangle = torch.maximum(y - 0.7, 1.6 * x.abs() - y - 1.0)
    distance = torch.where(kind == 0, square, torch.where(kind == 1, disc, triangle))
    if halved:
        distance = torch.maximum(distance, x)
    return drawing.cover(distance * size, 1.2 * frame)
