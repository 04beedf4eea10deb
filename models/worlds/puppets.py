"""The puppets of `movers`: where everything is at every moment, and how it is painted."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds.social import MoversSpec
from models.worlds import drawing
from models.worlds.clips import step_by_step
from models.worlds.splits import held_out, held_out_of

_SPEED, _REACH, _CARRY, _OBJECT, _AWAY = 0.09, 0.27, 6.0, 0.11, 3.0
"""Half frames: of a step; of a hand from the middle of what it touches; steps in which it carries it on; of a contact
from that middle; where what is away is."""
_PALM, _FINGER, _LENGTH = 0.1, 0.032, 0.23
"""Half frames: radii of a palm and of a finger; from the middle of the palm to a finger tip."""
_FACES = 24


@dataclass(frozen=True)
class Puppets:
    """M scenes over time; places (M, T, 2), traits (M, ...); what is away lies outside the frame."""

    time: Tensor
    kind: Tensor
    contact_time: Tensor
    contact: Tensor
    """(M, 2), of every scene: where the hand would touch."""
    hand: Tensor
    tips: Tensor
    """(M, 4, 2), from the palm."""
    object: Tensor
    other: Tensor
    drifter: Tensor
    face: Tensor
    """(M, 2)."""
    look: Tensor
    """(M, 4): radius of the face, its grey, gap and size of the pupils."""
    gaze: Tensor
    greys: Tensor
    """(M, 4): hand, object, other, drifter."""
    round: Tensor
    """(M, 2): whether object and other are discs."""
    ground: Tensor
    """(M, H, W)."""
    noise: Tensor
    """(M, T, H, W)."""

    def part(self, cut: slice) -> Puppets:
        """Some of the scenes."""
        return Puppets(**{each.name: getattr(self, each.name)[cut] for each in fields(self)})

    def box(self) -> Tensor:
        """Centre and half sides of the hand, (M, T, 4); 0 where it is away."""
        low, high = self.tips.amin(dim=1) - _FINGER, self.tips.amax(dim=1) + _FINGER
        low, high = low.clamp(max=-_PALM), high.clamp(min=_PALM)
        centre = self.hand + ((low + high) / 2.0)[:, None]
        half = ((high - low) / 2.0)[:, None].expand_as(centre)
        return torch.cat([centre, half], dim=2) * (self.hand[..., :1] < _AWAY - 1.0)


def staged(draw: Draw, time: Tensor, source: MoversSpec, split: str, view: str) -> Puppets:
    """The puppets of scenes; draw has the scenes (1, M), time (M, T) the moments; a view has a hand of its own."""

    def uniform(name: str, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * draw.at("puppets", name).uniform(*shape)[0]

    kind = _kind(uniform("kind", 0.0, 1.0), source.share)
    contact_time = 5 + draw.at("puppets", "when").integers(5)[0]
    way = _direction(uniform("way", 0.0, 1.0))
    start = torch.stack([uniform("x", -0.4, 0.4), uniform("y", -0.1, 0.2)], dim=1)
    face = torch.stack([uniform("face_x", -0.3, 0.3), uniform("face_y", -0.65, -0.55)], dim=1)
    row = start[:, 1] + uniform("drift_y", 0.58, 0.7)
    if source.face == "middle":
        start, way, face, row = _around(uniform("way", 0.0, 1.0), start, face)
    since = (time - contact_time[:, None]).to(torch.float32)
    carried = since.clamp(0.0, _CARRY) * _SPEED
    ahead = way[:, None]
    places = _places(kind, start, ahead, since, carried)
    contact = start - way * _OBJECT
    lead = draw.at("puppets", "lead").integers(6)[0]
    aimed = ((kind == 0)[:, None] & (since >= -lead[:, None]))[..., None]
    pose, frame = draw.at("view", view), source.frame
    return Puppets(
        time=time,
        kind=kind,
        contact_time=contact_time,
        contact=contact,
        tips=_tips(pose, split),
        drifter=_drifting(time, uniform("drift_x", -0.7, 0.7), row),
        face=face,
        look=_look(draw.at("puppets", "who"), split),
        gaze=torch.where(aimed, _unit(contact - face)[:, None], _direction(uniform("gaze", 0.0, 1.0))[:, None]),
        greys=_greys(uniform("grey", 0.0, 1.0, 4)),
        round=uniform("round", 0.0, 1.0, 2) < 0.5,
        ground=0.45 + 0.1 * draw.at("puppets", "ground").banked(frame, frame)[0],
        noise=source.noise * _noise(pose.at("puppets", "noise"), time, frame),
        **places,
    )


def at_contact(puppets: Puppets) -> Puppets:
    """One moment of each scene, seen with the face in the middle; without a hand that touches, the face alone."""
    touched = (puppets.kind == 0)[:, None, None]
    moved = {"hand": puppets.hand, "object": puppets.object}
    shown = {name: torch.where(touched, place - puppets.face[:, None], _AWAY) for name, place in moved.items()}
    away = torch.full_like(puppets.other, _AWAY)
    return replace(puppets, other=away, drifter=away, face=torch.zeros_like(puppets.face), **shown)


def painted(puppets: Puppets, frame: int) -> tuple[Tensor, Tensor]:
    """Frames (M, T, H, W) in [0, 1], and how much of each pixel the hand covers."""
    axis, sharp = drawing.axis(frame), 0.75 * frame
    across, down = axis, axis[:, None]
    radius, grey, gap, size = drawing.pixels(*puppets.look.unbind(1))
    x, y = drawing.pixels(*puppets.face.unbind(1))
    still = drawing.over(puppets.ground, drawing.cover(_ring(across - x, down - y) - radius, sharp), grey)
    image = still[:, None].expand(-1, puppets.time.shape[1], -1, -1)
    for side in (-1.0, 1.0):
        turned_x, turned_y = drawing.pixels(*puppets.gaze.mul(0.05).unbind(2))
        eye = _ring(across - (x + side * gap)[:, None] - turned_x, down - (y - 0.03)[:, None] - turned_y)
        image = drawing.over(image, drawing.cover(eye - size[:, None], 2.0 * sharp), 0.05)
    layers = ((puppets.drifter, 3, None), (puppets.object, 1, 0), (puppets.other, 2, 1))
    for place, colour, form in layers:
        right, below = (
            axis_ - each for axis_, each in zip((across, down), drawing.pixels(*place.unbind(2)), strict=True)
        )
        distance = _ring(right, below)
        if form is not None:
            square = torch.maximum(right.abs(), below.abs())
            distance = torch.where(puppets.round[:, form, None, None, None], distance, square)
        image = drawing.over(image, drawing.cover(distance - 0.1, sharp), puppets.greys[:, colour, None, None, None])
    covered = drawing.cover(_hand(puppets, across, down), sharp)
    image = drawing.over(image, covered, puppets.greys[:, 0, None, None, None])
    return (image + puppets.noise).clamp(0.0, 1.0), covered


def _hand(puppets: Puppets, across: Tensor, down: Tensor) -> Tensor:
    """Signed distance from the outline of the hand: a palm and four fingers."""
    x, y = drawing.pixels(*puppets.hand.unbind(2))
    right, below, nothing = across - x, down - y, torch.zeros(())
    distance = drawing.capsule(right, below, (nothing, nothing), (nothing + 0.05, nothing)) - _PALM
    for tip in puppets.tips.unbind(1):
        end = tuple(each[:, None] for each in drawing.pixels(*tip.unbind(1)))
        distance = torch.minimum(
            distance, drawing.capsule(right, below, (nothing, nothing), (end[0], end[1])) - _FINGER
        )
    return distance


def _noise(pose: Draw, time: Tensor, frame: int) -> Tensor:
    """Standard normals for every pixel of every moment, (M, T, H, W)."""
    assert pose.index_NB is not None
    drawn = step_by_step(pose, pose.index_NB, time[None]).banked(frame, frame)[0]
    return drawn.reshape(*time.shape, frame, frame)


def _kind(uniform: Tensor, share: float) -> Tensor:
    """0 for a share of scenes, 1 to 4 alike for the rest."""
    rest = (uniform - share) / max(1e-6, 1.0 - share)
    return torch.where(uniform <= share, 0, 1 + (4.0 * rest).floor().clamp(0.0, 3.0).to(torch.int64))


def _places(kind: Tensor, start: Tensor, ahead: Tensor, since: Tensor, carried: Tensor) -> dict[str, Tensor]:
    """Hand, object and other object over time."""
    is_kind = [(kind == number)[:, None, None] for number in range(5)]
    moves = is_kind[0] | is_kind[2]
    thing = start[:, None] + torch.where(moves, ahead * carried[..., None], 0.0)
    coming = start[:, None] + ahead * (since.clamp(max=0.0)[..., None] * _SPEED - _REACH)
    beside = torch.stack([-ahead[..., 1], ahead[..., 0]], dim=-1)
    passing = start[:, None] + ahead * (since[..., None] * _SPEED - _REACH) + 0.55 * beside
    hand = torch.where(is_kind[0], coming + ahead * carried[..., None], torch.where(is_kind[1], passing, _AWAY))
    return {"hand": hand, "object": thing, "other": torch.where(is_kind[3], coming, _AWAY)}


def _around(way: Tensor, start: Tensor, face: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Object, way and face where the face is in the middle, and the row of what drifts by.

    The object is at a third of the frame from the face, in any direction; hands go past the face, not across it.
    """
    turn = math.pi / 2.0 + start[:, 0]
    there = _direction(way)
    across = torch.stack([-there[:, 1], there[:, 0]], dim=1)
    way = turn.cos()[:, None] * there + turn.sin()[:, None] * across
    face = torch.stack([face[:, 0] / 4.0, (face[:, 1] + 0.6) * 2.0], dim=1)
    return face + 0.6 * there, way, face, torch.where(there[:, 1] < 0.0, 0.85, -0.85)


def _drifting(time: Tensor, x: Tensor, row: Tensor) -> Tensor:
    """What drifts by, in a row."""
    return torch.stack([x[:, None] + 0.08 * (time - 8), row[:, None].expand(time.shape)], dim=-1)


def _tips(pose: Draw, split: str) -> Tensor:
    """Finger tips (M, 4, 2), at turns that the split has."""
    turn = 2.0 * math.pi * held_out(pose.at("puppets", "turn").uniform(1)[0], split)
    spread = 0.3 + 0.2 * pose.at("puppets", "spread").uniform(4)[0]
    angle = turn + (torch.arange(4) - 1.5) * spread
    return _LENGTH * torch.stack([angle.cos(), angle.sin()], dim=-1)


def _look(who: Draw, split: str) -> Tensor:
    """Radius, grey, gap and size of pupils, of one of the faces that the split has."""
    first, count = held_out_of(_FACES, split)
    face = Draw(who.seeds_N, first + who.integers(count), word("movers", "faces")).uniform(4)[0]
    return torch.tensor([0.17, 0.6, 0.06, 0.03]) + torch.tensor([0.06, 0.3, 0.03, 0.015]) * face


def _greys(uniform: Tensor) -> Tensor:
    """A hand is bright; things are dark or bright."""
    things = torch.where(uniform[:, 1:] < 0.5, 0.5 * uniform[:, 1:], 0.4 + 0.6 * uniform[:, 1:])
    return torch.cat([0.7 + 0.3 * uniform[:, :1], things], dim=1)


def _direction(turn: Tensor) -> Tensor:
    return torch.stack([(2.0 * math.pi * turn).cos(), (2.0 * math.pi * turn).sin()], dim=-1)


def _unit(vector: Tensor) -> Tensor:
    return vector / (vector * vector).sum(dim=-1, keepdim=True).sqrt()


def _ring(x: Tensor, y: Tensor) -> Tensor:
    """Distance from a point."""
    return (x * x + y * y).sqrt()
