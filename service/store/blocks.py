"""The wide row of a slice: all series a worker recorded in it, encoded before the transaction begins.

Layout: length of the index, the index (deflated JSON: paths of each group and the sizes of all columns), then for each
group its offsets and one column of values per path; after these, apart from them, the notes of the clock. Two runs of
the same slice give the same bytes up to there (`values_part`). One series can be read without decoding the others.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from service.store import aggregates, codec
from service.store.clock import Notes
from service.store.clock import decode as decode_clock
from service.store.clock import encode as encode_clock
from service.store.columns import Columns, Mask, Offsets, Values, joined

MAX_SERIES = 20_000
"""Far above what a submission may ask (`Limits`): several may share a trajectory."""
MAX_PATH = 200

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class SeriesGroup:
    """Series that were recorded at the same offsets.

    Shapes: offsets (R,) updates since the trajectory's start, ascending; values (P, R, N) float32 or float64 of P paths
    and N lives; valid the same shape, None if every value is.
    """

    paths: Sequence[str]
    offsets: Offsets
    values: Values
    valid: Mask | None


@dataclass(frozen=True)
class Gain:
    """What a block adds to one series."""

    path: str
    dtype: str
    offset_first: int
    offset_last: int
    numbers: aggregates.Aggregate


@dataclass(frozen=True)
class EncodedBlock:
    """A block ready to be inserted: the interval (start, end] of offsets, with offset 0 if it starts there."""

    start: int
    end: int
    codec: int
    crc32: int
    data: bytes
    gains: tuple[Gain, ...]
    clock: aggregates.Aggregate
    """Of the notes of the clock."""


def encode_block(
    start: int, end: int, groups: Sequence[SeriesGroup], clock: Notes, coding: int = codec.WRITTEN
) -> EncodedBlock:
    """The block of a slice; ValueError if groups or clock are not what they must be.

    Groups of the same paths that follow one another, such as those of successive flushes, become one.
    """
    if end <= start:
        raise ValueError(f"a block must go forward, not from offset {start} to {end}")
    if not len(clock.offsets) or clock.offsets[-1] != end:
        raise ValueError(f"the last note of the clock must be at the end of the block, offset {end}")
    merged = _merged(groups)
    for group in merged:
        _check(group, start, end)
    paths = {path for group in merged for path in group.paths}
    if len(paths) > MAX_SERIES:
        raise ValueError(f"{len(paths)} series in one block; at most {MAX_SERIES}")
    index, segments = [], []
    for group in merged:
        columns = [codec.encode_offsets(group.offsets, coding), *_value_columns(group, coding)]
        index.append({"paths": list(group.paths), "sizes": [len(each) for each in columns]})
        segments += columns
    head = zlib.compress(orjson.dumps(index), 1)
    notes = clock.columns(start)
    offsets, values = encode_clock(notes, coding)
    data = b"".join([_LENGTH.pack(len(head)), head, *segments, _LENGTH.pack(len(offsets)), offsets, values])
    numbers = aggregates.aggregate(notes)
    return EncodedBlock(start, end, coding, codec.checksum(data), data, _gains(merged), numbers)


@dataclass(frozen=True)
class OpenBlock:
    """A stored block: its interval and bytes, decoded on demand."""

    start: int
    end: int
    data: bytes

    @cached_property
    def index(self) -> list[dict[str, Any]]:
        """Per group the paths and the sizes of its columns."""
        found: list[dict[str, Any]] = orjson.loads(zlib.decompress(self.data[_LENGTH.size : self._head_end]))
        return found

    @property
    def _head_end(self) -> int:
        return _LENGTH.size + int(_LENGTH.unpack_from(self.data)[0])

    @property
    def _values_end(self) -> int:
        return self._head_end + sum(sum(group["sizes"]) for group in self.index)

    @property
    def values_part(self) -> bytes:
        """All but the notes of the clock."""
        return self.data[: self._values_end]

    def columns(self, paths: frozenset[str] | None = None) -> Iterator[Columns]:
        """The series of these paths, all if None; a path may come in several groups."""
        place = self._head_end
        view = memoryview(self.data)
        for group in self.index:
            ends = np.cumsum([place, *group["sizes"]]).tolist()
            wanted = [(i, path) for i, path in enumerate(group["paths"]) if paths is None or path in paths]
            if wanted:
                offsets = codec.decode_offsets(view[ends[0] : ends[1]])
            for i, path in wanted:
                values, valid = codec.decode_values(view[ends[i + 1] : ends[i + 2]])
                yield Columns(path, offsets, values, valid)
            place = ends[-1]

    def clock(self) -> Columns:
        """The notes of the clock, seconds since the start of the block."""
        view = memoryview(self.data)[self._values_end :]
        border = _LENGTH.size + int(_LENGTH.unpack_from(view)[0])
        return decode_clock(view[_LENGTH.size : border], view[border:])

    def groups(self) -> list[SeriesGroup]:
        """What was encoded, series by series."""
        return [
            SeriesGroup([each.path], each.offsets, each.values.T[None], each.valid.T[None]) for each in self.columns()
        ]


def _merged(groups: Sequence[SeriesGroup]) -> list[SeriesGroup]:
    by_paths: dict[tuple[str, ...], list[list[SeriesGroup]]] = {}
    for group in groups:
        if not len(group.offsets):
            continue
        chains = by_paths.setdefault(tuple(group.paths), [])
        chain = next((each for each in chains if each[-1].offsets[-1] < group.offsets[0]), None)
        if chain is None:
            chains.append([group])
        else:
            chain.append(group)
    chained = itertools.chain.from_iterable(by_paths.values())
    return [chain[0] if len(chain) == 1 else _concatenated(chain) for chain in chained]


def _concatenated(groups: Sequence[SeriesGroup]) -> SeriesGroup:
    valid = None
    if any(group.valid is not None for group in groups):
        masks = [np.ones(group.values.shape, np.bool_) if group.valid is None else group.valid for group in groups]
        valid = np.concatenate(masks, axis=1)
    return SeriesGroup(
        groups[0].paths,
        np.concatenate([group.offsets for group in groups]),
        np.concatenate([group.values for group in groups], axis=1),
        valid,
    )


def _check(group: SeriesGroup, start: int, end: int) -> None:
    paths, rows, offsets = len(group.paths), len(group.offsets), np.asarray(group.offsets)
    names = ", ".join(group.paths[:3])
    if group.values.ndim != 3 or group.values.shape[:2] != (paths, rows):
        raise ValueError(f"{names}: {group.values.shape} values for {paths} series x {rows} offsets")
    if group.values.dtype not in (np.float32, np.float64):
        raise ValueError(f"{names}: values must be float32 or float64, not {group.values.dtype}")
    if group.valid is not None and group.valid.shape != group.values.shape:
        raise ValueError(f"{names}: the mask's shape {group.valid.shape} is not that of the values")
    if np.any(offsets[1:] <= offsets[:-1]):
        raise ValueError(f"{names}: offsets must ascend")
    if offsets[-1] > end or offsets[0] < start or (offsets[0] == start and start != 0):
        raise ValueError(f"{names}: offsets {offsets[0]}..{offsets[-1]} are not in ({start}, {end}]")
    if any(len(path) > MAX_PATH for path in group.paths):
        raise ValueError(f"a series path is longer than {MAX_PATH} characters")


def _value_columns(group: SeriesGroup, coding: int) -> list[bytes]:
    valid = group.valid
    return [
        codec.encode_values(matrix_RN.T, None if valid is None else valid[i].T, coding)
        for i, matrix_RN in enumerate(group.values)
    ]


def _gains(groups: Sequence[SeriesGroup]) -> tuple[Gain, ...]:
    parts: dict[str, list[Columns]] = {}
    for group in groups:
        offsets = np.asarray(group.offsets, np.int64)
        for path, values, valid in zip(group.paths, *_stacks(group), strict=True):
            parts.setdefault(path, []).append(Columns(path, offsets, values, valid))
    alone = {path: columns[0] for path, columns in parts.items() if len(columns) == 1}
    gains = {path: _gain(joined(columns)) for path, columns in parts.items() if path not in alone}
    for group in groups:
        gains |= _gains_of(group, [i for i, path in enumerate(group.paths) if path in alone])
    return tuple(gains[path] for path in parts)


def _stacks(group: SeriesGroup) -> tuple[Values, Mask]:
    """Values of each path and which of them hold, (P, N, R)."""
    values = np.asarray(group.values).transpose(0, 2, 1)
    valid = np.ones(values.shape, np.bool_) if group.valid is None else group.valid.transpose(0, 2, 1)
    return values, valid


def _gains_of(group: SeriesGroup, places: list[int]) -> dict[str, Gain]:
    """Of some series of a group: one pass over all of their lives, as each pass costs the same few calls."""
    if not places:
        return {}
    values, valid = (stack[places] for stack in _stacks(group))
    paths, lives, rows = values.shape
    offsets = np.asarray(group.offsets, np.int64)
    whole = Columns("", offsets, values.reshape(-1, rows), valid.reshape(-1, rows))
    numbers = aggregates.aggregate(whole).reshape(-1, paths, lives)
    names = (group.paths[i] for i in places)
    span = (f"f{values.dtype.itemsize}", int(offsets[0]), int(offsets[-1]))
    return {path: Gain(path, *span, numbers[:, i]) for i, path in enumerate(names)}


def _gain(columns: Columns) -> Gain:
    return Gain(
        columns.path,
        f"f{columns.values.dtype.itemsize}",
        int(columns.offsets[0]),
        int(columns.offsets[-1]),
        aggregates.aggregate(columns),
    )
