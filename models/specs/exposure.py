"""What a life is shown in all, in every measure in which compared arms should agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from models.specs.schedule import ScheduleSpec
from models.specs.timeline import pass_sp, stage_lengths
from models.specs.totals import total
from models.specs.varying import varied
from models.specs.worlds import NoLabels, WorldSpec
from models.specs.worlds.sources import facts, name_of

Measure = Literal["sp", "ba", "clean", "lb", "items"]

IN_WORDS: Mapping[Measure, str] = {
    "sp": "samples",
    "ba": "updates",
    "clean": "clean samples",
    "lb": "distinct labels",
    "items": "distinct items",
}

TILE = 4096
"""Items of an endless world that come round together."""


def exposure(schedule: ScheduleSpec) -> dict[Measure, int] | None:
    """Samples, updates, clean samples, distinct labelled and distinct items of a whole life.

    None if a trigger decides how long it lasts. Smaller and larger subsets of one source are nested: the larger counts.
    """
    samples, updates, clean = (total(schedule, by) for by in ("sp", "ba", "clean"))
    if samples is None or updates is None or clean is None:
        return None
    met = list(_met(schedule))
    return {
        "sp": samples,
        "ba": updates,
        "clean": clean,
        "lb": _union((each.source, each.labelled) for each in met),
        "items": _union((each.source, each.items) for each in met),
    }


@dataclass(frozen=True)
class _Met:
    """What a life meets of one world in all its stages."""

    source: str
    items: int
    labelled: int


def _met(schedule: ScheduleSpec) -> Iterator[_Met]:
    lasting: dict[str, tuple[WorldSpec, int]] = {}
    for stage, lengths in zip(schedule.stages, stage_lengths(schedule), strict=True):
        world = varied(schedule.worlds[stage.world], stage.vary)
        name = world.model_dump_json()
        lasting[name] = (world, lasting.get(name, (world, 0))[1] + lengths.longest_sp)
    for world, samples in _apart(lasting.values()):
        items = distinct(world, samples)
        labelled = 0 if isinstance(world.labels, NoLabels) else items
        if world.budget is not None:
            labelled = min(labelled, world.budget.count)
        yield _Met(f"{name_of(world.source, world.split)} {world.draw}", items, labelled)


def _apart(lasting: Iterable[tuple[WorldSpec, int]]) -> Iterator[tuple[WorldSpec, int]]:
    """Worlds and how many presentations they have, those in a mix for themselves."""
    for world, samples in lasting:
        if not world.parts:
            yield world, samples
        yield from ((part.world, round(part.share * samples)) for part in world.parts)


def distinct(world: WorldSpec, samples: int) -> int:
    """Different items among so many presentations of a world."""
    size, reuse = pass_sp(world), facts(world.source).reuse
    if size is not None:
        return min(samples, size)
    if reuse is None:
        return samples
    tiles, rest = divmod(samples, TILE * reuse)
    return TILE * tiles + min(TILE, rest)


def _union(counts: Iterable[tuple[str, int]]) -> int:
    largest: dict[str, int] = {}
    for source, count in counts:
        largest[source] = max(largest.get(source, 0), count)
    return sum(largest.values())
