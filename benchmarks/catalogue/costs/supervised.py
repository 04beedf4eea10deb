"""Costs with a target that is told: digits named by 64-20-20-10, and by labels of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, Proof, entry


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


ENTRIES: tuple[Entry, ...] = (
    entry("cross_entropy", _proof("cross_entropy")),
    entry("mse", _proof("mse", weight=5.0)),
    entry("bce", _proof("bce", head="sigmoid", weight=10.0)),
    entry("hinge", _proof("hinge", weight=5.0)),
)
