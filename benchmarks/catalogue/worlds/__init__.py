"""Entries of the worlds: acceptance figures of the design, the controls' figures, and the pace."""

from __future__ import annotations

from benchmarks.catalogue.table import Entry
from benchmarks.catalogue.worlds import (
    acting,
    eyes,
    gym,
    linear,
    nature,
    real,
    registered,
    scenes,
    sequences,
    social,
    tasks,
    views,
)

ENTRIES: tuple[Entry, ...] = (
    *real.ENTRIES,
    *registered.ENTRIES,
    *linear.ENTRIES,
    *nature.ENTRIES,
    *scenes.ENTRIES,
    *sequences.ENTRIES,
    *social.ENTRIES,
    *views.ENTRIES,
    *eyes.ENTRIES,
    *acting.ENTRIES,
    *tasks.ENTRIES,
    *gym.ENTRIES,
)
