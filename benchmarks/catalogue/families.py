"""The families of the table: the union of each, and its entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.catalogue import areas, costs, probes, studies, worlds
from benchmarks.catalogue.table import Entry
from models.specs.areas import AreaSpec
from models.specs.costs import CostSpec
from models.specs.probes import ProbeSpec
from models.specs.worlds.sources import SourceSpec


@dataclass(frozen=True)
class Family:
    """All members of a kind of thing."""

    union: Any
    """None: documents of the examples, some of which are put to the proof elsewhere."""
    entries: tuple[Entry, ...]


FAMILIES: Mapping[str, Family] = {
    "worlds": Family(SourceSpec, worlds.ENTRIES),
    "costs": Family(CostSpec, costs.ENTRIES),
    "probes": Family(ProbeSpec, probes.ENTRIES),
    "areas": Family(AreaSpec, areas.ENTRIES),
    "studies": Family(None, studies.ENTRIES),
}
