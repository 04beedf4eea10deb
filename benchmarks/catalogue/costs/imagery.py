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
from models.specs.document import read

_EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "costs" / "adversarial.yaml"
_MODES, _RADIUS, _SD = 8, 2.0, 0.1
_LIVES = 3


def places(points: Tensor) -> Tensor:
    """Places of the ring that have at least a hundredth of the points (M, 2) within three standard deviations."""
    angle = torch.arange(_MODES) * 2.0 * math.pi / _MODES
    apart = torch.cdist(points, _RADIUS * torch.stack([angle.cos(), angle.sin()], dim=-1))
    near = apart.min(dim=1)
    return torch.bincount(near.indices[near.values < 3.0 * _SD], minlength=_MODES) >= len(points) / 100


def _adversarial(quick: bool) -> Iterator[Figure]:
    document: dict[str, Any] = dict(read(_EXAMPLE.read_bytes()).data)
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


ENTRIES: tuple[Entry, ...] = (entry("adversarial", _adversarial),)
