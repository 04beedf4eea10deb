"""Face-like patterns, and patterns of the same parts that are none."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.views import FacesSpec
from models.worlds import drawing
from models.worlds.tiles import Tiles

_PLACES = ((-0.35, -0.25), (0.35, -0.25), (0.0, 0.42))
"""Of the eyes and the mouth in an upright face, in half heights of the oval (x right, y down)."""
_OVAL, _SHADE, _DARK, _WHITE = 0.72, 0.6, 0.1, 0.95
_SIZES = (0.45, 0.8)


@final
class Faces:
    r"""An oval with two eyes and a mouth, on black.

    Scene:      channel `retina`: an oval (grey .6) with two eyes (white, a dark pupil) and a mouth (dark), plus noise.
                label: 0 upright, 1 upside down (all parts mirrored in y), 2 out of place (the parts in any order in a
                column at either side), 3 the mouth alone. Factors `gaze` (x right, y down: where the pupils look),
                `place` and `size` of the oval
    Statistics: conditions equally likely; size (half height) U(.45, .8), place as far as the oval stays inside; gaze in
                the square of +-1, one third of an eye's radius at most
    Draws:      (world digest, item): condition, size, place, gaze, order, side, noise (from the bank). All lives share
                tiles of 4096 items and meet each in `reuse` passes
    Shapes:     retina (N, B, 1, 1, H, H) float32; label, size (N, B, 1); gaze, place (N, B, 1, 2)
    Units:      half frames; intensity in [0, 1], 256 steps
    Controls:   conditions 1 and 2: the same parts, not the same arrangement
    Reference:  Johnson & Morton (1991) Biology and Cognitive Development, Blackwell: newborns follow condition 0
    """

    size = None

    def __init__(self, source: FacesSpec, split: str, items: int | None = None) -> None:
        self.source = source
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(name, self._drawn, ["retina"], items)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The patterns, the same for every life."""
        return self._tiles.sample(index_NB)

    def _drawn(self, index_NB: Tensor) -> Shown:
        frame = self.source.frame
        draw = self._scenes.indexed(index_NB)
        condition = draw.at("faces", "condition").integers(4, 1)
        size = _SIZES[0] + (_SIZES[1] - _SIZES[0]) * draw.at("faces", "size").uniform(1)
        place = (1.0 - size[..., None]) * (2.0 * draw.at("faces", "place").uniform(1, 2) - 1.0)
        gaze = 2.0 * draw.at("faces", "gaze").uniform(1, 2) - 1.0
        axis = drawing.axis(frame)
        x, y = drawing.pixels(*place.unbind(-1))
        half = drawing.pixels(size)[0]
        across, down = (axis - x) / half, (axis[:, None] - y) / half
        parts = self._parts(condition, draw)
        retina = _painted(across, down, parts, gaze, condition, 0.5 * frame * half)
        noise = draw.at("faces", "noise").banked(1, frame, frame)
        factors = {"gaze": gaze, "place": place, "size": size}
        return {"retina": (retina + self.source.noise * noise).clamp(0.0, 1.0).unsqueeze(3)}, condition, factors

    def _parts(self, condition: Tensor, draw: Draw) -> Tensor:
        """Where the eyes and the mouth are, (N, B, 1, 3, 2)."""
        upright = torch.tensor(_PLACES)
        mirrored = upright * torch.tensor([1.0, -1.0])
        # A column is no face either way up, whatever the order.
        turn = draw.at("faces", "order").integers(3, 1)
        column = torch.tensor([[0.3, -0.45], [0.3, 0.0], [0.3, 0.45]])
        side = torch.where(draw.at("faces", "side").uniform(1) < 0.5, -1.0, 1.0)[..., None, None]
        order = (torch.arange(3) + turn[..., None]) % 3
        scrambled = column[order] * torch.cat([side, torch.ones_like(side)], dim=-1)
        at = condition[..., None, None]
        return torch.where(at == 1, mirrored, torch.where(at == 2, scrambled, upright))


def _painted(across: Tensor, down: Tensor, parts: Tensor, gaze: Tensor, condition: Tensor, sharpness: Tensor) -> Tensor:
    """The oval with its parts, (N, B, 1, H, H)."""

    def oval(wide: float, tall: float, *centres: tuple[Tensor, ...]) -> Tensor:
        """How much of each pixel lies inside ovals, edges a pixel wide."""
        far = [((across - x) / wide).square() + ((down - y) / tall).square() for x, y in centres]
        nearest = far[0] if len(far) == 1 else torch.minimum(*far)
        return (0.5 + 0.5 * min(wide, tall) * sharpness * (1.0 - nearest)).clamp(0.0, 1.0)

    left, right, mouth = (drawing.pixels(*parts[..., part, :].unbind(-1)) for part in range(3))
    look_x, look_y = drawing.pixels(*(0.06 * gaze).unbind(-1))
    pupils = [(x + look_x, y + look_y) for x, y in (left, right)]
    seen = drawing.pixels((condition != 3).to(torch.float32))[0]
    middle = torch.zeros_like(look_x), torch.zeros_like(look_y)
    image = _SHADE * oval(_OVAL, 1.0, middle)
    image = drawing.over(image, oval(0.3, 0.12, mouth), _DARK)
    image = drawing.over(image, seen * oval(0.18, 0.18, left, right), _WHITE)
    return drawing.over(image, seen * oval(0.09, 0.09, *pupils), _DARK)
