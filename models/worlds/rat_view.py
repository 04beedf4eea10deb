"""A walk through a box, as it looks from within."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple, final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.views import PLACES, RatViewSpec
from models.worlds.clips import scene_and_time, step_by_step
from models.worlds.tiles import Tiles

SIDE, HEIGHT, EYE, MARGIN = 1.0, 0.5, 0.1, 0.02
"""Metres: of the box; of its walls; of the eye above the floor; nearest to a wall."""
STEP, SLOW, QUICK = 0.05, 0.7, 0.08
"""Seconds: of a step; for which speed, and for which turns, go on."""
_ROWS, _COLUMNS, _STEEPEST = 8, 64, 1.0
"""Of the panorama; slope of the uppermost look."""
_FLOOR, _SKY = 0.5, 1.0
_WAVES = 4


class Walk(NamedTuple):
    """Where a rat is and goes, (N, B, T) each; metres, radians, seconds."""

    x: Tensor
    y: Tensor
    heading: Tensor
    speed: Tensor
    turn: Tensor


@final
class RatView:
    r"""All round a rat that walks through a square box of one metre, whose four walls have patterns of their own.

    Scene:      channel `panorama`: 64 columns all round, ahead in the middle, 8 rows from slope 7/8 to -7/8: wall, the
                floor .5 below it, the sky 1 above. Factors `where`, from -1 to 1 along each axis, and `place`, its
                square of 144 row by row; `head`, cosine and sine of the heading; `speed`, `turn`
    Statistics: speed is sigma |(a, b)|, a and b Ornstein-Uhlenbeck with coherence .7 s, so Rayleigh with the mean of
                the source; angular velocity Ornstein-Uhlenbeck with sd `turn` and coherence .08 s. At .02 m from a wall
                a heading into it loses `thigmotaxis` of that part, and the rest is turned back. First places uniform. A
                wall is .2, .4, .6 or .8 and four waves of .1 m or longer, together at most .2, to the nearest bound
    Draws:      (seed): waves; (world digest, scene): first place, heading, speed, turn; (scene, step): what is new in
                speed and turn. All lives share tiles of 4096 clips and meet each in `reuse` passes
    Shapes:     panorama (N, B, T, 1, 8, 64); place, speed, turn (N, B, T); where, head (N, B, T, 2)
    Units:      metres, seconds, radians (turn: radians per second); intensity in [0, 1], 256 steps
    Controls:   `shuffle_time`: every view, but not one after another
    Reference:  motion after RatInABox, George et al. (2024) eLife 13:e85274, with its values, there other laws at
                walls; views after Franzius, Sprekeler & Wiskott (2007) PLoS Comput. Biol. 3:e166
    """

    size = None

    def __init__(self, source: RatViewSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name)).at("rat_view")
        self._tiles = Tiles(f"{name} {steps}", self._seen, ["panorama"], items)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The clips, the same for every life."""
        return self._tiles.sample(index_NB)

    def _seen(self, index_NB: Tensor) -> Shown:
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        whole = self.walked(scene_NB, int(time_NBT.max()) + 1)
        walk = Walk(*(each.gather(2, time_NBT) for each in whole))
        where = torch.stack([walk.x, walk.y], dim=-1) * (2.0 / SIDE) - 1.0
        side = math.isqrt(PLACES)
        column, row = ((each / SIDE * side).long().clamp(0, side - 1) for each in (walk.x, walk.y))
        factors = {
            "place": row * side + column,
            "where": where.float(),
            "head": torch.stack([walk.heading.cos(), walk.heading.sin()], dim=-1).float(),
            "speed": walk.speed.float(),
            "turn": walk.turn.float(),
        }
        return {"panorama": self.view(walk.x, walk.y, walk.heading).unsqueeze(3)}, None, factors

    def walked(self, scene_NB: Tensor, steps: int) -> Walk:
        """So many steps of scenes, from the first one on."""
        source, draw = self.source, self._scenes.indexed(scene_NB)
        sigma, spin = source.speed * math.sqrt(2.0 / math.pi), math.radians(source.turn)
        x, y, way = (each.double() for each in draw.at("first").uniform(3).unbind(-1))
        x, y = (MARGIN + (SIDE - 2.0 * MARGIN) * each for each in (x, y))
        heading = 2.0 * math.pi * way
        pace, turn = draw.at("pace").normal(2).double(), draw.at("turn").normal().double()
        told: list[tuple[Tensor, ...]] = []
        for step in range(steps):
            speed = sigma * pace.square().sum(dim=-1).sqrt()
            told.append((x, y, heading, speed, spin * turn))
            new = step_by_step(self._scenes, scene_NB, torch.full_like(scene_NB, step)[..., None]).at("new").normal(3)
            pace, turn = _on(pace, new[..., :2].double(), SLOW), _on(turn, new[..., 2].double(), QUICK)
            heading = heading + spin * turn * STEP
            x, y, heading = self._moved(x, y, heading, speed * STEP)
        return Walk(*(torch.stack(each, dim=2) for each in zip(*told, strict=True)))

    def _moved(self, x: Tensor, y: Tensor, heading: Tensor, far: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A step, and which way it leads on where it met walls."""
        right, up = heading.cos(), heading.sin()
        near, away = MARGIN, SIDE - MARGIN
        x, y = x + far * right, y + far * up
        back = 1.0 - self.source.thigmotaxis
        meets_x = ((x < near) & (right < 0)) | ((x > away) & (right > 0))
        meets_y = ((y < near) & (up < 0)) | ((y > away) & (up > 0))
        turned = torch.atan2(torch.where(meets_y, -back * up, up), torch.where(meets_x, -back * right, right))
        return x.clamp(near, away), y.clamp(near, away), torch.where(meets_x | meets_y, turned, heading)

    def view(self, x: Tensor, y: Tensor, heading: Tensor) -> Tensor:
        """Panoramas (N, B, T, rows, columns) from places (N, B, T)."""
        column = (torch.arange(_COLUMNS, dtype=torch.float64) + 0.5) / _COLUMNS
        way = heading[..., None] + math.pi * (1.0 - 2.0 * column)
        right, up = way.cos(), way.sin()
        x, y = x[..., None], y[..., None]
        to_x = torch.where(right > 0, SIDE - x, x) / right.abs()
        to_y = torch.where(up > 0, SIDE - y, y) / up.abs()
        far = torch.minimum(to_x, to_y)
        side = to_x <= to_y
        along = torch.where(side, y + far * up, x + far * right)
        wall = torch.where(side, (right > 0).long(), 2 + (up > 0).long())
        slope = _STEEPEST * (1.0 - (2.0 * torch.arange(_ROWS, dtype=torch.float64)[:, None] + 1.0) / _ROWS)
        height = EYE + far[..., None, :] * slope
        light = (0.2 + 0.2 * wall)[..., None, :] + self._pattern(wall, along, height)
        found = torch.where(height < 0.0, _FLOOR, light.clamp(0.0, 1.0))
        return torch.where(height > HEIGHT, _SKY, found).float()

    def _pattern(self, wall: Tensor, along: Tensor, height: Tensor) -> Tensor:
        """What waves add to the light of walls at places along (..., columns) and heights (..., rows, columns)."""
        total = torch.zeros_like(height)
        for wave in self._waves.unbind(1):
            across, upward, phase = (each[wall] for each in (2.0 * math.pi * wave).unbind(-1))
            total += (height * upward[..., None, :]).add_((across * along + phase)[..., None, :]).cos_()
        return total.mul_(0.2 / _WAVES)

    @cached_property
    def _waves(self) -> Tensor:
        """Waves per metre along and up, at most ten in all, and phase in turns, (walls, waves, 3)."""
        drawn = Draw(torch.tensor([self.source.seed]), address=word("rat_view")).at("rat_view", "waves")
        way, size, phase = drawn.uniform(4, _WAVES, 3)[0].double().unbind(-1)
        often = 1.0 + 9.0 * size
        return torch.stack([often * (math.pi * way).cos(), often * (math.pi * way).sin(), phase], dim=-1)


def _on(value: Tensor, new: Tensor, coherence: float) -> Tensor:
    """One step of an Ornstein-Uhlenbeck process of variance 1, exactly."""
    kept = math.exp(-STEP / coherence)
    return kept * value + math.sqrt(1.0 - kept**2) * new
