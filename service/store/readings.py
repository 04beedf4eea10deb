"""Offsets at which probes are read, as progressions (first, every, last): which are in which; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Progression = Sequence[int]
Readings = Mapping[str, Sequence[Progression]]
"""By probe id."""


def covers(had: Sequence[Progression], progression: Progression, upto: int | None = None) -> bool:
    """Whether every offset of a progression, up to one, is in those that are there."""
    first, every, last = progression
    if upto is not None:
        last = min(last, upto)
    if last < first:
        return True
    if any(_inside(first, every, last, each) for each in had):
        return True
    known = {offset for start, step, end in had for offset in range(start, min(end, last) + 1, step or 1)}
    return known.issuperset(range(first, last + 1, every or 1))


def covers_all(had: Readings, asked: Readings, upto: int) -> bool:
    """Whether everything that is asked for up to an offset is there."""
    return all(covers(had.get(probe, ()), each, upto) for probe, several in asked.items() for each in several)


def _inside(first: int, every: int, last: int, wider: Progression) -> bool:
    start, step, end = wider
    step = step or 1
    within = start <= first and last <= end and (first - start) % step == 0
    return within and ((every or last - first) % step == 0 or first == last)
