"""Costs that ask for properties of activity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.specs.document import read

_EFFORT = Path(__file__).parents[3] / "examples" / "members" / "costs" / "effort.yaml"
SOURCES = 10


def _naming(cost: dict[str, Any], weight: float, updates: int) -> lives.Grown:
    """Digits named by 64-32-10 while a cost asks something of its hidden area."""
    organism = lives.layers(32, 10, sense=lives.DIGIT, act="sigmoid") | {"optimizer": {"kind": "adam", "lr": 0.005}}
    costs = {"naming": {"kind": "cross_entropy", "at": "a2", "target": "label"}, "asked": {"at": "a1"} | cost}
    return lives.grown(
        {
            "clock": {"batch": 100},
            "organism": organism,
            "worlds": {"day": {"source": "digits"}, "exam": {"source": "digits", "split": "test"}},
            "costs": costs,
            "stages": [
                {
                    "name": "day",
                    "world": "day",
                    "costs": {"naming": 1.0, "asked": weight},
                    "until": {"after": f"{updates}ba"},
                }
            ],
            "probes": {"accuracy": {"kind": "accuracy", "at": "a2", "world": "exam", "every": f"{updates}ba"}},
        }
    )


def _activity(quick: bool) -> Iterator[Figure]:
    updates = 500 if quick else 1500
    for name, weight, bound in (("off_target", 60.0, "<= 0.05"), ("control", 1e-9, ">= 0.3")):
        life = _naming({"kind": "activity", "target_rate": 0.2}, weight, updates)
        rate = life.seen("day", None).rate["a1"].mean(dim=(1, 2, 3))
        told = ((rate - 0.2).abs() / 0.2).tolist()
        yield from lives.figures(name, told, "share of the target", bound, "weight 0" if name == "control" else None)
        if name == "off_target":
            yield from lives.figures("accuracy", life.last["accuracy"], "share", ">= 0.9", "digits named besides")


def _decorrelate(quick: bool) -> Iterator[Figure]:
    updates = 500 if quick else 1500
    for name, weight, bound in (("correlation", 20.0, "<= 0.02"), ("control", 1e-9, ">= 0.06")):
        life = _naming({"kind": "decorrelate"}, weight, updates)
        told = life.cost("asked", "exam", 397)
        yield from lives.figures(name, told, "mean r^2", bound, "weight 0" if name == "control" else None)
        if name == "correlation":
            yield from lives.figures("accuracy", life.last["accuracy"], "share", ">= 0.9", "digits named besides")


def _slow_feature(quick: bool) -> Iterator[Figure]:
    organism = {
        "senses": {"x": {"shape": [SOURCES]}},
        "areas": {"a1": {"kind": "linear", "size": 1, "act": "none", "bias": False}},
        "pathways": [{"from": "x", "to": "a1"}],
        "optimizer": {"kind": "adam", "lr": 0.05},
    }
    updates = 300 if quick else 1000
    film = {"source": {"kind": "mixed_sources", "sources": SOURCES, "law": "sine"}, "steps": 2048}
    shuffled = film | {"transforms": ["shuffle_time"]}
    fall = {"kind": "ramp", "start": "0.5st", "end": "1st", "from": 1.0, "to": 0.01, "shape": "exp"}
    for name, world, bound in (("slowest_source", film, ">= 0.9"), ("control", shuffled, "<= 0.6")):
        life = lives.grown(
            {
                "clock": {"batch": 16},
                "organism": organism,
                "worlds": {"film": world, "exam": film | {"split": "test"}},
                "costs": {"slow": {"kind": "slow_feature", "at": "a1"}},
                "stages": [
                    {
                        "name": "watching",
                        "world": "film",
                        "costs": {"slow": 1.0},
                        "plasticity": {"*": fall},
                        "until": {"after": f"{updates}ba"},
                    }
                ],
            }
        )
        seen = life.seen("exam", 100)
        slowest = seen.batch.factors["source"][..., 0]
        told = [abs(lives.correlation(seen.rate["a1"][n, ..., 0], slowest[n])) for n in range(lives.LIVES)]
        yield from lives.figures(name, told, "abs r", bound, "frames shuffled" if name == "control" else None)


def _effort(quick: bool) -> Iterator[Figure]:
    """Four muscles at one hand: u = a y / (sum a^2 + weight), a how each pulls, is the least of both costs."""
    document = dict(read(_EFFORT.read_bytes()).data)
    document["stages"][0]["until"] = {"after": f"{600 if quick else 2000}ba"}
    price = document["stages"][0]["costs"]["thrift"]
    for name, weight, bound in (("off_least", price, "<= 0.05"), ("control", 1e-9, ">= 0.5")):
        document["stages"][0]["costs"]["thrift"] = weight
        life = lives.grown(document)
        pulls_NU = life.weight("area/hand/from/muscles/weight")[..., 0].double()
        does_NU = life.weight("area/muscles/from/x/weight")[:, 0].double()
        asked = life.seen("exam", 200)
        assert asked.batch.label is not None
        gain = float(asked.batch.label.flatten()[0] / asked.rate["x"].flatten()[0])
        least_NU = pulls_NU * gain / (pulls_NU.square().sum(dim=1, keepdim=True) + price)
        off: list[float] = ((does_NU - least_NU).norm(dim=1) / least_NU.norm(dim=1)).tolist()
        yield from lives.figures(name, off, "share", bound, "weight 0" if name == "control" else "closed form")
        yield from lives.figures(f"{name}.spent", life.cost("thrift", "exam", 200), "squared commands")


ENTRIES: tuple[Entry, ...] = (
    entry("activity", _activity),
    entry("slow_feature", _slow_feature),
    entry("decorrelate", _decorrelate),
    entry("effort", _effort),
)
