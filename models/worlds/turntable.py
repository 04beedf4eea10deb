"""Objects that are seen from all sides, one after another."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.views import TurntableSpec
from models.worlds import drawing
from models.worlds.clips import scene_and_time
from models.worlds.splits import held_out
from models.worlds.tiles import Tiles

_RADIUS, _REACH, _FAR = 0.3, 0.65, 0.35
"""Where a blob ends; of the object; the intensity of a blob at the back, 1 at the front."""


@final
class Turntable:
    r"""An object of soft blobs that turns about an upright axis, seen from the front without perspective.

    Scene:      channel `retina`: the brightest of the blobs at every pixel, (1 - (d/.3)^2)^2 at distance d from their
                middle, darker the further back. label: the object; factors `angle` of the object at the step, `view`
                (cosine, sine of it), `speed`
    Statistics: blobs of an object uniform in a ball of radius .65; angle at first U(0, 2 pi), or of the part of the
                circle that the split has; speed U(-speed, speed) radians per step, the same for a clip of up to 64
                steps
    Draws:      (seed): blobs; (world digest, scene): object, angle, speed. All lives share tiles of 4096 clips and meet
                each in `reuse` passes
    Shapes:     retina (N, B, T, 1, H, H); label, angle, speed (N, B, T); view (N, B, T, 2)
    Units:      radians; intensity in [0, 1], 256 steps
    Controls:   `shuffle_time`: every view, but not one after another
    Reference:  after Wood & Wood (2016) Proc. R. Soc. B 283:20160166, where chicks see one object turn
    """

    size = None

    def __init__(self, source: TurntableSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        self.split = split if source.split_by == "angle" else "all"
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(f"{name} {steps}", self._seen, ["retina"], items)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The clips, the same for every life."""
        return self._tiles.sample(index_NB)

    def _objects(self) -> Tensor:
        """Places of the blobs of each object, (objects, blobs, 3)."""
        source = self.source
        index = torch.arange(source.objects)[None]
        draw = Draw(torch.tensor([source.seed]), index, word("turntable"))
        way = draw.at("turntable", "way").normal(source.blobs, 3)[0].double()
        far = draw.at("turntable", "far").uniform(source.blobs, 1)[0].double()
        return _REACH * (way / way.square().sum(dim=-1, keepdim=True).sqrt()) * far ** (1.0 / 3.0)

    def _seen(self, index_NB: Tensor) -> Shown:
        source = self.source
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        draw = self._scenes.indexed(scene_NB)
        which = draw.at("turntable", "object").integers(source.objects)
        first = draw.at("turntable", "angle").uniform()
        first = first if self.split == "all" else held_out(first, self.split)
        speed = source.speed * (2.0 * draw.at("turntable", "speed").uniform() - 1.0)
        turn = 2.0 * math.pi * first.double()[..., None] + speed.double()[..., None] * time_NBT
        x, y, z = self._objects()[which].unsqueeze(2).unbind(-1)
        cosine, sine = turn.cos()[..., None], turn.sin()[..., None]
        right, front = (cosine * x + sine * z).float(), (cosine * z - sine * x).float()
        retina = self._painted(right, y.expand_as(right).float(), front)
        angle = turn - 2.0 * math.pi * (turn / (2.0 * math.pi)).floor()
        factors = {
            "angle": angle.float(),
            "view": torch.cat([cosine, sine], dim=-1).float(),
            "speed": speed[..., None].repeat(1, 1, self.steps).float(),
        }
        return {"retina": retina.unsqueeze(3)}, which[..., None].repeat(1, 1, self.steps), factors

    def _painted(self, right: Tensor, down: Tensor, front: Tensor) -> Tensor:
        """Blobs (N, B, T, K) on the retina (N, B, T, H, H), the brightest of them at every pixel."""
        axis = drawing.axis(self.source.frame)
        image = torch.zeros(*right.shape[:3], self.source.frame, self.source.frame)
        bright = _FAR + (1.0 - _FAR) * (0.5 + 0.5 * front / _REACH)
        for blob in zip(right.unbind(-1), down.unbind(-1), bright.unbind(-1), strict=True):
            x, y, light = drawing.pixels(*blob)
            within = 1.0 - ((axis - x).square() + (axis[:, None] - y).square()) / _RADIUS**2
            image = torch.maximum(image, light * within.clamp(min=0.0).square())
        return image.clamp(0.0, 1.0)
