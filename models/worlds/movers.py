"""Hands that move things, and a face that looks where they do: what an innate sense of causing can be taught by."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import LATER, Shown
from models.specs.worlds.social import MoversSpec
from models.specs.worlds.sources import name_of
from models.worlds.clips import moments
from models.worlds.puppets import Puppets, at_contact, painted, staged
from models.worlds.tiles import Tiles

_GRID = 12
_COVERED = 0.25
_AT_ONCE, _LASTS = 16, 16


@final
class Movers:
    r"""Short scenes with a hand, an object, a face and something that drifts by.

    Scene:      channels `retina` and `flow`: the rise and the fall of every pixel since the frame before. Five kinds:
                a hand comes, touches the still object and carries it on (0); a hand passes it by (1); it moves by
                itself (2); another object comes, touches it and stays (3); none of these (4). Something drifts by in
                all of them. `face: middle`: all of it happens around the face, hands go past it and what drifts by
                keeps away. The pupils of the face point somewhere; from 0 to 5 frames before a contact on, at it.
                Factors: `event` 1 in the first frame to which a hand has moved the object; `scene`: the kind;
                `hand_map`: which of 12 x 12 fields the hand covers by a quarter or more; `hand_box`: its centre and
                half sides (0 without a hand); `object`; `contact`: where the hand touches (0 where it does not);
                `gaze`: unit vector; `face`: its centre
    Statistics: a share of clips is of kind 0, the rest evenly of the others; contact in frame 5 to 9 of 16; speed .09
                per frame; background .45 + .1 n, fixed in a clip, noise N(0, noise) in every frame. Only hands move
                objects: a detector of still things set moving by moving ones is right in more than 95 % of its
                events, one of motion alone in less than 40 %
    Draws:      (world digest, scene): everything; hand poses and faces from the part a split has, so that valid and
                test show poses and faces that training does not. All lives share tiles; stills are of any moment
    Shapes:     retina (N, B, T, 1, H, H), flow (N, B, T, 2, H, H) float32, T <= 16; event, scene (N, B, T); hand_map
                (N, B, T, 144); hand_box (N, B, T, 4); object, contact, gaze, face (N, B, T, 2)
    Views:      `view2`: the same moments with another pose of the hand and other noise; `contact`: the frame of the
                contact, moved so that the face is in the middle, once for every step; bare where nothing is touched
    Units:      half frames, x right, y down; intensity in [0, 1], 256 steps
    Controls:   `share: 0` has no event; a target shuffled in the batch marks others' events
    Reference:  Ullman, Harari & Dorfman (2012) From simple innate biases to complex visual concepts, PNAS 109:18215;
                there films, here puppets
    """

    size = None

    def __init__(self, source: MoversSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        self._split = split
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name)).at("movers")
        self._tiles = Tiles(f"{name} {steps}", self._drawn, ["frames"], items)
        self._views = {
            "view2": Tiles(f"{name} {steps} view2", self._again, ["frames"], items),
            "contact": Tiles(f"{name} contact", self._touched, ["frames"], items),
        }

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The clips, the same for every life."""
        channels, _, factors = self._tiles.sample(index_NB)
        return _with_flow(channels["frames"]), None, factors

    def view(self, name: str, seeds_N: Tensor, index_NB: Tensor) -> dict[str, Tensor]:
        """The channels of another look at the clips."""
        frames = self._views[name].sample(index_NB)[0]["frames"]
        return _with_flow(frames.expand(-1, -1, self.steps + 1, -1, -1, -1) if name == "contact" else frames)

    def _drawn(self, index_NB: Tensor) -> Shown:
        puppets = self._puppets(index_NB, "")
        frames, hand = _in_parts(puppets, self.source.frame)
        cells = hand[:, 1:].reshape(*hand[:, 1:].shape[:2], _GRID, -1, _GRID, self.source.frame // _GRID)
        touching = puppets.kind == 0
        event = (puppets.time == puppets.contact_time[:, None] + 1) & touching[:, None]
        told = {
            "event": event[:, 1:].to(torch.int64),
            "scene": puppets.kind[:, None].repeat(1, self.steps),
            "hand_map": (cells.mean(dim=(3, 5)) >= _COVERED).to(torch.float32).flatten(2),
            "hand_box": puppets.box()[:, 1:],
            "object": puppets.object[:, 1:],
            "contact": (puppets.contact * touching[:, None])[:, None].repeat(1, self.steps, 1),
            "gaze": puppets.gaze[:, 1:],
            "face": puppets.face[:, None].repeat(1, self.steps, 1),
        }
        return (
            {"frames": frames[None, :, :, None]},
            None,
            {name: each[None].contiguous() for name, each in told.items()},
        )

    def _again(self, index_NB: Tensor) -> Shown:
        frames, _ = _in_parts(self._puppets(index_NB, "view2"), self.source.frame)
        return {"frames": frames[None, :, :, None]}, None, {}

    def _touched(self, index_NB: Tensor) -> Shown:
        draw = self._scenes.indexed(index_NB % LATER)
        first = staged(draw, torch.zeros(index_NB.shape[1], 1, dtype=torch.int64), self.source, self._split, "")
        puppets = staged(draw, first.contact_time[:, None], self.source, self._split, "")
        frames, _ = _in_parts(at_contact(puppets), self.source.frame)
        return {"frames": frames[None, :, :, None]}, None, {}

    def _puppets(self, index_NB: Tensor, view: str) -> Puppets:
        """What is to be seen from the frame before the first step on."""
        scene_NB, time_NBT = moments(index_NB, self.steps, _LASTS, self._scenes)
        time = torch.cat([time_NBT[..., :1] - 1, time_NBT], dim=2)[0]
        return staged(self._scenes.indexed(scene_NB), time, self.source, self._split, view)


def _in_parts(puppets: Puppets, frame: int) -> tuple[Tensor, Tensor]:
    """Painted a few scenes at a time, which stay in the processor's cache."""
    count = len(puppets.kind)
    parts = [painted(puppets.part(slice(start, start + _AT_ONCE)), frame) for start in range(0, count, _AT_ONCE)]
    frames, hand = zip(*parts, strict=True)
    return torch.cat(frames), torch.cat(hand)


def _with_flow(frames: Tensor) -> dict[str, Tensor]:
    """The frames but the first, and the rise and fall of each since the one before."""
    change = frames.diff(dim=2)
    return {
        "retina": frames[:, :, 1:].contiguous(),
        "flow": torch.cat([change.clamp(min=0), (-change).clamp(min=0)], 3),
    }
