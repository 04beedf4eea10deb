"""Entries of the probes: values known beforehand, what lives of their examples show, and the controls."""

from __future__ import annotations

from benchmarks.catalogue.probes import acting, truths, units, weights
from benchmarks.catalogue.table import Entry

ENTRIES: tuple[Entry, ...] = (*truths.ENTRIES, *units.ENTRIES, *weights.ENTRIES, *acting.ENTRIES)
