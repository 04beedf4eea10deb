"""Costs that keep what the input is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry

DIGITS = {
    "day": {"source": "digits", "labels": "none"},
    "few": {"source": "digits", "size": 50},
    "exam": {"source": "digits", "split": "test"},
}


def _principal(weight_ND: Tensor, x: Tensor) -> list[float]:
    """Share of the subspace of the strongest principal components that rows (N, units, D) span."""
    units = weight_ND.shape[1]
    strongest = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)[2][:units].T
    spanned = torch.linalg.qr(weight_ND.mT)[0]
    overlap: list[float] = ((spanned.mT @ strongest).square().sum(dim=(1, 2)) / units).tolist()
    return overlap


def _autoencode(quick: bool) -> Iterator[Figure]:
    organism = lives.layers(8, sense=lives.DIGIT) | {"optimizer": {"kind": "adam", "lr": 0.01}}
    passes, least = (400, 0.95) if quick else (600, 0.99)
    fall = {"kind": "ramp", "start": "0.5st", "end": "1st", "from": 1.0, "to": 0.01, "shape": "exp"}
    document = {
        "clock": {"batch": 100},
        "organism": organism,
        "worlds": DIGITS,
        "costs": {"rebuild": {"kind": "autoencode", "at": "a1"}},
        "stages": [
            {
                "name": "looking",
                "world": "day",
                "costs": {"rebuild": 1.0},
                "plasticity": {"*": fall},
                "until": {"after": f"{passes}ep"},
            }
        ],
    }
    for name, given, bound in (("overlap", document, f">= {least}"), ("control", _still(document), "<= 0.3")):
        life = lives.grown(given)
        pixels = life.seen("day", None).rate["retina"][0].flatten(1)
        told = _principal(life.weight("cost/rebuild/decoder/weight"), pixels)
        yield from lives.figures(name, told, "share", bound, "untrained decoder" if name == "control" else None)


def _still(document: dict[str, Any]) -> dict[str, Any]:
    """The same life, as long as one update."""
    (stage,) = document["stages"]
    short = {"name": "looking", "world": stage["world"], "costs": stage["costs"], "until": {"after": "1ba"}}
    return document | {"stages": [short | {"plasticity": {"*": 1e-6}}]}


def _denoise(quick: bool) -> Iterator[Figure]:
    def reader(corrupt: float, updates: int) -> list[float]:
        organism = lives.layers(64, 32, sense=lives.DIGIT, act="relu", head="relu")
        organism["optimizer"] = {"kind": "adam", "lr": 0.003}
        costs = {
            "low": {"kind": "denoise", "at": "a1", "corrupt": corrupt},
            "high": {"kind": "denoise", "at": "a2", "corrupt": corrupt, "target": {"kind": "area", "area": "a1"}},
        }
        document = {
            "clock": {"batch": 20},
            "organism": organism,
            "worlds": DIGITS,
            "costs": costs,
            "stages": [
                {
                    "name": "looking",
                    "world": "day",
                    "costs": dict.fromkeys(costs, 1.0),
                    "until": {"after": f"{updates}ba"},
                }
            ],
            "probes": {
                "reader": {
                    "kind": "linear_readout",
                    "at": "a2",
                    "world": "exam",
                    "train": "few",
                    "every": f"{updates}ba",
                }
            },
        }
        return list(lives.grown(document).last["reader.a2"])

    updates = 600 if quick else 2400
    looked, unseen, clean = reader(0.25, updates), reader(0.25, 1), reader(0.0, updates)
    gained = [one - other for one, other in zip(looked, unseen, strict=True)]
    yield from lives.figures("few_labels", looked, "share")
    yield from lives.figures("control", unseen, "share", None, "untrained")
    yield from lives.figures("gained", gained, "share", ">= 0.15", "over untrained")
    yield from lives.figures("control.corrupt_0", clean, "share", None, "nothing corrupted")


ENTRIES: tuple[Entry, ...] = (entry("autoencode", _autoencode), entry("denoise", _denoise))
