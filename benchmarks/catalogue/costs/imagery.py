"""Entries of the costs by which things are imagined."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.costs.rbm import Rbm
from models.costs.wake_sleep import WakeSleep
from models.specs.costs.statistics import RbmSpec, WakeSleepSpec
from models.specs.document import read

_EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "costs"
_MODES, _RADIUS, _SD = 8, 2.0, 0.1
_LIVES = 3


def places(points: Tensor) -> Tensor:
    """Places of the ring that have at least a hundredth of the points (M, 2) within three standard deviations."""
    angle = torch.arange(_MODES) * 2.0 * math.pi / _MODES
    apart = torch.cdist(points, _RADIUS * torch.stack([angle.cos(), angle.sin()], dim=-1))
    near = apart.min(dim=1)
    return torch.bincount(near.indices[near.values < 3.0 * _SD], minlength=_MODES) >= len(points) / 100


def _adversarial(quick: bool) -> Iterator[Figure]:
    document: dict[str, Any] = dict(read((_EXAMPLES / "adversarial.yaml").read_bytes()).data)
    document["stages"][0]["until"] = {"after": f"{800 if quick else 3000}ba"}

    def met(change: dict[str, Any]) -> list[float]:
        day = document["stages"][0] | change
        life = lives.grown(document | {"stages": [day]}, _LIVES)
        pictures = life.seen("day", 1000).rate["picture"][:, :, 0]
        return [float(places(each).sum()) for each in pictures]

    yield from lives.figures("modes", met({}), "of 8", ">= 7", "imagined within 3 sd")
    still = {"look1": 0.0, "look2": 0.0, "verdict": 0.0}
    frozen = {"costs": {"forging": 1.0}, "plasticity": {"*": 1.0} | still, "until": {"after": "300ba"}}
    yield from lives.figures("control", met(frozen), "of 8", "<= 2", "a judge who does not learn")


def whole(pictures: Tensor) -> list[float]:
    """Share of the bright pixels of pictures (N, M, 64) that lie in a row or column without a gap, by life."""
    square = pictures.reshape(*pictures.shape[:2], 8, 8)
    lines = torch.maximum(square.amin(dim=3, keepdim=True), square.amin(dim=2, keepdim=True))
    told: list[float] = ((lines * square).sum(dim=(1, 2, 3)) / square.sum(dim=(1, 2, 3))).tolist()
    return told


def _rbm(quick: bool) -> Iterator[Figure]:
    organism = lives.layers(64, sense=lives.DIGIT, head="sigmoid", init={"kind": "normal", "sd": 0.05})
    organism["optimizer"] = {"kind": "adam", "lr": 0.01}
    day = {"name": "day", "world": "day", "costs": {"dream": 1.0}}
    for name, updates, bound in (("whole", 1000 if quick else 3000, ">= 0.5"), ("control", 1, "<= 0.05")):
        life = lives.grown(
            {
                "clock": {"batch": 64},
                "organism": organism,
                "worlds": {"day": {"source": "bars"}, "exam": {"source": "bars", "split": "test"}},
                "costs": {"dream": {"kind": "rbm", "at": "a1"}},
                "stages": [day | {"until": {"after": f"{updates}ba"}}],
            },
            _LIVES,
        )
        seen = life.seen("exam", 300)
        shown = seen.rate["retina"].flatten(3).flatten(1, 2)
        snow = (torch.rand(shown.shape, generator=torch.Generator().manual_seed(0)) < shown.mean()).float()
        cost = Rbm("dream", RbmSpec(kind="rbm", at="a1", steps=30), ["retina"])
        peer = "one update old" if name == "control" else "bright pixels in whole bars, dreamt from snow"
        yield from lives.figures(name, whole(cost.dreamt(snow, seen)), "share", bound, peer)
        if name == "whole":
            above = (cost.energy(snow, seen) - cost.energy(shown, seen)).mean(dim=1).tolist()
            yield from lives.figures("snow_above", above, "nats", ">= 10", "free energy of snow over that of bars")


def _wake_sleep(quick: bool) -> Iterator[Figure]:
    """Nats of a picture of bars: what its probability is at least, with recognition learned asleep, and without."""
    document: dict[str, Any] = dict(read((_EXAMPLES / "wake_sleep.yaml").read_bytes()).data)
    document["stages"][0]["until"] = {"after": f"{1000 if quick else 4000}ba"}
    for name, sleep, bound in (("nats", 1.0, "<= 30"), ("control", 0.0, ">= 34")):
        document["costs"]["dream"]["sleep"] = sleep
        life = lives.grown(document, _LIVES)
        spec = life.schedule.costs["dream"]
        assert isinstance(spec, WakeSleepSpec)
        told = WakeSleep("dream", spec, ["retina"]).bound(life.seen("exam", 1000)).tolist()
        bright = life.seen("exam", 1000).rate["retina"].mean()
        peer = f"pixels by themselves: {64 * float(torch.special.entr(torch.stack([bright, 1 - bright])).sum()):.1f}"
        yield from lives.figures(name, told, "nats", bound, peer if sleep else "nobody sleeps")


ENTRIES: tuple[Entry, ...] = (
    entry("adversarial", _adversarial),
    entry("rbm", _rbm),
    entry("wake_sleep", _wake_sleep),
)
