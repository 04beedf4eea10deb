"""Probes of acting: four rooms walked without aim, and after a while of learning."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.catalogue.probes import lives
from benchmarks.catalogue.table import Entry, Figure, Proof, entry


def _proof(kind: str, name: str, grown: str, born: str, unit: str) -> Proof:
    def proof(quick: bool) -> Iterator[Figure]:
        first, last = lives.grown(kind, 5 if quick else 20)
        yield Figure(kind, float(last[name].mean()), unit, grown)
        yield Figure("control", float(first[name].mean()), unit, born, "at birth: a walk without aim")

    return proof


ENTRIES: tuple[Entry, ...] = (
    entry("return", _proof("return", "pay", ">= 0.95", "<= 0.8", "reward")),
    entry("steps_ratio", _proof("steps_ratio", "ways", "<= 2", ">= 4", "x")),
    entry("regret", _proof("regret", "missed", "<= 0.1", ">= 0.4", "reward")),
    entry("coverage", _proof("coverage", "seen", "<= 0.98", ">= 0.99", "share")),
)
