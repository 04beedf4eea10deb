"""Entries of the area kinds: acceptance figures of the design, each beside plain areas with as many parameters."""

from __future__ import annotations

from benchmarks.catalogue.areas import acting, detectors, layers, memories, structures, time
from benchmarks.catalogue.table import Entry

ENTRIES: tuple[Entry, ...] = (
    *layers.ENTRIES,
    *time.ENTRIES,
    *memories.ENTRIES,
    *detectors.ENTRIES,
    *structures.ENTRIES,
    *acting.ENTRIES,
)
