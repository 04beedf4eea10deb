"""Entries of the costs: acceptance figures of the design, and the controls' figures."""

from __future__ import annotations

from benchmarks.catalogue.costs import (
    acting,
    common_causes,
    imagery,
    intrinsic,
    properties,
    statistics,
    supervised,
    time,
    weights,
)
from benchmarks.catalogue.table import Entry

ENTRIES: tuple[Entry, ...] = (
    *supervised.ENTRIES,
    *statistics.ENTRIES,
    *properties.ENTRIES,
    *weights.ENTRIES,
    *time.ENTRIES,
    *common_causes.ENTRIES,
    *imagery.ENTRIES,
    *acting.ENTRIES,
    *intrinsic.ENTRIES,
)
