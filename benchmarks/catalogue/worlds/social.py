"""Worlds with somebody in them: whether what shall teach is there to be seen, and what would mislead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace

_MOVES, _SPOT = 0.08, 7


class _Seen(NamedTuple):
    """Places (found, 2) that a detector names, and the clips and steps they are of."""

    clip: Tensor
    step: Tensor
    place: Tensor


def _around(mask: Tensor, pixels: int) -> Tensor:
    """A mask (M, H, W), grown by some pixels."""
    return functional.max_pool2d(mask[:, None].float(), 2 * pixels + 1, 1, pixels)[:, 0] > 0


def _centre(mask: Tensor) -> Tensor:
    """Mean place (M, 2) of a mask."""
    axis = torch.linspace(-1, 1, mask.shape[-1])
    count = mask.sum(dim=(1, 2)).clamp(min=1)
    return torch.stack([(mask.sum(1) * axis).sum(1), (mask.sum(2) * axis).sum(1)], dim=1) / count[:, None]


def _started(flow: Tensor) -> _Seen:
    """What stood still starts to move, and goes on, beside what moved before: the places of the latter."""
    moving = functional.avg_pool2d(flow.sum(dim=2), 3, 1, 1) > _MOVES
    inner = torch.zeros(moving.shape[2:], dtype=torch.bool)
    inner[4:-4, 4:-4] = True
    found = []
    for step in range(3, moving.shape[1] - 1):
        before = moving[:, step - 3 : step].any(dim=1)
        new = moving[:, step] & inner & ~_around(before, 4) & _around(moving[:, step + 1], 1)
        cause = moving[:, step - 1] & _around(new, 6)
        hit = (new.sum(dim=(1, 2)) >= 6) & (cause.sum(dim=(1, 2)) >= 6)
        clip = hit.nonzero()[:, 0]
        found.append(_Seen(clip, torch.full_like(clip, step), _centre(cause[clip])))
    return _Seen(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def _moved(flow: Tensor) -> _Seen:
    """The place of most motion, in every frame with some."""
    energy = functional.avg_pool2d(flow.sum(dim=2), _SPOT, 1, _SPOT // 2)
    clip, step = (energy.amax(dim=(2, 3)) > _MOVES / 2).nonzero().unbind(1)
    peak = energy[clip, step].flatten(1).argmax(dim=1)
    side = energy.shape[-1]
    return _Seen(clip, step, torch.stack([peak % side, peak // side], dim=1) * 2.0 / (side - 1) - 1.0)


def _precision(seen: _Seen, box: Tensor) -> float:
    """Share of places that lie on a hand, box (clips, steps, 4), by a pixel or two."""
    hand = box[seen.clip, seen.step]
    inside = ((seen.place - hand[:, :2]).abs() <= hand[:, 2:] + 0.1).all(dim=1) & (hand[:, 2] > 0)
    return float(inside.float().mean())


def _movers(quick: bool) -> Iterator[Figure]:
    channels, _, factors = readers.items({"kind": "movers"}, 400 if quick else 2000, 16)
    flow, box = channels["flow"][0], factors["hand_box"][0]
    started = _started(flow)
    yield Figure("event_precision", _precision(started, box), "share", ">= 0.95", "what starts beside what moved")
    events = factors["event"][0].any(dim=1)
    yield Figure("event_recall", float(events[started.clip.unique()].sum() / events.sum()), "share", ">= 0.5")
    yield Figure("control", _precision(_moved(flow), box), "share", "<= 0.4", "the place of most motion")


def _syllables(quick: bool) -> Iterator[Figure]:
    """Whether a tutor is known by any of his renditions."""
    source = {"kind": "syllables", "renditions": 16 if quick else 64}
    channels, label, _ = readers.items(source)
    heard, who, _ = readers.items(source, split="test")
    assert label is not None
    assert who is not None
    known, told = channels["song"][0].flatten(1), heard["song"][0].flatten(1)
    yield Figure("logistic", readers.logistic((known, label[0, :, 0]), (told, who[0, :, 0])), "share", ">= 0.98")
    alike = torch.corrcoef(told)
    same = who[0, :, 0, None] == who[0, :, 0]
    other = ~torch.eye(len(told), dtype=torch.bool)
    yield Figure("same_tutor", float(alike[same & other].mean()), "r", ">= 0.95")
    yield Figure("control", float(alike[~same].mean()), "r", "<= 0.6", "songs of other tutors")


ENTRIES = (entry("movers", _movers, pace("movers")), entry("syllables", _syllables, pace("syllables")))
