"""Costs with a target that is told: digits named by 64-20-20-10, and by labels of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, Proof, entry
from models.specs.document import read

_EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "costs"


def _named(cost: dict[str, Any], head: str, weight: float, *, shuffle: bool, passes: int) -> list[float]:
    """Accuracies on digits not trained on."""
    organism = lives.layers(20, 20, 10, sense=lives.DIGIT, head=head)
    organism["optimizer"] = {"kind": "sgd", "lr": 0.1}
    naming = {"at": "a3", "target": {"kind": "label", "shuffle": shuffle}} | cost
    document = {
        "clock": {"batch": 20},
        "organism": organism,
        "worlds": {"day": {"source": "digits"}, "exam": {"source": "digits", "split": "test"}},
        "costs": {"naming": naming},
        "stages": [{"name": "day", "world": "day", "costs": {"naming": weight}, "until": {"after": f"{passes}ep"}}],
        "probes": {"accuracy": {"kind": "accuracy", "at": "a3", "world": "exam", "every": f"{passes}ep"}},
    }
    return list(lives.grown(document).last["accuracy"])


def _proof(kind: str, head: str = "none", weight: float = 1.0, **options: Any) -> Proof:
    def proof(quick: bool) -> Iterator[Figure]:
        passes, bounds = (15, ">= 0.88") if quick else (60, ">= 0.94")
        for shuffle in (False, True):
            told = _named({"kind": kind} | options, head, weight, shuffle=shuffle, passes=passes)
            name, peer = ("control", "labels shuffled") if shuffle else ("accuracy", None)
            yield from lives.figures(name, told, "share", "<= 0.2" if shuffle else bounds, peer)

    return proof


def _goal_match(quick: bool) -> Iterator[Figure]:
    """Imprinting on what is met first, whichever it is."""
    things: dict[str, Any] = {
        "gratings": {"source": {"kind": "gratings", "frame": 16, "orientations": 2}, "labels": "none"},
        "shapes": {"source": {"kind": "shapes", "level": "easy"}, "labels": "none"},
    }
    organism = lives.layers(32, sense={"retina": {"shape": [1, 16, 16]}}, head="tanh", lr_scale=0.001)
    organism["optimizer"] = {"kind": "sgd", "lr": 0.1}
    closing = {"window": {"areas": ["a1"], "level": {"kind": "decay", "half_life": "500sp"}}}
    exams = {f"{name}-again": world | {"split": "test"} for name, world in things.items()}
    prefer = {"kind": "goal_match", "at": "a1", "target": {"kind": "template", "area": "a1"}, "eta": 0.1}
    for name, window, bound in (("prefers_first", closing, "== 1"), ("control", {}, "== 0")):
        told = []
        for order in (["gratings", "shapes"], ["shapes", "gratings"]):
            stage = {"costs": {"prefer": 1.0}, "until": {"after": "200ba"}}
            life = lives.grown(
                {
                    "clock": {"batch": 20},
                    "organism": organism,
                    "worlds": things | exams,
                    "costs": {"prefer": prefer},
                    "stages": [stage | {"name": thing, "world": thing} for thing in order],
                    "critical_periods": window,
                }
            )
            template = life.weight("cost/prefer/template")
            first, last = (
                (life.seen(f"{thing}-again", 500).rate["a1"].mean(dim=(1, 2)) - template).norm(dim=1) for thing in order
            )
            told += (first < last).double().tolist()
        peer = None if window else "the window never closes"
        yield Figure(name, sum(told) / len(told), "share of lives", bound, peer)


def _retinal_slip(quick: bool) -> Iterator[Figure]:
    """Gain of a reflex after 2000 turns of the head, and after 2000 more behind lenses that double what is seen."""
    document = dict(read((_EXAMPLES / "retinal_slip.yaml").read_bytes()).data)
    birth, lenses = document["stages"]
    unheard = lenses | {"costs": {"slip": 1e-9}}
    for name, stages, bound in (
        ("gain_bare", [birth], "within 0.95 1.05"),
        ("gain", [birth, lenses], "within 1.95 2.05"),
        ("control", [birth, unheard], "within 0.95 1.05"),
    ):
        life = lives.grown(document | {"stages": stages})
        seen = life.seen("bare", 1000)
        eye, head = seen.rate["flocculus"][..., 0, 0], seen.batch.factors["head"][..., 0]
        gain: list[float] = (-(eye * head).sum(dim=1) / head.square().sum(dim=1)).tolist()
        peer = "lenses, and no signal of slip" if name == "control" else None
        yield from lives.figures(name, gain, "1", bound, peer)


def _replay(quick: bool) -> Iterator[Figure]:
    """Two tasks one after the other: what is left of the first, with a store of any of what was met and without."""
    document = dict(read((_EXAMPLES / "replay.yaml").read_bytes()).data)
    until = {"after": "10ep" if quick else "20ep"}

    def both(past: float, slots: int = 200) -> tuple[list[float], list[float]]:
        first, second = (stage | {"until": until} for stage in document["stages"])
        costs = document["costs"] | {"past": {"kind": "replay", "at": "head", "slots": slots}}
        stages = [first, second | {"costs": {"naming": 1.0, "past": past}}]
        life = lives.grown(document | {"costs": costs, "stages": stages})
        return list(life.last["first-acc"]), list(life.last["second-acc"])

    (first, second), (lost, _), (few, _) = both(1.0), both(1e-9), both(1.0, slots=20)
    yield from lives.figures("first_task", first, "share", ">= 0.88")
    yield from lives.figures("second_task", second, "share", ">= 0.9")
    yield from lives.figures("control", lost, "share", "<= 0.7", "first task, weight 0 in the second stage")
    yield from lives.figures("few", few, "share", "<= 0.85", "first task, 20 items kept")


ENTRIES: tuple[Entry, ...] = (
    entry("cross_entropy", _proof("cross_entropy")),
    entry("mse", _proof("mse", weight=5.0)),
    entry("bce", _proof("bce", head="sigmoid", weight=10.0)),
    entry("hinge", _proof("hinge", weight=5.0)),
    entry("goal_match", _goal_match),
    entry("retinal_slip", _retinal_slip),
    entry("replay", _replay),
)
