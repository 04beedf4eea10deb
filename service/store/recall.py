"""Reading histories: blocks and chunks of any number of series put together, in one statement.

Another comes before it if the series are not named but described: which are there.

Which form a row is in, and in which layer, cannot be seen from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np
import sqlalchemy as sa

from models.specs.series import MACHINE
from service.store import aggregates, codec
from service.store.aggregates import by_name
from service.store.blocks import OpenBlock
from service.store.chunks import decode_chunk
from service.store.clock import CLOCK, SHOWN, clock_path, continued, shown
from service.store.columns import Columns, joined
from service.store.engine import BYTES
from service.store.series_rows import Executor
from service.store.tables.record import history_block, history_chunk, series

Item = TypeVar("Item")
Wanted: TypeAlias = "Callable[[str], bool] | frozenset[str]"
"""Series, named or described."""

_PARAMETERS = 500
_END = 2**62
"""Later than any offset."""


def _bound(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, expanding=True)


def _touching(c: Any) -> list[sa.ColumnElement[bool]]:
    """Conditions on intervals (offset0, offset1] that may have a row with after < offset <= upto."""
    return [c.offset1 > sa.bindparam("after"), c.offset0 <= sa.bindparam("upto")]


# Built once: to put a statement together takes longer than to run it.
_SERIES, _BLOCK, _CHUNK, _NONE = series.c, history_block.c, history_chunk.c, sa.null()
_OF_SERIES = (_SERIES.trajectory.in_(_bound("trajectories")), _SERIES.path.in_(_bound("paths")))
_PATHS = sa.select(_SERIES.path).where(_SERIES.trajectory.in_(_bound("trajectories")))
_STORED = sa.union_all(
    sa.select(
        *(_BLOCK.trajectory, _BLOCK.layer, _NONE.label("series"), _BLOCK.offset0, _BLOCK.offset1),
        *(_BLOCK.crc32, _BLOCK.data, _NONE.label("path"), _NONE.label("dtype")),
    ).where(_BLOCK.trajectory.in_(_bound("fresh_of")), *_touching(_BLOCK)),
    sa.select(
        *(_SERIES.trajectory, _SERIES.layer, _SERIES.id, _SERIES.offset_first, _SERIES.offset_last),
        *(_NONE, _NONE, _SERIES.path, _SERIES.dtype),
    ).where(*_OF_SERIES),
    sa.select(
        *(_NONE, _NONE, _CHUNK.series, _CHUNK.offset0, _CHUNK.offset1),
        *(_CHUNK.crc32, _CHUNK.data, _NONE, _NONE),
    )
    .join(series, _SERIES.id == _CHUNK.series)
    .where(*_OF_SERIES, *_touching(_CHUNK)),
).execution_options(**{BYTES: True})


@dataclass(frozen=True)
class Window:
    """Offsets with after < offset <= upto; all from birth on by default."""

    after: int = -1
    upto: int | None = None


@dataclass(frozen=True)
class SeriesInfo:
    """What is known of a series without reading it; `numbers` as in `aggregates`."""

    trajectory: str
    path: str
    layer: int
    family: str
    name: str
    area: str | None
    unit: str
    dtype: str
    offset_first: int
    offset_last: int
    n: int
    nonfinite: int
    numbers: aggregates.Aggregate


def list_series(db: Executor, trajectories: Sequence[str]) -> list[SeriesInfo]:
    """All series of some trajectories, from aggregates only, by trajectory and path."""
    found = []
    for some in _portions(trajectories):
        chosen = sa.select(series).where(series.c.trajectory.in_(some))
        for row in db.execute(chosen.order_by(series.c.trajectory, series.c.path)).mappings():
            members = {name: row[name] for name in SeriesInfo.__dataclass_fields__ if name != "numbers"}
            info = SeriesInfo(**members, numbers=aggregates.load(row["agg"]))
            found += [info] if info.family != CLOCK else _machine_of(info)
    return found


def _machine_of(clock: SeriesInfo) -> list[SeriesInfo]:
    """What the clock of the training itself shows."""
    found = []
    for path, row in SHOWN.items() if clock.layer == 0 else ():
        numbers = clock.numbers[:, row : row + 1]
        family, _, name = path.partition(".")
        n = int(by_name(numbers)["n"].sum())
        about: dict[str, Any] = {"path": path, "family": family, "name": name, "unit": MACHINE[path].unit, "n": n}
        if n:
            found.append(replace(clock, **about, numbers=numbers))
    return found


def marks(db: Executor, trajectories: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Last offset and number of values of each trajectory: they change whenever its history does."""
    c = series.c
    found: dict[str, tuple[int, int]] = {}
    for some in _portions(trajectories):
        counted = sa.select(c.trajectory, sa.func.max(c.offset_last), sa.func.sum(c.n))
        rows = db.execute(counted.where(c.trajectory.in_(some), c.family != CLOCK).group_by(c.trajectory))
        found |= {name: (int(last), int(n)) for name, last, n in rows}
    return found


def read(
    db: Executor,
    trajectory: str,
    paths: Sequence[str] = ("*",),
    window: Window | None = None,
    lives: Sequence[int] | None = None,
) -> dict[str, Columns]:
    """The series of one trajectory whose paths match, `*` standing for anything; lives by index, all if None."""
    found = read_many(db, {trajectory: window or Window()}, paths)[trajectory]
    return found if lives is None else {path: columns.of_lives(lives) for path, columns in found.items()}


def read_many(
    db: Executor, windows: Mapping[str, Window], paths: Sequence[str] = ("*",)
) -> dict[str, dict[str, Columns]]:
    """The matching series of several trajectories; those without a row in the window are left out."""
    return read_where(db, windows, named_or_matched(paths))


def read_where(
    db: Executor,
    windows: Mapping[str, Window],
    wanted: Wanted,
    lives: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, dict[str, Columns]]:
    """The series of several trajectories whose stored path is wanted.

    Of series without a value at offset 0 only some `lives` of a trajectory may be asked for: others may then not be
    valid.
    """
    named = wanted if isinstance(wanted, frozenset) else _matching(db, windows, wanted)
    stored = _stored(db, windows, [path for path in named if not path.startswith(f"{CLOCK}.")])
    parts: dict[tuple[str, str], list[Columns]] = {}
    for trajectory, columns in _from_chunks(stored, lives or {}) + _from_blocks(stored):
        parts.setdefault((trajectory, columns.path), []).append(columns)
    dtypes = {(row.trajectory, row.path): np.dtype(row.dtype) for row in stored.known.values()}
    found: dict[str, dict[str, Columns]] = {trajectory: {} for trajectory in windows}
    for (trajectory, path), pieces in parts.items():
        window = windows[trajectory]
        whole = joined([_typed(piece, dtypes[trajectory, path]) for piece in pieces])
        cut = whole.between(window.after, window.upto)
        if cut.rows:
            found[trajectory][path] = cut
    return found


def machine_where(
    db: Executor, windows: Mapping[str, Window], wanted: Callable[[str], bool]
) -> dict[str, dict[str, Columns]]:
    """What the clocks of several trajectories show, where it is wanted; each as of one life."""
    paths = [path for path in SHOWN if wanted(path)]
    found: dict[str, dict[str, Columns]] = {trajectory: {} for trajectory in windows}
    for trajectory, clock in clocks(db, list(windows)).items() if paths else ():
        window = windows[trajectory]
        cuts = (shown(clock, path).between(window.after, window.upto) for path in paths)
        found[trajectory] |= {cut.path: cut for cut in cuts if cut.rows}
    return found


def clocks(db: Executor, trajectories: Sequence[str]) -> dict[str, Columns]:
    """The notes of the clock since each trajectory's start; (0, 0 s) is the first."""
    path = clock_path(0)
    windows = {trajectory: Window() for trajectory in trajectories}
    sealed: dict[str, list[Columns]] = {}
    stored = _stored(db, windows, [path])
    for trajectory, columns in _from_chunks(stored, {}):
        sealed.setdefault(trajectory, []).append(columns)
    found = {}
    for trajectory in trajectories:
        fresh = [block.open.clock() for block in stored.blocks.get(trajectory, ()) if block.layer == 0]
        found[trajectory] = continued(sealed.get(trajectory, []), fresh)
    return found


def digests(db: Executor, trajectory: str, window: Window | None = None) -> dict[str, str]:
    """Hash of every series' rows in a window: equal for equal values, however they are stored and sliced."""
    found = read(db, trajectory, ("*",), window)
    return {path: columns.digest() for path, columns in sorted(found.items())}


def named_or_matched(patterns: Sequence[str]) -> Wanted:
    """The series of these patterns."""
    return matcher(patterns) if any("*" in pattern for pattern in patterns) else frozenset(patterns)


def test_of(wanted: Wanted) -> Callable[[str], bool]:
    """Whether a series is wanted."""
    return wanted.__contains__ if isinstance(wanted, frozenset) else wanted


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path matches one of the patterns; only `*` is special."""
    whole = re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns))
    return lambda path: whole.fullmatch(path) is not None


def _expression(pattern: str) -> str:
    """Atomic groups: the first place where a part fits is as good as any later one, so nothing is tried twice."""
    first, *others = map(re.escape, pattern.split("*"))
    if not others:
        return first
    *between, last = others
    return first + "".join(f"(?>.*?{part})" for part in between if part) + ".*" + last


@dataclass(frozen=True)
class _Fresh:
    layer: int
    open: OpenBlock


@dataclass(frozen=True)
class _Stored:
    """Rows of series by their ids, chunks with these, blocks by trajectory and in order."""

    known: dict[int, Any] = field(default_factory=dict)
    chunks: list[tuple[int, bytes]] = field(default_factory=list)
    blocks: dict[str, list[_Fresh]] = field(default_factory=dict)


def _matching(db: Executor, windows: Mapping[str, Window], wanted: Callable[[str], bool]) -> frozenset[str]:
    found: set[str] = set()
    for some in _portions(list(windows)):
        found |= set(db.execute(_PATHS, {"trajectories": some}).scalars())
    return frozenset(filter(wanted, found))


def _stored(db: Executor, windows: Mapping[str, Window], paths: Sequence[str]) -> _Stored:
    """What is stored of some series.

    A statement sees what is sealed meanwhile in one form. Of series too many for one statement the blocks come with the
    first: then they are seen twice and joined, never missed.
    """
    found = _Stored()
    for trajectories, window in _by_window(windows):
        fresh_of = trajectories
        for some in _portions(paths):
            asked = {"trajectories": trajectories, "fresh_of": fresh_of, "paths": some}
            upto = _END if window.upto is None else window.upto
            for row in db.execute(_STORED, {**asked, "after": window.after, "upto": upto}):
                _sort_in(found, row)
            fresh_of = ()
    for blocks in found.blocks.values():
        blocks.sort(key=lambda each: each.open.start)
    return found


def _sort_in(found: _Stored, row: Any) -> None:
    if row.path is not None:
        found.known[row.series] = row
    elif row.series is not None:
        found.chunks.append((row.series, codec.verified(row.data, row.crc32)))
    else:
        block = OpenBlock(row.offset0, row.offset1, codec.verified(row.data, row.crc32))
        found.blocks.setdefault(row.trajectory, []).append(_Fresh(row.layer, block))


def _from_chunks(stored: _Stored, lives: Mapping[str, Sequence[int]]) -> list[tuple[str, Columns]]:
    found = []
    for key, data in stored.chunks:
        row = stored.known[key]
        few = lives.get(row.trajectory) if row.offset0 > 0 else None
        found.append((row.trajectory, decode_chunk(row.path, data, few)))
    return found


def _from_blocks(stored: _Stored) -> list[tuple[str, Columns]]:
    paths: dict[str, set[str]] = {}
    for row in stored.known.values():
        paths.setdefault(row.trajectory, set()).add(row.path)
    return [
        (trajectory, columns)
        for trajectory, wanted in paths.items()
        for block in stored.blocks.get(trajectory, ())
        for columns in block.open.columns(frozenset(wanted))
    ]


def _by_window(windows: Mapping[str, Window]) -> list[tuple[Sequence[str], Window]]:
    groups: dict[Window, list[str]] = {}
    for trajectory, window in windows.items():
        groups.setdefault(window, []).append(trajectory)
    return [(some, window) for window, all_of_it in groups.items() for some in _portions(all_of_it)]


def _portions(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Few enough at a time for one statement."""
    return [items[first : first + _PARAMETERS] for first in range(0, len(items), _PARAMETERS)]


def _typed(columns: Columns, dtype: np.dtype[Any]) -> Columns:
    """In the type it was recorded in; doubles are stored as floats where that loses nothing."""
    if columns.values.dtype == dtype:
        return columns
    return Columns(columns.path, columns.offsets, columns.values.astype(dtype), columns.valid)
