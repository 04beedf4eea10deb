"""Stored values as they are, too many to be held at once: read a few series at a time, along every arm's path.

What is answered is fixed before the first value is read: later commits add nothing to it, and sealing changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from service.store.listing import infos
from service.store.path import ArmPath
from service.store.recall import list_series, matcher
from service.store.series_rows import Executor
from service.store.traces import Answer, Limits, answer
from service.wire.history import HistoryQuery

PORTION_VALUES = 2_000_000
DECLARED = {"method": "none", "values_in": None, "points_out": None, "exact": True, "extremes": "exact", "band": None}
"""The thinning of such an answer; how many values there are is not counted before."""

Reading = Callable[[], AbstractContextManager[sa.Connection]]


class Vanished(Exception):
    """What was to be read was deleted meanwhile; what has been written is not the whole."""


@dataclass(frozen=True)
class Portions:
    """Names of series, those of a portion together; at most about two million values in one, if several are in it."""

    names: Sequence[frozenset[str]]
    values: int
    """Over all arms; parts beyond an arm's own end are counted too."""
    single: bool
    """Whether all values are in single precision."""


def portions(db: Executor, arms: Sequence[ArmPath], query: HistoryQuery) -> Portions:
    """How the series that a question names are read, from aggregates only."""
    wanted = matcher(query.series)
    sizes: dict[str, int] = {}
    single = True
    for arm, _, info in infos(db, arms):
        for name in filter(wanted, arm.names(info.path)):
            sizes[name] = sizes.get(name, 0) + info.n
            single = single and info.dtype == "f4"
    for arm in arms:
        updates = sum(piece.upto * len(piece.seeds) for piece in arm.pieces)
        for name in filter(wanted, (f"modulator.{each}" for each in arm.modulators)):
            sizes[name] = sizes.get(name, 0) + updates
            single = False
    return Portions(list(_together(sizes)), sum(sizes.values()), single)


def answers(
    reading: Reading, arms: Sequence[ArmPath], query: HistoryQuery, read: Portions, limits: Limits
) -> Iterator[Answer]:
    """One answer for each portion, each read in a transaction of its own; Vanished if there is nothing any more."""
    for names in read.names:
        with reading() as db:
            if not list_series(db, sorted({piece.trajectory for arm in arms for piece in arm.pieces})[:1]):
                raise Vanished("the job was deleted while its history was read")
            yield answer(db, arms, query, complete=True, limits=limits, wanted=names, timed=True)


def _together(sizes: dict[str, int]) -> Iterator[frozenset[str]]:
    portion: set[str] = set()
    held = 0
    for name, size in sorted(sizes.items()):
        if portion and held + size > PORTION_VALUES:
            yield frozenset(portion)
            portion, held = set(), 0
        portion.add(name)
        held += size
    if portion:
        yield frozenset(portion)
